/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a snapshot knows of one interface and family: the rules, routes and peers that speak of
 * addresses beyond it, laid into one longest-prefix match whose answers are ready-made. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/mss.h"
#include "policy/prefix/lpm.h"
#include "policy/snapshot/route_groups.h"
#include "policy/snapshot/rule_index.h"
#include "policy/snapshot/snapshot.h"
#include "policy/snapshot/snapshot_peers.h"

#define ROUTE_NONE UINT32_MAX

/* What holds for an address. Small, so that those of ten thousand peers stay in the cache. */
struct side_entry {
	uint32_t mss;   /* of the rule; else the smallest of link, its own limit, route and peer */
	uint32_t rule;  /* first rule by interface, prefix, peer or nothing at all; RULE_NONE */
	uint32_t peer;  /* place in the set of tunnels, PEER_NONE */
	uint32_t route; /* place in routes, ROUTE_NONE: no metric */
};

struct side_route {
	uint32_t mtu; /* RTAX_MTU in bytes, not 0 */
	struct prefix prefix;
};

struct side_table {
	struct side_entry base;     /* of addresses that nothing speaks of */
	struct lpm *lpm;            /* values are places in entries; NULL: base for all */
	struct side_entry *entries;
	size_t entry_count;
	uint32_t tunnel_id;         /* which counters the link feeds */
	uint32_t tunnel_mtu;        /* the link's own limit in this family, bytes, 0 none */
	struct side_route *routes;
	struct lpm_entry *prefixes; /* what lpm was made of, in order; NULL where nobody asked */
	size_t prefix_count;
};

/* What all tables are made from; borrowed. */
struct side_table_source {
	const struct rule_index *rules;
	const struct route_groups *routes;
	const struct peer_table *peers;
	bool keep_prefixes;
};

/* One interface; links that nobody has announced are one with ifindex 0 and no name. */
struct side_table_link {
	const struct link *link;
	const uint32_t *rules;  /* rule_index_of_interface */
	size_t rule_count;
	bool in_set;            /* the set of tunnels knows it: its peers and its limit count */
	const struct tunnel_limit *own; /* NULL without */
	uint32_t tunnel_id;
};

/* Returns 0, or -ENOMEM with nothing made. */
int side_table_build(struct side_table *ret_table, enum family family,
		     const struct side_table_link *link, const struct side_table_source *source);

/* The table of the prefix rules that name no interface: in no link's table, so that they stand in
 * memory once. Only `rule` and its mss mean something there. Returns as above. */
int side_table_build_any(struct side_table *ret_table, enum family family,
			 const struct side_table_source *source);

/* A zeroed table is fine. */
void side_table_done(struct side_table *table);

/* What holds for an address (4 or 16 bytes). */
static inline const struct side_entry *side_table_find(const struct side_table *table,
						       const uint8_t *address)
{
	uint32_t place;

	if (!table->lpm)
		return &table->base;
	place = lpm_lookup(table->lpm, address);
	return place == LPM_NONE ? &table->base : &table->entries[place];
}

/* Of the interface's entry and that of all interfaces the one whose rule comes first; without any
 * rule the interface's own. */
static inline const struct side_entry *side_entry_first(const struct side_entry *own,
							const struct side_entry *any)
{
	return any->rule < own->rule ? any : own;
}

/* Of two limits the smaller; MSS_NONE is none. */
static inline uint32_t smaller_mss(uint32_t a, uint32_t b)
{
	if (a == MSS_NONE || b == MSS_NONE)
		return a == MSS_NONE ? b : a;
	return a < b ? a : b;
}
