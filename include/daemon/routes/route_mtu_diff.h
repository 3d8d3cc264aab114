/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the routes that are there to those that are wanted. */
#pragma once

#include "edge/netlink/route_mtu.h"

struct route_mtu_changes {
	struct route_mtu_change *list;
	size_t count;
};

/* Pure. What to remove of ours, then what to add. A route that is there but stands behind the one
 * of others that it is to be in front of is removed and added.
 * there   of a dump; those of others are left out of account
 * wanted  sorted by mtu_route_compare; its extras are places in the bytes of there
 * The changes borrow both. Returns 0, or -ENOMEM with nothing written. */
int route_mtu_diff(const struct mtu_route_list *there, const struct mtu_route_list *wanted,
		   struct route_mtu_changes *ret_changes);
void route_mtu_changes_done(struct route_mtu_changes *changes);

/* By mtu_route_compare. */
void route_mtu_sort(struct mtu_route_list *routes);

/* By prefix, table and metric: one route of ours each. */
int mtu_route_compare(const struct mtu_route *a, const struct mtu_route *b);
