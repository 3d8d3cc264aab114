/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits as bits of a packet's mark: what a worker writes there in place of a changed packet. Built
 * once, then only read. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/search.h"

struct mark_entry {
	uint32_t mss; /* bytes, not 0 */
	uint32_t tag; /* what stands for it in the bits; never 0 */
};

struct mark_table {
	uint32_t bits; /* of the mark, ours alone */
	uint32_t hooks; /* 1 << NF_INET_*: behind these a rule of ours reads them */
	size_t count;
	struct mark_entry entries[]; /* by mss, each once */
};

#define MARK_INDICES_MAX 65535 /* there are no more limits than that */

/* How many indices the bits have room for, without 0: at most MARK_INDICES_MAX. */
size_t mark_indices(uint32_t bits);

/* The index, at most mark_indices(bits), laid into the bits from the lowest on. */
uint32_t mark_tag(uint32_t bits, uint32_t index);

/* The largest entry that is not above limit, or NULL. */
static inline const struct mark_entry *mark_table_find(const struct mark_table *table,
						       uint32_t limit)
{
	size_t low;

	SEARCH_FIRST(low, table->count, i, table->entries[i].mss <= limit);
	return low > 0 ? &table->entries[low - 1] : NULL;
}
