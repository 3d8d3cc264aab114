/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts, links and peers in any number, the same in each run: what the benches measure with. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "policy/snapshot/snapshot.h"

enum { MANY = 10000, ROUTES = 100000 };
enum { ETH0 = 2, WG0 = 3 };

static uint32_t seed = 1;

static inline uint32_t random_below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)seed * n >> 32);
}

/* The address that host number n has: 10.x.y.z, fd00::x:y:z. */
static inline struct address host(enum family family, uint32_t n)
{
	struct address address = { .family = family, .bytes = { 10 } };
	uint8_t *end = address.bytes + address_bytes(family);

	if (family == FAMILY_IPV6)
		address.bytes[0] = 0xfd;
	end[-3] = (uint8_t)(n >> 16);
	end[-2] = (uint8_t)(n >> 8);
	end[-1] = (uint8_t)n;
	return address;
}

/* Readers tell prefixes in no order: the n-th is that of host order[n]. */
static uint32_t order[ROUTES];

static inline void shuffle(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t other = random_below(i + 1);

		order[i] = order[other];
		order[other] = i;
	}
}

static inline struct prefix host_prefix(enum family family, uint32_t n)
{
	struct address address = host(family, order[n]);

	return prefix_make(&address, address_bits(family));
}

/* eth0, then tunnels. */
static inline struct snapshot_link *make_links(size_t count)
{
	struct snapshot_link *links = zeroed(count, sizeof(*links));

	for (uint32_t i = 0; i < count; i++) {
		links[i].link.ifindex = ETH0 + i;
		links[i].link.mtu = i ? 1420 : 1500;
		links[i].tunnel_id = i;
		snprintf(links[i].link.name, sizeof(links[i].link.name), i ? "wg%u" : "eth0", i);
	}
	return links;
}

/* Peer n: one host of each family behind one of the tunnels, or an IPsec policy to one host. */
static inline struct peer make_peer(uint32_t n, uint32_t tunnels, bool policy)
{
	struct peer peer = { .selector = policy, .priority = 1000 };
	char text[64];

	snprintf(text, sizeof(text), "zEx8pDkV7mTqfFY0aGkqUjSlrk5bX%010u=", n);
	peer.id = strdup(text);
	if (!policy)
		peer.ifindex = WG0 + n % tunnels;
	for (enum family family = FAMILY_IPV4; family < (policy ? FAMILY_IPV6 : FAMILY_COUNT);
	     family++) {
		struct prefix prefix = host_prefix(family, n);

		if (peer_allow(&peer, &prefix) < 0)
			abort();
	}
	return peer;
}

static inline struct peer_list *make_peers(uint32_t count, uint32_t tunnels, bool policies)
{
	struct peer_list *list = peer_list_new();

	for (uint32_t i = 0; i < count; i++) {
		struct peer peer = make_peer(i, tunnels, policies);

		if (!list || peer_list_append(list, &peer) < 0)
			abort();
	}
	return list;
}

/* A set as it would be resolved. Takes the list. */
static inline struct tunnel_set *make_set(struct peer_list *list,
					  const struct snapshot_input *input)
{
	struct tunnel_set *set = zeroed(1, sizeof(*set));
	const struct tunnel_limit all = { .carries = { true, true } };

	set->links = zeroed(input->link_count, sizeof(*set->links));
	set->link_limits = zeroed(input->link_count, sizeof(*set->link_limits));
	set->lists = zeroed(1, sizeof(struct peer_list *));
	set->peers = zeroed(list->count, sizeof(const struct peer *));
	set->limits = zeroed(list->count, sizeof(*set->limits));
	set->lists[set->list_count++] = list;
	for (set->link_count = 0; set->link_count < input->link_count; set->link_count++) {
		set->links[set->link_count] = input->links[set->link_count].link;
		set->link_limits[set->link_count] = all;
	}
	for (; set->peer_count < list->count; set->peer_count++) {
		set->peers[set->peer_count] = &list->list[set->peer_count];
		set->limits[set->peer_count] = all;
		set->limits[set->peer_count].inner_mtu = 1300 + (uint32_t)set->peer_count % 100;
	}
	return set;
}
