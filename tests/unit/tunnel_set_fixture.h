/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of tunnels filled by hand: what a snapshot reads of it, and nothing of how it came about.
 * tunnel_set_free frees it. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "policy/tunnel/tunnel_set.h"

struct fixture_peer {
	const char *id, *name;
	uint32_t ifindex;        /* 0: an IPsec policy */
	const char *allowed[4];  /* of a policy the first is the remote side */
	const char *local;       /* of a policy */
	uint32_t priority;
	bool clear, narrow;
	uint32_t inner_mtu;
	int carries;             /* 4 or 6: that family alone; 0 both */
};

static inline char *fixture_text(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	assert_true(copy || !text);
	return copy;
}

static inline struct prefix fixture_prefix(const char *text)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix) < 0)
		fail_msg("%s is no prefix", text);
	return prefix;
}

static inline struct tunnel_limit fixture_limit(uint32_t inner_mtu, int carries)
{
	return (struct tunnel_limit){
		.inner_mtu = inner_mtu,
		.carries = { [FAMILY_IPV4] = carries != 6, [FAMILY_IPV6] = carries != 4 },
	};
}

/* Takes the peers of the list; their limits are 0 and carry both families. Links are in order. */
static inline struct tunnel_set *fixture_set(struct peer_list *list, const uint32_t *ifindexes,
					     size_t link_count)
{
	struct tunnel_set *set = calloc(1, sizeof(*set));

	assert_non_null(set);
	set->links = calloc(link_count + 1, sizeof(*set->links));
	set->link_limits = calloc(link_count + 1, sizeof(*set->link_limits));
	set->lists = calloc(1, sizeof(*set->lists));
	set->peers = calloc(list->count + 1, sizeof(*set->peers));
	set->limits = calloc(list->count + 1, sizeof(*set->limits));
	assert_true(set->links && set->link_limits && set->lists && set->peers && set->limits);
	set->lists[set->list_count++] = list;
	for (size_t i = 0; i < link_count; i++) {
		set->links[i].ifindex = ifindexes[i];
		set->link_limits[i] = fixture_limit(0, 0);
	}
	set->link_count = link_count;
	for (size_t i = 0; i < list->count; i++) {
		set->peers[i] = &list->list[i];
		set->limits[i] = fixture_limit(0, 0);
	}
	set->peer_count = list->count;
	assert_int_equal(selector_table_build(set->peers, set->peer_count, &set->selectors), 0);
	return set;
}

static inline struct tunnel_set *fixture_set_of(const struct fixture_peer *peers, size_t count,
						const uint32_t *ifindexes, size_t link_count)
{
	struct peer_list *list = peer_list_new();
	struct tunnel_set *set;

	assert_non_null(list);
	for (size_t i = 0; i < count; i++) {
		struct peer peer = {
			.id = fixture_text(peers[i].id),
			.name = fixture_text(peers[i].name),
			.ifindex = peers[i].ifindex,
			.selector = peers[i].ifindex == 0,
			.clear = peers[i].clear,
			.narrow = peers[i].narrow,
			.priority = peers[i].priority,
		};

		if (peer.selector)
			peer.local = fixture_prefix(peers[i].local);
		for (size_t a = 0; a < 4 && peers[i].allowed[a]; a++) {
			struct prefix prefix = fixture_prefix(peers[i].allowed[a]);

			assert_int_equal(peer_allow(&peer, &prefix), 0);
		}
		assert_int_equal(peer_list_append(list, &peer), 0);
	}
	set = fixture_set(list, ifindexes, link_count);
	for (size_t i = 0; i < count; i++)
		set->limits[i] = fixture_limit(peers[i].inner_mtu, peers[i].carries);
	return set;
}
