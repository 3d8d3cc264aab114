/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/workers/sums.h"

#include <stdlib.h>

#include "base/array.h"

uint64_t sums_received(const struct workers *workers)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < workers_count(workers); i++)
		sum += counter_read(&workers_counters(workers, i)->received);
	return sum;
}

uint64_t sums_retried(const struct workers *workers)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < workers_count(workers); i++)
		sum += counter_read(&workers_counters(workers, i)->again);
	return sum;
}

static const struct tunnel_counters *tunnel_of(const struct workers *workers, size_t worker,
					       uint32_t id)
{
	const struct counters *counters = workers_counters(workers, worker);

	return &counters->tunnel[id / TUNNEL_CHUNK]->tunnel[id % TUNNEL_CHUNK];
}

static const struct mss_counts *mss_counts_of(const struct workers *workers, size_t worker,
					      uint32_t id, enum family family, enum mss_when when)
{
	const struct family_counters *counters = &tunnel_of(workers, worker, id)->family[family];

	return when == MSS_BEFORE ? &counters->before : &counters->after;
}

const char *sums_direction_name(enum flow_side side)
{
	return side == SIDE_IN ? "from_tunnel" : "to_tunnel";
}

static void add_side(const counter from[SYN_RESULT_COUNT], uint64_t into[SYN_RESULT_COUNT],
		     uint64_t *seen)
{
	for (enum syn_result i = 0; i < SYN_RESULT_COUNT; i++) {
		uint64_t count = counter_read(&from[i]);

		into[i] += count;
		*seen += count;
	}
}

struct tunnel_sum sums_read_tunnel(const struct workers *workers, uint32_t id)
{
	struct tunnel_sum sum = { 0 };

	for (size_t i = 0; i < workers_count(workers); i++) {
		const struct tunnel_counters *tunnel = tunnel_of(workers, i, id);

		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			for (enum flow_side side = 0; side < SIDE_COUNT; side++)
				add_side(tunnel->family[family].result[side],
					 sum.result[family][side], &sum.seen);
		}
	}
	return sum;
}

/* Adds the rows of one worker as they come. */
static void add_rows(const struct mss_counts *counts, const struct mss_index *index,
		     struct mss_sum *sum)
{
	for (uint32_t b = 0; b < MSS_BUCKETS; b++) {
		struct mss_row row = { .count = counter_read(&counts->bucket[b]) };

		if (!row.count || !mss_index_span(index, b, &row.smallest, &row.largest))
			continue;
		if (b >= MSS_FIRST_VALUE)
			sum->bytes += row.largest * row.count;
		sum->syns += row.count;
		sum->row[sum->count++] = row;
	}
	sum->bytes += counter_read(&counts->shared_sum);
}

static int compare_rows(const void *a, const void *b)
{
	const struct mss_row *x = a, *y = b;
	int order = array_order(x->largest, y->largest);

	return order ? order : array_order(x->smallest, y->smallest);
}

/* Each worker has rows of its own: those of the same values become one. */
static void merge_rows(struct mss_sum *sum)
{
	size_t kept = 0;

	if (sum->count > 1)
		qsort(sum->row, sum->count, sizeof(sum->row[0]), compare_rows);
	for (size_t i = 0; i < sum->count; i++) {
		if (kept > 0 && compare_rows(&sum->row[kept - 1], &sum->row[i]) == 0)
			sum->row[kept - 1].count += sum->row[i].count;
		else
			sum->row[kept++] = sum->row[i];
	}
	sum->count = kept;
}

void sums_read_mss(const struct workers *workers, uint32_t id, enum family family,
		   enum mss_when when, struct mss_sum *ret_sum)
{
	ret_sum->count = 0;
	ret_sum->syns = ret_sum->bytes = 0;
	for (size_t i = 0; i < workers_count(workers); i++)
		add_rows(mss_counts_of(workers, i, id, family, when),
			 &workers_counters(workers, i)->mss_index, ret_sum);
	merge_rows(ret_sum);
}

/* Those with a bucket of their own; what shares one is counted by value besides. */
static void add_single_values(const struct mss_counts *counts, const struct mss_index *index,
			      uint64_t sums[MSS_MAX + 1])
{
	uint32_t smallest, largest;

	for (uint32_t b = MSS_FIRST_VALUE; b < MSS_BUCKETS; b++) {
		uint64_t count = counter_read(&counts->bucket[b]);

		if (count && mss_index_span(index, b, &smallest, &largest))
			sums[largest] += count;
	}
}

void sums_add_all_mss(const struct workers *workers, uint32_t last_id, enum mss_when when,
		      uint64_t sums[MSS_MAX + 1])
{
	for (size_t i = 0; i < workers_count(workers); i++) {
		const struct counters *counters = workers_counters(workers, i);
		const counter *shared = when == MSS_BEFORE ? counters->shared_before :
							     counters->shared_after;

		for (uint32_t mss = 0; mss <= MSS_MAX; mss++)
			sums[mss] += counter_read(&shared[mss]);
		for (uint32_t id = 0; id <= last_id; id++) {
			for (enum family family = 0; family < FAMILY_COUNT; family++)
				add_single_values(mss_counts_of(workers, i, id, family, when),
						  &counters->mss_index, sums);
		}
	}
}
