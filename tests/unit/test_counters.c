/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

#include "policy/counters/counters.h"

static void test_latency_buckets_hold_their_border(void **state)
{
	struct counters *counters = counters_new();

	(void)state;
	assert_non_null(counters);
	assert_int_equal(latency_bucket_ns(0), LATENCY_FIRST_NS);
	for (size_t b = 0; b + 1 < LATENCY_BUCKETS; b++) {
		uint64_t border = latency_bucket_ns(b);
		uint64_t below = counter_read(&counters->latency[b]);
		uint64_t above = counter_read(&counters->latency[b + 1]);

		assert_true(latency_bucket_ns(b + 1) > border);
		assert_true(latency_bucket_ns(b + 1) <= border + border / 4);
		counters_count_latency(counters, border - 1);
		counters_count_latency(counters, border);
		assert_int_equal(counter_read(&counters->latency[b]), below + 1);
		assert_int_equal(counter_read(&counters->latency[b + 1]), above + 1);
	}
	counters_count_latency(counters, UINT64_MAX);
	assert_int_equal(counter_read(&counters->latency_max_ns), UINT64_MAX);
	counters_free(counters);
}

static void test_each_syn_counts_once(void **state)
{
	struct counters *counters = counters_new();
	const struct limit limit = { .mss = 1380, .tunnel_id = 130, .decided = SIDE_IN };
	const struct clamp_outcome lowered = {
		.result = SYN_CLAMPED, .has_mss = true, .mss_before = 1460, .mss_after = 1380,
	};
	const struct clamp_outcome inserted = { .result = SYN_INSERTED, .mss_after = 536 };
	const struct clamp_outcome odd = { .result = SYN_NOT_SYN };
	struct tunnel_counters *tunnel;

	(void)state;
	assert_int_equal(counters_reserve_tunnel(counters, 130), 0);
	counters_count(counters, FAMILY_IPV4, &lowered, &limit);
	counters_count(counters, FAMILY_IPV6, &inserted, &limit);
	counters_count(counters, FAMILY_IPV4, &odd, NULL);
	counters_count_not_ip(counters);

	tunnel = &counters->tunnel[130 / TUNNEL_CHUNK]->tunnel[130 % TUNNEL_CHUNK];
	assert_int_equal(counter_read(&counters->result[FAMILY_IPV4][SYN_CLAMPED]), 1);
	assert_int_equal(counter_read(&tunnel->family[FAMILY_IPV4].result[SIDE_IN][SYN_CLAMPED]), 1);
	assert_int_equal(counter_read(&tunnel->family[FAMILY_IPV6].result[SIDE_IN][SYN_INSERTED]), 1);
	tunnel = &counters->tunnel[0]->tunnel[TUNNEL_ID_NONE];
	assert_int_equal(counter_read(&tunnel->family[FAMILY_IPV4].result[SIDE_OUT][SYN_NOT_SYN]), 1);
	assert_int_equal(counter_read(&counters->not_ip), 1);
	counters_free(counters);
}

/* How many SYNs of a family of tunnel 1 are in the bucket of that MSS. */
static uint64_t mss_count(const struct counters *counters, const struct mss_counts *counts,
			  uint32_t mss)
{
	return counter_read(&counts->bucket[counters->mss_index.bucket[mss]]);
}

static const struct {
	const char *name;
	struct clamp_outcome outcome;
	uint64_t before, after; /* SYNs of the MSS that it came and left with */
} mss_cases[] = {
	{ "lowered", { .result = SYN_CLAMPED, .has_mss = true, .mss_before = 1460,
		       .mss_after = 1380 }, 1, 1 },
	{ "as it was", { .result = SYN_ALREADY_SMALL, .has_mss = true, .mss_before = 1240,
			 .mss_after = 1240 }, 1, 1 },
	{ "an MSS of 0 stays", { .result = SYN_ALREADY_SMALL, .has_mss = true }, 1, 1 },
	{ "the largest", { .result = SYN_NO_LIMIT, .has_mss = true, .mss_before = MSS_MAX,
			   .mss_after = MSS_MAX }, 1, 1 },
	{ "added", { .result = SYN_INSERTED, .mss_after = 536 }, 0, 1 },
	{ "dropped", { .result = SYN_DROPPED, .has_mss = true, .mss_before = 48 }, 1, 0 },
	{ "none", { .result = SYN_NO_MSS }, 0, 0 },
};

static void test_mss_before_and_after(void **state)
{
	const struct limit limit = { .mss = 1380, .tunnel_id = 1, .decided = SIDE_OUT };

	(void)state;
	for (size_t i = 0; i < sizeof(mss_cases) / sizeof(mss_cases[0]); i++) {
		struct counters *counters = counters_new();
		const struct family_counters *tunnel;

		print_message("%s\n", mss_cases[i].name);
		assert_int_equal(counters_reserve_tunnel(counters, 1), 0);
		tunnel = &counters->tunnel[0]->tunnel[1].family[FAMILY_IPV6];
		counters_count(counters, FAMILY_IPV6, &mss_cases[i].outcome, &limit);
		assert_int_equal(mss_count(counters, &tunnel->before,
					   mss_cases[i].outcome.mss_before), mss_cases[i].before);
		assert_int_equal(mss_count(counters, &tunnel->after,
					   mss_cases[i].outcome.mss_after), mss_cases[i].after);
		assert_int_equal(counter_read(&tunnel->before.bucket[0]), 0);
		counters_free(counters);
	}
}

/* The largest of the last two windows counts, of the tunnel the SYN came out of. */
static void test_what_far_ends_announce(void **state)
{
	struct counters *counters = counters_new();
	const struct limit limit = { .mss = 1380, .decided = SIDE_OUT, .in_tunnel_id = 3 };
	struct clamp_outcome outcome = { .result = SYN_ALREADY_SMALL, .has_mss = true,
					 .mss_before = 1240, .mss_after = 1240 };
	const struct family_counters *far = counters->tunnel[0]->tunnel[3].family;

	(void)state;
	for (int i = 0; i < ANNOUNCED_WINDOW; i++) {
		outcome.mss_before = i == 7 ? 1460 : 1240;
		counters_count(counters, FAMILY_IPV4, &outcome, &limit);
	}
	assert_int_equal(counter_read(&far[FAMILY_IPV4].announced.seen), ANNOUNCED_WINDOW);
	assert_int_equal(counter_read(&far[FAMILY_IPV4].announced.largest), 1460);
	counters_count(counters, FAMILY_IPV4, &outcome, &limit);
	assert_int_equal(counter_read(&far[FAMILY_IPV4].announced.largest), 1240);
	assert_int_equal(counter_read(&far[FAMILY_IPV4].announced.before), 1460);
	assert_int_equal(counter_read(&far[FAMILY_IPV6].announced.seen), 0);
	outcome.has_mss = false;
	counters_count(counters, FAMILY_IPV6, &outcome, &limit);
	assert_int_equal(counter_read(&far[FAMILY_IPV6].announced.seen), 0);
	counters_free(counters);
}

static void test_tunnel_room_ends(void **state)
{
	struct counters *counters = counters_new();

	(void)state;
	assert_int_equal(counters_reserve_tunnel(counters, TUNNEL_CHUNK * TUNNEL_CHUNKS_MAX - 1), 0);
	assert_int_equal(counters_reserve_tunnel(counters, TUNNEL_CHUNK * TUNNEL_CHUNKS_MAX), -E2BIG);
	counters_free(counters);
	counters_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_latency_buckets_hold_their_border),
		cmocka_unit_test(test_each_syn_counts_once),
		cmocka_unit_test(test_mss_before_and_after),
		cmocka_unit_test(test_what_far_ends_announce),
		cmocka_unit_test(test_tunnel_room_ends),
	};

	return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
