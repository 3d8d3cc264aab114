/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which routes of ours there should be, beside those that are there. */
#pragma once

#include "daemon/routes/route_mtu_index.h"
#include "edge/netlink/route_mtu.h"
#include "policy/tunnel/tunnel_set.h"

/* Metric of a route of ours whose prefix nobody else has a route for: one that nobody chooses, so
 * that "ip route add" of the same prefix does not find it taken. */
#define ROUTE_MTU_PRIORITY 4077

/* Pure. One route for each peer of an interface whose packets must be smaller than its link's, by
 * its allowed prefixes and the routes of others. In each table, and where both have a prefix the
 * longer of the two:
 *   - an allowed prefix that a route of the table leads to that link as a whole;
 *   - a route of the table to that link whose prefix lies inside of what that peer is allowed.
 * The route repeats what leads there (scope, gateway, preferred source, other metrics) with the
 * peer's MTU, locked for IPv6, where ip6_dst_mtu_maybe_forward heeds no other (flow tables go by
 * that; path MTU discovery does not care for the lock).
 *
 * Where somebody's route has that prefix, ours are its two halves: they win without being in the
 * way of who deletes or replaces his own by prefix, and of the kernel, which takes the first route
 * of an IPv6 prefix for its own when an address goes (addrconf_get_prefix_route). A host has no
 * halves, and those of everything would not be suppressed by rules for default routes
 * (suppress_prefixlength): there it is preferred instead, for IPv4 in front of the one of the same
 * metric, for IPv6 with the next smaller metric.
 *
 * There is none where the route cannot be repeated or has that MTU or a smaller one already; beside
 * an IPv6 host or default route that has a metric of 1 or is the kernel's own; for link-local and
 * multicast prefixes; and none that would hold an endpoint of the same tunnel that this table leads
 * elsewhere: that table carries the tunnel itself.
 *
 * needs       of that set
 * routes      of a dump of all; those of ours are left out of account
 * ret_wanted  sorted by mtu_route_compare (daemon/routes/route_mtu_diff.h), each once; its bytes
 * are NULL:
 *             extra is a place in those of routes
 * Returns 0, or -ENOMEM with nothing written. */
int route_mtu_plan(const struct tunnel_set *set, const struct needs *needs,
		   const struct mtu_route_list *routes, struct mtu_route_list *ret_wanted);
