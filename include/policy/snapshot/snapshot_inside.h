/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of a snapshot: for those who build it and those who look something up. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/snapshot/snapshot_table.h"

struct link_place {
	uint32_t ifindex;
	uint32_t place; /* in links; PLACE_EMPTY ends a probe */
};

struct snapshot {
	struct snapshot_mode mode;
	struct mark_table *marks; /* mode's, owned; NULL without */
	struct rules *rules;
	struct rule_index rule_index;
	uint32_t (*rule_mss)[FAMILY_COUNT]; /* what each rule gives, by its place in the list */
	struct snapshot_link *links; /* by ifindex */
	struct side_table (*tables)[FAMILY_COUNT]; /* beside links; one more for unknown links */
	size_t link_count;
	struct side_table any[FAMILY_COUNT]; /* prefix rules that name no interface */
	struct link_place *hash; /* by ifindex */
	size_t hash_mask;
	struct tunnel_set *tunnels; /* NULL without */
	const struct selector_table *selectors; /* of tunnels, NULL without */
	struct peer_table peers;
	bool has_peer_tunnel_ids;
	bool has_prefixes; /* some table asks for the address */
	bool has_rest; /* policies or slow rules: the tables alone do not tell */
};

#define PLACE_EMPTY UINT32_MAX

static inline size_t snapshot_hash(const struct snapshot *snapshot, uint32_t ifindex)
{
	return (size_t)(ifindex * UINT32_C(2654435761) >> 7) & snapshot->hash_mask;
}

/* The place of a link, or link_count (the table of unknown links). */
static inline size_t snapshot_place(const struct snapshot *snapshot, uint32_t ifindex)
{
	size_t at = snapshot_hash(snapshot, ifindex);

	while (snapshot->hash[at].place != PLACE_EMPTY) {
		if (snapshot->hash[at].ifindex == ifindex)
			return snapshot->hash[at].place;
		at = (at + 1) & snapshot->hash_mask;
	}
	return snapshot->link_count;
}

/* NULL: an interface nobody has announced has no name that a rule could mean. */
static inline const char *snapshot_link_name(const struct snapshot *snapshot, size_t place)
{
	if (place == snapshot->link_count || !snapshot->links[place].link.name[0])
		return NULL;
	return snapshot->links[place].link.name;
}
