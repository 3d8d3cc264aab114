/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "daemon/workers/sums.h"

#define TUNNEL 70 /* in the second chunk */

static int make_workers(void **state)
{
	struct workers *workers = workers_new(5000, 2);

	for (size_t i = 0; workers && i < 2; i++) {
		if (counters_reserve_tunnel(workers_counters(workers, i), TUNNEL) < 0)
			return -1;
	}
	*state = workers;
	return workers ? 0 : -1;
}

static int free_workers(void **state)
{
	workers_free(*state);
	return 0;
}

static void count(struct workers *workers, size_t worker, uint32_t mss, uint32_t left,
		  enum flow_side side)
{
	const struct limit limit = { .mss = left, .tunnel_id = TUNNEL, .decided = side };
	const struct clamp_outcome outcome = {
		.result = mss > left ? SYN_CLAMPED : SYN_ALREADY_SMALL,
		.has_mss = true, .mss_before = mss, .mss_after = left,
	};

	counters_count(workers_counters(workers, worker), FAMILY_IPV4, &outcome, &limit);
}

static void test_workers_sum_up(void **state)
{
	struct workers *workers = *state;
	struct tunnel_sum sum;

	count(workers, 0, 1460, 1380, SIDE_IN);
	count(workers, 1, 1460, 1380, SIDE_IN);
	count(workers, 1, 1460, 1380, SIDE_OUT);
	count(workers, 1, 1300, 1300, SIDE_OUT);
	sum = sums_read_tunnel(workers, TUNNEL);
	assert_int_equal(sum.seen, 4);
	assert_int_equal(sum.result[FAMILY_IPV4][SIDE_IN][SYN_CLAMPED], 2);
	assert_int_equal(sum.result[FAMILY_IPV4][SIDE_OUT][SYN_CLAMPED], 1);
	assert_int_equal(sum.result[FAMILY_IPV4][SIDE_OUT][SYN_ALREADY_SMALL], 1);
	assert_int_equal(sum.result[FAMILY_IPV6][SIDE_OUT][SYN_ALREADY_SMALL], 0);
	assert_int_equal(sums_read_tunnel(workers, TUNNEL_ID_NONE).seen, 0);
	assert_string_equal(sums_direction_name(SIDE_IN), "from_tunnel");
	assert_string_equal(sums_direction_name(SIDE_OUT), "to_tunnel");
}

/* Each worker gives values their buckets in its own order. */
static void test_mss_of_two_workers(void **state)
{
	struct workers *workers = *state;
	struct mss_sum *sum = malloc(sizeof(*sum));

	assert_non_null(sum);
	count(workers, 0, 1391, 1380, SIDE_OUT);
	count(workers, 0, 1390, 1380, SIDE_OUT);
	count(workers, 1, 1390, 1380, SIDE_OUT);
	count(workers, 1, 1391, 1380, SIDE_OUT);
	count(workers, 1, 1391, 1380, SIDE_OUT);
	sums_read_mss(workers, TUNNEL, FAMILY_IPV4, MSS_BEFORE, sum);
	assert_int_equal(sum->count, 2);
	assert_int_equal(sum->row[0].largest, 1390);
	assert_int_equal(sum->row[0].count, 2);
	assert_int_equal(sum->row[1].smallest, 1391);
	assert_int_equal(sum->row[1].count, 3);
	assert_int_equal(sum->syns, 5);
	assert_int_equal(sum->bytes, 2 * 1390 + 3 * 1391);
	sums_read_mss(workers, TUNNEL, FAMILY_IPV4, MSS_AFTER, sum);
	assert_int_equal(sum->count, 1);
	assert_int_equal(sum->bytes, 5 * 1380);
	sums_read_mss(workers, TUNNEL, FAMILY_IPV6, MSS_AFTER, sum);
	assert_int_equal(sum->count, 0);
	assert_int_equal(sum->syns, 0);
	free(sum);
}

/* However many values came, the sum of all is exact by value, and so are the bytes of a tunnel. */
static void test_more_values_than_buckets(void **state)
{
	struct workers *workers = *state;
	uint64_t *sums = calloc(MSS_MAX + 1, sizeof(*sums)), bytes = 0, syns = 0;
	struct mss_sum *sum = malloc(sizeof(*sum));

	assert_non_null(sums);
	assert_non_null(sum);
	for (uint32_t i = 0; i < 300; i++) {
		count(workers, i % 2, 1100 + i, 536, SIDE_OUT);
		bytes += 1100 + i;
	}
	sums_read_mss(workers, TUNNEL, FAMILY_IPV4, MSS_BEFORE, sum);
	assert_int_equal(sum->syns, 300);
	assert_int_equal(sum->bytes, bytes);
	for (size_t i = 0; i < sum->count; i++) {
		syns += sum->row[i].count;
		if (i > 0)
			assert_true(sum->row[i].largest >= sum->row[i - 1].largest);
	}
	assert_int_equal(syns, 300);
	sums_add_all_mss(workers, TUNNEL, MSS_BEFORE, sums);
	for (uint32_t mss = 0; mss <= MSS_MAX; mss++)
		assert_int_equal(sums[mss], mss >= 1100 && mss < 1400 ? 1 : 0);
	free(sums);
	free(sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_workers_sum_up, make_workers, free_workers),
		cmocka_unit_test_setup_teardown(test_mss_of_two_workers, make_workers, free_workers),
		cmocka_unit_test_setup_teardown(test_more_values_than_buckets, make_workers,
						free_workers),
	};

	return cmocka_run_group_tests_name("sums", tests, NULL, NULL);
}
