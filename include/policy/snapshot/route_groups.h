/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes in order of their interface, so that each table of a snapshot finds its own. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/snapshot/snapshot.h"

struct route_groups {
	const struct route **sorted;
	size_t count;
};

/* Borrows routes as long as the groups live. Returns 0 or -ENOMEM. */
int route_groups_init(struct route_groups *groups, const struct route *routes, size_t count);
void route_groups_done(struct route_groups *groups);

/* The place of the first route of an interface, or of the next interface that has one. */
size_t route_groups_first(const struct route_groups *groups, uint32_t ifindex);
