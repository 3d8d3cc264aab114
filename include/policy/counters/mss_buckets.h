/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often each MSS was met, in little room: the first values that a worker meets have a bucket
 * each, those that come later share one by range. One worker writes, anyone reads (as in
 * policy/counters); no bucket ever goes down. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/mss.h"
#include "policy/counters/counter.h"

/* The ranges end at these, in bytes; what is larger is in the last one. Those of the histograms in
 * the metrics are the same: src/policy/counters/mss_buckets.c has them. */
#define MSS_RANGES 19
#define MSS_BUCKETS 64
#define MSS_FIRST_VALUE (MSS_RANGES + 1) /* 0 is nobody's, then come ranges, then values */

/* Which bucket a value counts in. The worker's own; others read only value. */
struct mss_index {
	uint8_t bucket[MSS_MAX + 1];         /* 0: not met yet */
	uint8_t count;                       /* buckets that are given away */
	_Atomic uint32_t value[MSS_BUCKETS]; /* of a single one: bytes + 1, 0: nobody's yet */
};

/* SYNs by their MSS. */
struct mss_counts {
	counter bucket[MSS_BUCKETS];
	counter shared_sum; /* of those in a range: bytes */
};

/* The values that are met everywhere get their buckets at once. */
void mss_index_init(struct mss_index *index);

/* The rest of mss_counts_add: a value that has no bucket of its own, or none so far. */
void mss_counts_add_rare(struct mss_counts *counts, struct mss_index *index,
			 counter shared[MSS_MAX + 1], uint32_t mss);

/* Worker only. mss is 0 to MSS_MAX; shared counts each value that is in a range. */
static inline void mss_counts_add(struct mss_counts *counts, struct mss_index *index,
				  counter shared[MSS_MAX + 1], uint32_t mss)
{
	uint8_t bucket = index->bucket[mss];

	if (__builtin_expect(bucket < MSS_FIRST_VALUE, 0))
		mss_counts_add_rare(counts, index, shared, mss);
	else
		counter_add(&counts->bucket[bucket], 1);
}

/* What a bucket holds: the smallest and the largest MSS, bytes. Returns false for one that is
 * nobody's yet. */
bool mss_index_span(const struct mss_index *index, uint32_t bucket, uint32_t *ret_smallest,
		    uint32_t *ret_largest);

/* The upper end of a range, bytes, ascending; MSS_MAX for the last. range is below MSS_RANGES. */
uint32_t mss_range_end(uint32_t range);
