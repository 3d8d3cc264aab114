/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "probe_world.h"

static void test_another_endpoint_is_another_path(void **state)
{
	struct world world;
	size_t count;

	(void)state;
	begin(&world);
	world.passes = 1400;
	update_one(&world, 1, 1500, 0);
	run_for(&world, 30);
	assert_int_equal(only_measure(&world)->mtu, 1400);
	update_one(&world, 2, 1500, 0);
	probe_plan_measures(world.plan, &count);
	assert_int_equal(count, 0);
	run_for(&world, 30);
	assert_int_equal(world.reports, 2);
	assert_int_equal(only_measure(&world)->endpoint.bytes[3], 2);
	probe_plan_free(world.plan);
}

static void test_links_that_change(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	update_one(&world, 1, 1500, 0);
	run_for(&world, 30);
	assert_int_equal(only_measure(&world)->mtu, 1500);
	update_one(&world, 1, 1450, 0); /* the link has become narrower */
	assert_int_equal(only_measure(&world)->mtu, 1450);
	world.largest = 0;
	run_for(&world, 30);
	assert_int_equal(world.reports, 2);
	assert_int_equal(world.largest, 1450);
	update_one(&world, 1, 1500, 0);
	run_for(&world, 90);
	assert_int_equal(only_measure(&world)->mtu, 1500);
	probe_plan_free(world.plan);
}

static void test_remembered_measures(void **state)
{
	const struct path_measure measures[] = {
		{ "wg0", "alice", { FAMILY_IPV4, { 192, 0, 2, 1 } }, 1433, MEASURE_INSIDE, -9 },
		{ "wg0", "alice", { FAMILY_IPV4, { 192, 0, 2, 9 } }, 1300, MEASURE_OUTSIDE, -9 },
	};
	struct world world;

	(void)state;
	begin(&world);
	world.passes = 1433;
	assert_int_equal(probe_plan_remember(world.plan, measures, 2, world.now_ns), 0);
	update_one(&world, 1, 1500, 0);
	assert_int_equal(world.recalled, 1);
	assert_int_equal(only_measure(&world)->mtu, 1433);
	assert_int_equal(only_measure(&world)->how, MEASURE_INSIDE);
	assert_int_equal(only_measure(&world)->at_ns, -9);
	run_for(&world, 70); /* a tenth of the interval, and the run */
	assert_int_equal(world.reports, 1);
	assert_true(only_measure(&world)->at_ns > 0);
	update_one(&world, 1, 1500, 0);
	assert_int_equal(world.recalled, 0); /* nothing new */
	update_one(&world, 8, 1500, 0);
	assert_int_equal(world.recalled, 0);
	update_one(&world, 9, 1500, 0);
	assert_int_equal(world.recalled, 1);
	assert_int_equal(only_measure(&world)->mtu, 1300);
	probe_plan_free(world.plan);
}

/* What was dropped is not believed because a file has it still. */
static void test_what_is_dropped_is_not_remembered(void **state)
{
	const struct path_measure former = {
		"wg0", "alice", { FAMILY_IPV4, { 192, 0, 2, 1 } }, 1300, MEASURE_OUTSIDE, -9,
	};
	struct world world;
	size_t count;

	(void)state;
	begin(&world);
	world.passes = 1300;
	update_one(&world, 1, 1500, 0);
	run_for(&world, 70);
	assert_int_equal(only_measure(&world)->mtu, 1300);
	world.silent[0] = world.silent[1] = true;
	update_one(&world, 1, 1480, 0);
	assert_int_equal(only_measure(&world)->mtu, 1300); /* until the run has ended */
	run_for(&world, 40);
	assert_int_equal(world.last.result, PROBE_NO_ANSWER);
	assert_true(world.last.changed);
	assert_int_equal(world.last.mtu, 1480);
	assert_int_equal(probe_plan_remember(world.plan, &former, 1, world.now_ns), 0);
	probe_plan_measures(world.plan, &count);
	assert_int_equal(count, 0);
	probe_plan_free(world.plan);
}

static void test_many_measures_are_sorted(void **state)
{
	struct probe_target targets[] = {
		make_target("wg1", "a", 3, 1500, 0), make_target("wg0", "b", 2, 1500, 0),
		make_target("wg0", "a", 1, 1500, 0),
	};
	const struct path_measure *measures;
	struct world world;
	size_t count;

	(void)state;
	begin(&world);
	update(&world, targets, 3);
	run_for(&world, 30);
	measures = probe_plan_measures(world.plan, &count);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(measures[i].endpoint.bytes[3], i + 1);
	update(&world, NULL, 0);
	probe_plan_measures(world.plan, &count);
	assert_int_equal(count, 0);
	probe_plan_free(world.plan);
}

/* Two routes that take turns, each second for two minutes: no more packets than a run in ten
 * seconds has time for, and all is well when it is over. */
static void test_a_way_that_flaps(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	world.passes = 1450;
	for (unsigned int second = 0; second < 120; second++) {
		update_one(&world, 1, second & 1 ? 1400 : 1500, 0);
		run_for(&world, 1);
	}
	assert_true(probe_plan_totals(world.plan).sent < 120);
	update_one(&world, 1, 1500, 0);
	run_for(&world, 80);
	assert_int_equal(only_measure(&world)->mtu, 1450);
	probe_plan_free(world.plan);
}

static void test_a_shorter_interval_holds_at_once(void **state)
{
	const struct probe_plan_config often = {
		.automatic = true, .interval_ns = 30 * SECOND, .rate_pps = 10,
		.floor = { 576, 1280 },
	};
	struct world world;

	(void)state;
	begin(&world);
	update_one(&world, 1, 1500, 0);
	run_for(&world, 60);
	assert_int_equal(world.reports, 1);
	probe_plan_configure(world.plan, &often);
	run_for(&world, 35);
	assert_in_range(world.reports, 2, 3); /* two where it was due at once */
	probe_plan_free(world.plan);
}

/* A floor that is raised holds for what was measured before. */
static void test_another_floor_holds_at_once(void **state)
{
	const struct probe_plan_config high = {
		.interval_ns = INTERVAL, .rate_pps = 10, .floor = { 1400, 1400 },
	};
	struct world world;

	(void)state;
	begin(&world);
	world.passes = 1300;
	update_one(&world, 1, 1500, 0);
	run_for(&world, 30);
	assert_int_equal(only_measure(&world)->mtu, 1300);
	probe_plan_configure(world.plan, &high);
	assert_int_equal(only_measure(&world)->mtu, 1400);
	probe_plan_free(world.plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_endpoint_is_another_path),
		cmocka_unit_test(test_links_that_change),
		cmocka_unit_test(test_a_way_that_flaps),
		cmocka_unit_test(test_a_shorter_interval_holds_at_once),
		cmocka_unit_test(test_another_floor_holds_at_once),
		cmocka_unit_test(test_remembered_measures),
		cmocka_unit_test(test_what_is_dropped_is_not_remembered),
		cmocka_unit_test(test_many_measures_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
