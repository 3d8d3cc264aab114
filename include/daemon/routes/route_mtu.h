/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the routes with an MTU of ours as the tunnels say (path.set_route_mtu): what there should
 * be is compared with what is there, each time anew. Control thread only. */
#pragma once

#include <stdbool.h>

#include "daemon/config/config.h"
#include "edge/netlink/nl.h"
#include "policy/tunnel/tunnel_set.h"

struct route_mtu;

/* Whether the configuration asks for them: path.set_route_mtu, but not in mode audit. */
bool route_mtu_is_on(const struct config *config);

/* Changes no route yet. events, a socket that hears of routes, no longer hears of what is changed
 * here. Logs what went wrong. Returns 0 and the owned routes, or -errno. */
int route_mtu_open(struct nl *events, struct route_mtu **ret_routes);

/* Adds what is missing, removes what is of no use any more; what a killed process left is taken
 * over, or removed. Where the configuration asks for none there should be none. A route
 * that the kernel refuses is logged once and does not stop the others; it is tried again the next
 * time. NULL is fine: nothing is done. */
void route_mtu_apply(struct route_mtu *routes, const struct tunnel_set *set,
		     const struct config *config);

/* Removes all of ours, where any may be there. NULL is fine. */
void route_mtu_close(struct route_mtu *routes);
/* Leaves them to another mssclampd. NULL is fine. */
void route_mtu_leave(struct route_mtu *routes);
