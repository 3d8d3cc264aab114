/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine for tests of tunnels, and the set built from it. Include cmocka.h first. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "policy/tunnel/tunnel_set.h"

#define MOST 16

/* A machine: its links, where it sends packets, the peers of its tunnels. */
struct world {
	struct link links[MOST];
	size_t link_count;
	struct { struct prefix prefix; uint32_t mark; struct path_answer answer; } routes[MOST];
	size_t route_count;
	struct path_hint hints[MOST];
	size_t hint_count;
	bool hints_need_probe;
	struct path_measure measures[MOST];
	size_t measure_count;
	struct tunnel_override overrides[MOST];
	size_t override_count;
	struct peer_list *peers;
	unsigned int asked;
	struct tunnel_set *set;
};

static inline struct address address(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

static inline struct link *add_link(struct world *world, uint32_t ifindex, const char *name,
				    const char *kind, uint32_t mtu)
{
	struct link *link = &world->links[world->link_count++];

	link->ifindex = ifindex;
	link->mtu = mtu;
	link->up = true;
	snprintf(link->name, sizeof(link->name), "%s", name);
	snprintf(link->kind, sizeof(link->kind), "%s", kind);
	return link;
}

static inline struct path_answer *add_route(struct world *world, const char *prefix,
					    uint32_t ifindex)
{
	size_t i = world->route_count++;

	assert_int_equal(prefix_parse(prefix, &world->routes[i].prefix), 0);
	world->routes[i].answer.reachable = true;
	world->routes[i].answer.ifindex = ifindex;
	return &world->routes[i].answer;
}

/* The last route that covers it, so that narrower ones stand below wider ones. */
static inline bool find_way(void *userdata, const struct path_question *question,
			    struct path_answer *ret_answer)
{
	struct world *world = userdata;

	world->asked++;
	*ret_answer = (struct path_answer){ 0 };
	for (size_t i = 0; i < world->route_count; i++) {
		if (world->routes[i].prefix.address.family == question->destination.family &&
		    prefix_contains(&world->routes[i].prefix, question->destination.bytes) &&
		    (!world->routes[i].mark || world->routes[i].mark == question->mark))
			*ret_answer = world->routes[i].answer;
	}
	return true;
}

/* A peer behind an endpoint (NULL: unknown) with one prefix (NULL: none). */
static inline struct peer *add_peer(struct world *world, uint32_t ifindex, const char *endpoint,
				    const char *allowed, enum encap_kind kind)
{
	struct peer peer = { .id = strdup(allowed ? allowed : "peer"), .ifindex = ifindex,
			     .layer_count = 1, .layer = { { .kind = kind } } };
	struct prefix prefix;

	if (endpoint) {
		peer.has_endpoint = true;
		peer.way.destination = address(endpoint);
	}
	if (allowed) {
		assert_int_equal(prefix_parse(allowed, &prefix), 0);
		assert_int_equal(peer_allow(&peer, &prefix), 0);
	}
	assert_int_equal(peer_list_append(world->peers, &peer), 0);
	return &world->peers->list[world->peers->count - 1];
}

static inline void add_hint(struct world *world, const char *destination, uint32_t ifindex,
			    uint32_t mtu)
{
	world->hints[world->hint_count++] = (struct path_hint){
		.destination = address(destination), .ifindex = ifindex, .mtu = mtu };
}

static inline struct path_measure *add_measure(struct world *world, const char *tunnel,
					       const char *peer, const char *endpoint,
					       uint32_t mtu)
{
	struct path_measure *measure = &world->measures[world->measure_count++];

	*measure = (struct path_measure){ .tunnel = tunnel, .peer = peer,
					  .endpoint = address(endpoint), .mtu = mtu };
	return measure;
}

static inline struct tunnel_override *add_override(struct world *world, const char *match)
{
	struct tunnel_override *override = &world->overrides[world->override_count++];

	override->match = match;
	return override;
}

/* eth0 of 1500 bytes and the way out by it. */
static inline void open_world(struct world *world)
{
	*world = (struct world){ .peers = peer_list_new() };
	assert_non_null(world->peers);
	add_link(world, 2, "eth0", "", 1500);
	add_route(world, "0.0.0.0/0", 2);
	add_route(world, "::/0", 2);
}

static inline void build(struct world *world)
{
	const struct tunnel_set_input input = {
		.links = world->links, .link_count = world->link_count,
		.lists = &world->peers, .list_count = 1,
		.overrides = world->overrides, .override_count = world->override_count,
		.hints = world->hints, .hint_count = world->hint_count, .hint_floor = 1280,
		.hints_need_probe = world->hints_need_probe,
		.measures = world->measures, .measure_count = world->measure_count,
		.find_way = find_way, .userdata = world,
	};

	qsort(world->measures, world->measure_count, sizeof(*world->measures),
	      path_measure_compare);
	assert_int_equal(tunnel_set_build(&input, &world->set), 0);
}

static inline void close_world(struct world *world)
{
	tunnel_set_free(world->set);
	peer_list_unref(world->peers);
}

static inline const struct tunnel_limit *link_limit(const struct world *world, const char *name)
{
	for (size_t i = 0; i < world->set->link_count; i++) {
		if (strcmp(world->set->links[i].name, name) == 0)
			return &world->set->link_limits[i];
	}
	fail_msg("no link %s", name);
	return NULL;
}

/* A policy by its selector, with ESP in tunnel mode unless transport is wanted. */
static inline struct peer *add_policy(struct world *world, const char *local, const char *remote,
				      const char *gateway, bool transport)
{
	struct peer *peer = add_peer(world, 0, gateway, remote, ENCAP_ESP);

	peer->tunnel = strdup("ipsec:203.0.113.9");
	peer->selector = true;
	assert_int_equal(prefix_parse(local, &peer->local), 0);
	assert_int_equal(encap_set_esp_cipher(&peer->layer[0], "AES-GCM-16", NULL), 0);
	encap_set(&peer->layer[0], ENCAP_KEY_MODE, transport ? ENCAP_MODE_TRANSPORT :
							       ENCAP_MODE_TUNNEL);
	return peer;
}
