/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer comes to in the end, the rules and routes for its addresses included, and what fits
 * without the rules. */
#pragma once

#include "policy/snapshot/snapshot.h"
#include "policy/tunnel/tunnel_view.h"

struct peer_mss {
	uint32_t mss[FAMILY_COUNT];          /* bytes; MSS_NONE: unknown, or that family does not
					      * pass */
	uint32_t inner_mtu;                  /* what fits by both families, whatever a rule allows:
					      * bytes, 0 unknown */
	const struct rule *rule[FAMILY_COUNT]; /* the rule that decided, or NULL */
};

/* peer is a place in the set of the snapshot. */
struct peer_mss peer_mss_find(const struct snapshot *snapshot, size_t peer);
/* A tunnel's link for an address that no peer, and no narrower route or rule, speaks of. */
struct peer_mss peer_mss_of_link(const struct snapshot *snapshot, const struct link *link);
