/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of marks for tests. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "policy/snapshot/mark_table.h"

/* Owned (free). */
static inline struct mark_table *make_marks(uint32_t bits, const struct mark_entry *entries,
					    size_t count)
{
	struct mark_table *table = malloc(sizeof(*table) + count * sizeof(*entries));

	assert_non_null(table);
	table->bits = bits;
	table->hooks = 1 << 1 | 1 << 2 | 1 << 3; /* NF_INET_LOCAL_IN, _FORWARD, _LOCAL_OUT */
	table->count = count;
	memcpy(table->entries, entries, count * sizeof(*entries));
	return table;
}
