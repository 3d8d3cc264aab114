/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/counters/mss_buckets.h"

#include "base/array.h"

/* The usual values end one each. */
static const uint32_t range_ends[MSS_RANGES] = {
	536,  1220, 1280, 1300, 1340, 1360, 1368, 1380, 1392, 1400,
	1408, 1412, 1420, 1440, 1448, 1452, 1460, 8960, MSS_MAX,
};

/* What hosts on Ethernet, PPPoE and in usual tunnels announce, and the default of RFC 9293: a flood
 * of odd values does not take their buckets. */
static const uint16_t usual[] = {
	1460, 1452, 1440, 1432, 1420, 1412, 1400, 1380, 1360, 1340, 1220, 536,
};

uint32_t mss_range_end(uint32_t range)
{
	return range_ends[range];
}

static uint8_t find_range(uint32_t mss)
{
	uint8_t range = 0;

	while (mss > range_ends[range])
		range++;
	return (uint8_t)(range + 1);
}

/* Gives a value its bucket for good. */
static void meet(struct mss_index *index, uint32_t mss)
{
	if (index->count == MSS_BUCKETS) {
		index->bucket[mss] = find_range(mss);
		return;
	}
	/* Release: who sees a count in this bucket by then sees whose it is, or nobody's. */
	atomic_store_explicit(&index->value[index->count], mss + 1, memory_order_release);
	index->bucket[mss] = index->count++;
}

void mss_counts_add_rare(struct mss_counts *counts, struct mss_index *index,
			 counter shared[MSS_MAX + 1], uint32_t mss)
{
	if (index->bucket[mss] == 0)
		meet(index, mss);
	if (index->bucket[mss] < MSS_FIRST_VALUE) {
		counter_add(&counts->shared_sum, mss);
		counter_add(&shared[mss], 1);
	}
	counter_add(&counts->bucket[index->bucket[mss]], 1);
}

void mss_index_init(struct mss_index *index)
{
	index->count = MSS_FIRST_VALUE;
	for (size_t i = 0; i < COUNT(usual); i++)
		meet(index, usual[i]);
}

bool mss_index_span(const struct mss_index *index, uint32_t bucket, uint32_t *ret_smallest,
		    uint32_t *ret_largest)
{
	uint32_t value;

	if (bucket == 0)
		return false;
	if (bucket < MSS_FIRST_VALUE) {
		*ret_smallest = bucket == 1 ? 0 : range_ends[bucket - 2] + 1;
		*ret_largest = range_ends[bucket - 1];
		return true;
	}
	value = atomic_load_explicit(&index->value[bucket], memory_order_acquire);
	if (value == 0)
		return false;
	*ret_smallest = *ret_largest = value - 1;
	return true;
}
