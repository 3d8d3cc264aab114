/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a snapshot knows of one interface and family: the rules and routes that speak of addresses
 * beyond it, laid into one longest-prefix match. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/lpm.h"
#include "policy/snapshot.h"

#define RULE_NONE UINT32_MAX

struct side_entry {
	uint32_t rule;      /* first rule whose prefix covers the address, RULE_NONE */
	uint32_t route_mtu; /* bytes, 0 without */
	uint32_t route_mss; /* the same as an MSS, MSS_NONE without */
	struct prefix route; /* which route said so */
	bool has_route;      /* some route ends here, with a metric or without */
};

struct side_table {
	uint32_t plain_rule; /* first rule for this interface without prefix and mark, RULE_NONE */
	uint32_t link_mss;   /* MSS_NONE where the link's MTU is unknown */
	struct lpm *lpm;     /* values are places in entries */
	struct side_entry *entries;
	size_t entry_count;
};

/* Routes in order of their interface, so that each table finds its own. */
struct route_groups {
	const struct route **sorted;
	size_t count;
};

/* Borrows routes as long as the groups live. Returns 0 or -ENOMEM. */
int route_groups_init(struct route_groups *groups, const struct route *routes, size_t count);
void route_groups_done(struct route_groups *groups);

/* A link without name and MTU: what is told of an interface nobody has announced. */
extern const struct link side_table_unknown_link;

/* The table of one link, or, with link NULL, of the prefix rules that name no interface (these are
 * in no link's table, so that they stand in memory once). groups may be NULL. Returns 0 or
 * -ENOMEM. */
int side_table_build(struct side_table *ret_table, enum family family, const struct link *link,
		     const struct route_groups *groups, const struct rules *rules);
void side_table_done(struct side_table *table);

/* What is said of an address (4 or 16 bytes), or NULL. */
static inline const struct side_entry *side_table_find(const struct side_table *table,
						       const uint8_t *address)
{
	uint32_t place;

	if (!table->lpm)
		return NULL;
	place = lpm_lookup(table->lpm, address);
	return place == LPM_NONE ? NULL : &table->entries[place];
}
