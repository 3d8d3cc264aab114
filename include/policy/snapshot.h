/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything a worker needs to find a flow's limit: built once, then only read.
 *
 * A flow has two sides, (in-interface, source) and (out-interface, destination); its limit is the
 * smaller of theirs. A side: the first matching rule, else the smaller of the link MTU and the
 * route MTU metric for that address on that interface. This host as a side (interface 0) has no
 * limit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clamp.h"
#include "core/packet.h"
#include "policy/prefix.h"
#include "policy/rules.h"
#include "policy/tunnel.h"

/* One next hop of one unicast route. */
struct route {
	struct prefix prefix;
	uint32_t ifindex;
	uint32_t mtu; /* RTAX_MTU in bytes, 0 without */
};

#define TUNNEL_ID_NONE 0 /* the counters of sides that are no tunnel */

struct snapshot_link {
	struct link link;
	uint32_t tunnel_id; /* which counters this link feeds: TUNNEL_ID_NONE or the caller's own */
};

/* What holds for every flow; it changes with a reload, so it travels with the snapshot. */
struct snapshot_mode {
	struct clamp_options clamp;
	bool audit; /* change nothing, count what would be done */
};

struct snapshot_input {
	struct snapshot_mode mode;
	const struct snapshot_link *links;
	size_t link_count;
	const struct route *routes; /* all tables, IPv4 and IPv6 */
	size_t route_count;
	const struct rules *rules; /* may be NULL */
};

struct flow {
	enum family family;
	uint32_t in_ifindex, out_ifindex; /* 0: this host */
	uint32_t mark;
	const uint8_t *source, *destination; /* 4 or 16 bytes */
};

enum flow_side { SIDE_IN, SIDE_OUT, SIDE_COUNT };

struct limit {
	uint32_t mss;           /* bytes; MSS_NONE: no side has a limit */
	uint32_t tunnel_id;     /* of the side that decided; of equal ones the out side */
	enum flow_side decided; /* SIDE_OUT also where there is no limit */
};

struct snapshot;

/* Borrows the input for the call. Returns 0 and the owned snapshot, or -ENOMEM. */
int snapshot_build(const struct snapshot_input *input, struct snapshot **ret_snapshot);
void snapshot_free(struct snapshot *snapshot);

/* The limit of a flow. Any number of threads at once; no allocation, no lock. */
struct limit snapshot_lookup(const struct snapshot *snapshot, const struct flow *flow);

/* One side, told in full: the same look-up that snapshot_lookup does. */
struct side_limit {
	uint32_t mss;             /* bytes, MSS_NONE: this side sets no limit */
	const struct rule *rule;  /* the rule that decided, borrowed from the snapshot, or NULL */
	size_t rule_index;        /* its place in the list */
	uint32_t link_mtu;        /* bytes, 0 unknown or not asked because a rule decided */
	uint32_t route_mtu;       /* bytes, 0 without */
	struct prefix route; /* the prefix that gave route_mtu; valid where route_mtu is not 0 */
	bool host;                /* the side is this host */
};

/* Whether the route's metric is what decided, not the link's MTU. */
static inline bool side_limit_by_route(const struct side_limit *limit)
{
	return !limit->rule && limit->route_mtu &&
	       (!limit->link_mtu || limit->route_mtu < limit->link_mtu);
}

struct side_limit snapshot_lookup_side(const struct snapshot *snapshot, const struct flow *flow,
				       enum flow_side side);

/* Borrowed until the snapshot is freed; NULL where no such link. */
const struct snapshot_link *snapshot_find_link(const struct snapshot *snapshot, uint32_t ifindex);
const struct snapshot_link *snapshot_find_link_by_name(const struct snapshot *snapshot,
						       const char *name);
/* All links in order of ifindex. */
const struct snapshot_link *snapshot_links(const struct snapshot *snapshot, size_t *ret_count);

const struct snapshot_mode *snapshot_mode(const struct snapshot *snapshot);
