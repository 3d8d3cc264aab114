/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The far ends that policy/probe/probe_target makes targets of. Shared by its files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/probe/probe_target.h"
#include "policy/tunnel/tunnel_resolve.h"

/* A peer that may be probed, or a device that has one far end of its own. All is borrowed from the
 * set. */
struct probe_end {
	const char *tunnel, *key;  /* key: the peer in measures */
	bool shared;               /* an IPsec policy: all to one gateway are one target */
	struct path_question way;
	const struct tunnel_way *found;
	const struct tunnel_limit *limit;
	const struct peer *peer;   /* NULL: the device */
	const struct link *link;   /* NULL without interface */
	uint32_t place;            /* of the peer, or of the device among links */
	size_t alike;              /* ends of its target, itself included; 0 until that is known */
};

struct probe_ends {
	struct probe_end *list; /* sorted by tunnel, key, endpoint: what is one target stands
				 * together, in the order of the set */
	size_t count, capacity;
};

/* Returns 0, or -ENOMEM; free list then too. */
int probe_ends_find(const struct tunnel_set *set, struct probe_ends *ends);

/* Whether both are one target. */
bool probe_end_is_same(const struct probe_end *a, const struct probe_end *b);

/* Around its packets, as discovered. */
const struct encap *probe_end_layers(const struct probe_end *end, size_t *ret_count);

/* Adds to the target's addresses inside those behind the end, as long as there is room. */
void probe_end_take_inside(const struct probe_target_input *input, const struct probe_end *end,
			   struct probe_target *target);

/* How many peers a link has, whether they are known or not. */
static inline size_t probe_end_siblings(const struct tunnel_set *set, size_t link)
{
	return set->private->first_by_link[link + 1] - set->private->first_by_link[link];
}
