/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

#include "policy/counters.h"

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
	assert_int_equal(counter_read(&tunnel->result[FAMILY_IPV4][SIDE_IN][SYN_CLAMPED]), 1);
	assert_int_equal(counter_read(&tunnel->result[FAMILY_IPV6][SIDE_IN][SYN_INSERTED]), 1);
	tunnel = &counters->tunnel[0]->tunnel[TUNNEL_ID_NONE];
	assert_int_equal(counter_read(&tunnel->result[FAMILY_IPV4][SIDE_OUT][SYN_NOT_SYN]), 1);
	assert_int_equal(counter_read(&counters->not_ip), 1);
	assert_int_equal(counter_read(&counters->before[1460]), 1);
	assert_int_equal(counter_read(&counters->before[0]), 0);
	assert_int_equal(counter_read(&counters->after[1380]), 1);
	assert_int_equal(counter_read(&counters->after[536]), 1);
	counters_free(counters);
}

/* The largest of the last two windows counts, of the tunnel the SYN came out of. */
static void test_what_far_ends_announce(void **state)
{
	struct counters *counters = counters_new();
	const struct limit limit = { .mss = 1380, .decided = SIDE_OUT, .in_tunnel_id = 3 };
	struct clamp_outcome outcome = { .result = SYN_ALREADY_SMALL, .has_mss = true,
					 .mss_before = 1240, .mss_after = 1240 };
	const struct announced *announced = counters->tunnel[0]->tunnel[3].announced;

	(void)state;
	for (int i = 0; i < ANNOUNCED_WINDOW; i++) {
		outcome.mss_before = i == 7 ? 1460 : 1240;
		counters_count(counters, FAMILY_IPV4, &outcome, &limit);
	}
	assert_int_equal(counter_read(&announced[FAMILY_IPV4].seen), ANNOUNCED_WINDOW);
	assert_int_equal(counter_read(&announced[FAMILY_IPV4].largest), 1460);
	counters_count(counters, FAMILY_IPV4, &outcome, &limit);
	assert_int_equal(counter_read(&announced[FAMILY_IPV4].largest), 1240);
	assert_int_equal(counter_read(&announced[FAMILY_IPV4].before), 1460);
	assert_int_equal(counter_read(&announced[FAMILY_IPV6].seen), 0);
	outcome.has_mss = false;
	counters_count(counters, FAMILY_IPV6, &outcome, &limit);
	assert_int_equal(counter_read(&announced[FAMILY_IPV6].seen), 0);
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
		cmocka_unit_test(test_what_far_ends_announce),
		cmocka_unit_test(test_tunnel_room_ends),
	};

	return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
