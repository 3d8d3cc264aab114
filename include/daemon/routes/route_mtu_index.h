/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan of routes (daemon/routes/route_mtu_plan.h) is made from, sorted so that prefixes find
 * each other. */
#pragma once

#include "edge/netlink/route_mtu.h"
#include "policy/prefix/prefix_cover.h"
#include "policy/tunnel/tunnel_set.h"

/* What lies behind one link, of which some takes smaller packets than the link. */
struct link_needs {
	size_t link;               /* its place in the set */
	struct prefix *prefixes;   /* what peers are allowed, and everything where the link itself
				    * has a limit: each once, with the smallest limit */
	uint32_t *mtus;            /* beside them: bytes; the link's own inside of a prefix that
				    * needs less, else 0 where it needs none */
	struct prefix_cover cover; /* of prefixes */
	size_t count;
};

struct needs {
	struct link_needs *list; /* by ifindex */
	size_t count, capacity;
};

/* Only links with at least one need. Returns 0 or -ENOMEM with nothing kept. */
int needs_make(const struct tunnel_set *set, struct needs *ret_needs);
void needs_done(struct needs *needs);

/* The routes of one table that count: of each prefix the one that is taken. */
struct table_routes {
	const struct mtu_route **routes; /* by prefix */
	struct prefix *prefixes;         /* beside them */
	struct prefix_cover cover;       /* of prefixes */
	uint64_t *by_link;               /* ifindex << 32 | place of each route, sorted */
	size_t count;
};
/* The first of by_link that leads to that link: those behind it do as well, up to the first that
 * does not. count where none does. */
size_t table_find_link(const struct table_routes *table, uint32_t ifindex);

struct tables {
	struct table_routes *list;       /* by number */
	size_t count;
	const struct mtu_route **routes; /* of all tables; each has its stretch */
	struct prefix *prefixes;         /* likewise */
	uint64_t *by_link;               /* likewise */
};

/* Of all routes that are not ours; borrows the list. Returns 0 or -ENOMEM with nothing kept. */
int tables_make(const struct mtu_route_list *routes, struct tables *ret_tables);
void tables_done(struct tables *tables);
