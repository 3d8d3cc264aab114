/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the interfaces of a plan stand in an order: no address behind one has a smaller limit
 * than any behind the interfaces before it. Then the first of a flow's two sides decides, and
 * nobody has to lower to both. So it is where tunnels lead out by an ordinary link. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/offload/offload.h"

/* Up to so many interfaces are compared one by one, which is cheaper than a look-up. */
#define OFFLOAD_FEW 8

/* Of one family; borrows the plan. */
struct offload_order {
	bool exists;
	const struct offload_link *links[OFFLOAD_FEW]; /* those known, the smallest limit first */
	size_t count;
};

/* None also where the plan has more than OFFLOAD_FEW interfaces, or knows none. */
struct offload_order offload_order_of(const struct offload_plan *plan, enum family family);

/* The same interfaces in the same order, or none in both. */
bool offload_order_equal(const struct offload_order *a, const struct offload_order *b);
