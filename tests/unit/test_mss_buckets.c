/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "policy/counters/mss_buckets.h"

struct world {
	struct mss_index index;
	struct mss_counts counts;
	counter shared[MSS_MAX + 1];
};

static int make_world(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world)
		return -1;
	mss_index_init(&world->index);
	*state = world;
	return 0;
}

static int free_world(void **state)
{
	free(*state);
	return 0;
}

static void add(struct world *world, uint32_t mss)
{
	mss_counts_add(&world->counts, &world->index, world->shared, mss);
}

/* What the bucket of a value holds. */
static void check_span(const struct world *world, uint32_t mss, uint32_t smallest, uint32_t largest)
{
	uint32_t from = 1, to = 0;

	assert_true(mss_index_span(&world->index, world->index.bucket[mss], &from, &to));
	assert_int_equal(from, smallest);
	assert_int_equal(to, largest);
}

static void test_ranges_hold_every_value(void **state)
{
	(void)state;
	for (uint32_t range = 1; range < MSS_RANGES; range++)
		assert_true(mss_range_end(range) > mss_range_end(range - 1));
	assert_int_equal(mss_range_end(MSS_RANGES - 1), MSS_MAX);
}

static void test_first_values_stand_alone(void **state)
{
	static const uint32_t values[] = { 1460, 0, 1, 1386, 1387, 9000, MSS_MAX };
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (size_t n = 0; n <= i; n++)
			add(world, values[i]);
		check_span(world, values[i], values[i], values[i]);
		assert_int_equal(
			counter_read(&world->counts.bucket[world->index.bucket[values[i]]]), i + 1);
	}
	assert_int_equal(counter_read(&world->counts.shared_sum), 0);
}

/* Values that nobody uses take all buckets: those that came before keep theirs, and so do the
 * usual ones; what comes later shares a range and is counted by value. */
static void test_a_flood_of_values(void **state)
{
	struct world *world = *state;
	uint64_t sum = 0;

	add(world, 1386);
	for (uint32_t mss = 2000; mss < 2100; mss++)
		add(world, mss);
	add(world, 1386);
	add(world, 1452);
	check_span(world, 1386, 1386, 1386);
	check_span(world, 1452, 1452, 1452);
	assert_int_equal(counter_read(&world->counts.bucket[world->index.bucket[1386]]), 2);

	add(world, 1379);
	add(world, 1379);
	add(world, 1369);
	add(world, 20);
	add(world, 9001);
	check_span(world, 1379, 1369, 1380);
	check_span(world, 20, 0, 536);
	check_span(world, 9001, 8961, MSS_MAX);
	assert_int_equal(counter_read(&world->counts.bucket[world->index.bucket[1379]]), 3);
	assert_int_equal(counter_read(&world->shared[1379]), 2);
	assert_int_equal(counter_read(&world->shared[1386]), 0);
	for (uint32_t mss = 0; mss <= MSS_MAX; mss++)
		sum += mss * counter_read(&world->shared[mss]);
	assert_int_equal(counter_read(&world->counts.shared_sum), sum);
}

static void test_buckets_of_nobody(void **state)
{
	struct world *world = *state;
	uint32_t from = 7, to = 7;

	assert_false(mss_index_span(&world->index, 0, &from, &to));
	assert_false(mss_index_span(&world->index, MSS_BUCKETS - 1, &from, &to));
	assert_int_equal(from, 7);
	assert_int_equal(to, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges_hold_every_value),
		cmocka_unit_test_setup_teardown(test_first_values_stand_alone, make_world, free_world),
		cmocka_unit_test_setup_teardown(test_a_flood_of_values, make_world, free_world),
		cmocka_unit_test_setup_teardown(test_buckets_of_nobody, make_world, free_world),
	};

	return cmocka_run_group_tests_name("mss_buckets", tests, NULL, NULL);
}
