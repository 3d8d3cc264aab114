/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which routes a prefix as a whole leaves by: the longest around it. Built once, then only read. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/prefix/lpm.h"
#include "policy/snapshot/snapshot.h"

struct routes_around {
	const struct route **sorted; /* by prefix; those of one prefix are neighbours */
	size_t count;
	uint32_t *wider;             /* beside sorted, of the first of one prefix: that of the next
				      * wider prefix around it, LPM_NONE */
	struct lpm *lpm[FAMILY_COUNT]; /* values are places of the first of one prefix */
};

/* Borrows the routes as long as it lives. Returns 0, or -ENOMEM with nothing made. */
int routes_around_init(struct routes_around *around, const struct route *routes, size_t count);
/* A zeroed one is fine. */
void routes_around_done(struct routes_around *around);

/* The first of them, *ret_count neighbours; NULL where no route is around the prefix. */
const struct route *const *routes_around_find(const struct routes_around *around,
					      const struct prefix *prefix, size_t *ret_count);
