/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of metrics about SYNs: what became of them, their MSS, how long a verdict took. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "daemon/daemon.h"
#include "daemon/metrics/rows.h"
#include "daemon/words/flow_text.h"
#include "daemon/workers/sums.h"

#define TUNNELS_IN_FULL 100 /* further ones have no series of what never happened */
#define LEFT_ALONE SYN_RESULT_COUNT

/* Every tunnel with counters, and what no tunnel decided. */
static size_t tunnels_of(const struct metrics_facts *facts)
{
	return tunnels_count(model_tunnels(facts->daemon->model)) + 1;
}

/* TUNNEL_ID_NONE comes first. */
static const char *tunnel_name(const struct metrics_facts *facts, size_t i, uint32_t *ret_id)
{
	const struct tunnel *tunnel;

	*ret_id = TUNNEL_ID_NONE;
	if (i == 0)
		return SUMS_NO_TUNNEL;
	tunnel = tunnels_at(model_tunnels(facts->daemon->model), i - 1);
	*ret_id = tunnel->id;
	return tunnel->name;
}

static void put_result(struct exposition *out, const char *tunnel, const char *family,
		       const char *direction, const char *result, uint64_t count, bool in_full)
{
	if (count || in_full)
		exposition_count(out,
				 EXPOSITION_LABELS({ "tunnel", tunnel }, { "family", family },
						   { "direction", direction },
						   { "result", result }),
				 count);
}

/* All reasons for leaving a packet alone are one result here. */
static void put_results(struct exposition *out, const char *tunnel, enum family family,
			enum flow_side side, const uint64_t result[SYN_RESULT_COUNT], bool in_full)
{
	const char *direction = sums_direction_name(side);
	uint64_t left_alone = 0;

	for (enum syn_result i = 0; i < SYN_LEFT_ALONE_FIRST; i++)
		put_result(out, tunnel, flow_text_family(family), direction, syn_result_name(i),
			   result[i], in_full);
	for (enum syn_result i = SYN_LEFT_ALONE_FIRST; i < SYN_RESULT_COUNT; i++)
		left_alone += result[i];
	put_result(out, tunnel, flow_text_family(family), direction, "left_alone", left_alone,
		   in_full);
}

static uint64_t sum_not_ip(const struct metrics_facts *facts)
{
	const struct workers *workers = facts->daemon->workers;
	uint64_t sum = 0;

	for (size_t i = 0; i < workers_count(workers); i++)
		sum += counter_read(&workers_counters(workers, i)->not_ip);
	return sum;
}

void metrics_fill_syns(struct exposition *out, const struct metrics_facts *facts)
{
	for (size_t i = 0; i < tunnels_of(facts); i++) {
		uint32_t id;
		const char *name = tunnel_name(facts, i, &id);
		struct tunnel_sum sum = sums_read_tunnel(facts->daemon->workers, id);

		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			for (enum flow_side side = 0; side < SIDE_COUNT; side++)
				put_results(out, name, family, side, sum.result[family][side],
					    i <= TUNNELS_IN_FULL);
		}
	}
	put_result(out, SUMS_NO_TUNNEL, "unknown", sums_direction_name(SIDE_OUT), "left_alone",
		   sum_not_ip(facts), true);
}

void metrics_fill_left_alone(struct exposition *out, const struct metrics_facts *facts)
{
	const struct workers *workers = facts->daemon->workers;
	uint64_t sums[SYN_RESULT_COUNT] = { [SYN_NOT_IP] = sum_not_ip(facts) };

	for (enum syn_result i = SYN_LEFT_ALONE_FIRST; i < SYN_RESULT_COUNT; i++) {
		for (size_t w = 0; w < workers_count(workers); w++) {
			const struct counters *counters = workers_counters(workers, w);

			for (enum family family = 0; family < FAMILY_COUNT; family++)
				sums[i] += counter_read(&counters->result[family][i]);
		}
		exposition_count(out, EXPOSITION_LABELS({ "reason", syn_result_name(i) }), sums[i]);
	}
}

/* A row is within a range as a whole: those of several values are the ranges themselves. */
static void put_mss(struct exposition *out, const struct exposition_label *labels,
		    const struct mss_sum *sum)
{
	uint64_t count = 0;
	size_t row = 0;

	for (uint32_t range = 0; range + 1 < MSS_RANGES; range++) {
		char below[12];

		for (; row < sum->count && sum->row[row].largest <= mss_range_end(range); row++)
			count += sum->row[row].count;
		snprintf(below, sizeof(below), "%" PRIu32, mss_range_end(range));
		exposition_bucket(out, labels, below, count);
	}
	exposition_histogram_end(out, labels, (double)sum->bytes, sum->syns);
}

static void fill_mss(struct exposition *out, const struct metrics_facts *facts, enum mss_when when)
{
	struct mss_sum sum;

	for (size_t i = 0; i < tunnels_of(facts); i++) {
		uint32_t id;
		const char *name = tunnel_name(facts, i, &id);

		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			sums_read_mss(facts->daemon->workers, id, family, when, &sum);
			if (sum.syns)
				put_mss(out,
					EXPOSITION_LABELS({ "tunnel", name },
							  { "family", flow_text_family(family) }),
					&sum);
		}
	}
}

void metrics_fill_advertised(struct exposition *out, const struct metrics_facts *facts)
{
	fill_mss(out, facts, MSS_BEFORE);
}

void metrics_fill_forwarded(struct exposition *out, const struct metrics_facts *facts)
{
	fill_mss(out, facts, MSS_AFTER);
}

/* Each doubling from a microsecond to 17 ms, then each fourfold to a second: borders of the buckets
 * that are counted. */
#define LATENCY_FINE_FIRST 8
#define LATENCY_FINE_LAST 64
#define LATENCY_LAST 88

static size_t next_border(size_t bucket)
{
	return bucket + (bucket < LATENCY_FINE_LAST ? 4 : 8);
}

void metrics_fill_latency(struct exposition *out, const struct metrics_facts *facts)
{
	const struct workers *workers = facts->daemon->workers;
	uint64_t buckets[LATENCY_BUCKETS] = { 0 }, total = 0, sum_ns = 0, count = 0;
	size_t reached = 0;

	for (size_t w = 0; w < workers_count(workers); w++) {
		const struct counters *counters = workers_counters(workers, w);

		sum_ns += counter_read(&counters->latency_sum_ns);
		for (size_t b = 0; b < LATENCY_BUCKETS; b++) {
			uint64_t one = counter_read(&counters->latency[b]);

			buckets[b] += one;
			total += one;
		}
	}
	for (size_t b = LATENCY_FINE_FIRST; b <= LATENCY_LAST; b = next_border(b)) {
		char below[32];

		for (; reached <= b; reached++)
			count += buckets[reached];
		snprintf(below, sizeof(below), "%.9g",
			 clock_seconds(latency_bucket_ns(b)));
		exposition_bucket(out, NULL, below, count);
	}
	exposition_histogram_end(out, NULL, clock_seconds(sum_ns), total);
}
