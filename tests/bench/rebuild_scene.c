/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebuild_scene.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "daemon/workers/workers.h"
#include "edge/netlink/rtnl.h"

enum { ETH0 = 2, WG0 = 3 };

static void *checked(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* The kernel's part is played: every endpoint is behind eth0. */
int rtnl_get_ways(struct nl *nl, const struct path_question *questions,
		  struct path_answer *ret_answers, size_t count)
{
	(void)nl;
	(void)questions;
	for (size_t i = 0; i < count; i++)
		ret_answers[i] = (struct path_answer){ .reachable = true, .ifindex = ETH0 };
	return 0;
}

/* There are no workers, and no counters to make room in. */
size_t workers_count(const struct workers *workers)
{
	(void)workers;
	return 0;
}

struct counters *workers_counters(const struct workers *workers, size_t i)
{
	(void)workers;
	(void)i;
	abort();
}

/* Host n of a net: net.x.y.z, fdNN::x:y:z. */
static struct address host(enum family family, uint8_t net, uint32_t n)
{
	struct address address = { .family = family, .bytes = { net } };
	uint8_t *end = address.bytes + address_bytes(family);

	if (family == FAMILY_IPV6) {
		address.bytes[0] = 0xfd;
		address.bytes[1] = net;
	}
	end[-3] = (uint8_t)(n >> 16);
	end[-2] = (uint8_t)(n >> 8);
	end[-1] = (uint8_t)n;
	return address;
}

static struct prefix host_prefix(enum family family, uint8_t net, uint32_t n)
{
	struct address address = host(family, net, n);

	return prefix_make(&address, address_bits(family));
}

/* Readers tell prefixes in no order: n becomes another number below 2^20, each once. */
static uint32_t scatter(uint32_t n)
{
	return (n * 643453u) & 0xfffff;
}

/* port: another one and the peer has roamed. */
static struct peer make_peer(const struct scene *scene, uint32_t n, uint16_t port)
{
	struct peer peer = {
		.ifindex = WG0 + n % scene->bench->tunnels,
		.has_endpoint = true, .endpoint_port = port,
		.way = { .destination = host(FAMILY_IPV4, 198, n), .protocol = IPPROTO_UDP,
			 .sport = 51820, .dport = port },
		.layer = { { .kind = ENCAP_WIREGUARD } }, .layer_count = 1,
	};
	char text[64];

	snprintf(text, sizeof(text), "zEx8pDkV7mTqfFY0aGkqUjSlrk5bX%010u=", scatter(n));
	peer.id = checked(strdup(text));
	encap_set(&peer.layer[0], ENCAP_KEY_OUTER, 4);
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		const struct prefix prefix = host_prefix(family, 10, scatter(n));

		if (peer_allow(&peer, &prefix) < 0)
			abort();
	}
	return peer;
}

struct peer_list *scene_make_peers(const struct scene *scene, uint32_t roamed)
{
	struct peer_list *list = checked(peer_list_new());

	for (uint32_t i = 0; i < scene->bench->peers; i++) {
		struct peer peer = make_peer(scene, i, i < roamed ? 4500 : 51820);

		if (peer_list_append(list, &peer) < 0)
			abort();
	}
	return list;
}

struct peer_list *scene_join(const struct scene *scene)
{
	struct peer_list *list = checked(peer_list_new());

	if (ipsec_peers(&scene->states, &scene->policies, scene->links, scene->link_count,
			list) < 0)
		abort();
	return list;
}

static void make_policy(struct scene *scene, uint32_t n)
{
	struct ipsec_state state = {
		.source = host(FAMILY_IPV4, 192, 1), .destination = host(FAMILY_IPV4, 198, n),
		.protocol = IPPROTO_ESP, .mode = IPSEC_TUNNEL, .reqid = n + 1, .spi = n + 1,
		.aead = "rfc4106(gcm(aes))", .icv_bits = 128,
	};
	struct ipsec_state back = state;
	struct ipsec_policy policy = {
		.selector = { .local = host_prefix(FAMILY_IPV4, 11, 0),
			      .remote = host_prefix(FAMILY_IPV4, 10, scatter(n)) },
		.priority = 1000, .index = n, .template_count = 1,
		.templates = { { .source = state.source, .destination = state.destination,
				 .protocol = state.protocol, .mode = state.mode,
				 .reqid = state.reqid } },
	};

	back.source = state.destination;
	back.destination = state.source;
	if (ipsec_state_list_append(&scene->states, &state) < 0 ||
	    ipsec_state_list_append(&scene->states, &back) < 0 ||
	    ipsec_policy_list_append(&scene->policies, &policy) < 0)
		abort();
}

static struct link make_link(uint32_t n)
{
	struct link link = { .ifindex = ETH0 + n, .mtu = n ? 1420 : 1500, .up = true };

	if (n > 0) {
		snprintf(link.name, sizeof(link.name), "wg%u", n);
		strcpy(link.kind, "wireguard");
		link.encap.kind = ENCAP_WIREGUARD;
	} else {
		strcpy(link.name, "eth0");
	}
	return link;
}

void scene_init(struct scene *scene, const struct bench *bench)
{
	*scene = (struct scene){ .bench = bench, .link_count = bench->tunnels + 1 };
	scene->links = zeroed(scene->link_count, sizeof(*scene->links));
	scene->routes = zeroed(bench->routes, sizeof(*scene->routes));
	scene->overrides = zeroed(bench->overrides, sizeof(*scene->overrides));
	scene->ways = checked(ways_new(NULL));
	scene->tunnels = checked(tunnels_new(NULL, NULL));
	for (uint32_t i = 0; i < scene->link_count; i++)
		scene->links[i] = make_link(i);
	for (uint32_t i = 0; i < bench->routes; i++)
		scene->routes[i] = (struct route){ host_prefix(FAMILY_IPV4, 12, scatter(i)), ETH0,
						   1300 + i % 100 };
	for (uint32_t i = 0; i < bench->overrides; i++)
		scene->overrides[i] = (struct tunnel_override){ .match = "tun[0-9]*",
								.path_mtu = 1400 };
	for (uint32_t i = 0; i < bench->policies; i++)
		make_policy(scene, i);
}

void scene_done(struct scene *scene)
{
	ipsec_state_list_done(&scene->states);
	ipsec_policy_list_done(&scene->policies);
	tunnels_free(scene->tunnels);
	ways_free(scene->ways);
	free(scene->overrides);
	free(scene->routes);
	free(scene->links);
}
