/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that allow more than fits. They are obeyed, but somebody should know. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/snapshot/snapshot.h"

/* A place where one does. */
struct excess {
	const struct rule *rule; /* borrowed from the snapshot */
	size_t rule_index;       /* its place in the list of those */
	enum family family;
	const struct link *link; /* likewise: where packets leave */
	uint32_t mss, most;      /* what it allows, and what fits: bytes */
	enum side_decided by;    /* whose word the latter is: from DECIDED_LINK on */
	uint32_t mtu;            /* that word: bytes */
	uint32_t peer;           /* a place in the set, with DECIDED_PEER and DECIDED_SELECTOR; else
				  * PEER_NONE */
};

/* Asks the look-up at each place that rules speak of: every link but loopback, what is behind each
 * peer and each route, and what a rule has for a prefix: where that leaves by the longest of the
 * routes, by its own interface, or by an IPsec policy. A rule by mark is asked for with its mark.
 * routes are those that the snapshot was built from. Returns 0, or -ENOMEM with nothing asked. */
int excess_find(const struct snapshot *snapshot, const struct route *routes, size_t route_count,
		void (*found)(void *userdata, const struct excess *excess), void *userdata);
