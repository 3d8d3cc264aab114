/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "policy/probe/probe_budget.h"
#include "probe_world.h"

static void begin_measured(struct world *world)
{
	begin(world);
	world->passes = 1433;
	update_one(world, 1, 1500, 0);
	run_for(world, 30);
}

static uint64_t ask(struct world *world, const struct probe_run_options *options)
{
	uint64_t run;

	assert_int_equal(probe_plan_run(world->plan, "wg0", "alice", NULL, options, world->now_ns, &run),
			 0);
	return run;
}

static void test_a_run_is_begun_anew(void **state)
{
	const struct probe_run_options usual = { 0 };
	struct probe_report report;
	struct world world;
	uint64_t run, other;

	(void)state;
	begin_measured(&world);
	assert_int_equal(probe_plan_run(world.plan, "wg0", "bob", NULL, &usual, world.now_ns, &run),
			 -ENOENT);
	run = ask(&world, &usual);
	other = ask(&world, &usual);
	assert_false(probe_plan_look(world.plan, run, &report));
	assert_true(probe_plan_look(world.plan, other, &report));
	assert_false(report.finished);
	run_for(&world, 20);
	assert_int_equal(world.last.run, other);
	assert_int_equal(world.last.mtu, 1433);
	probe_plan_free(world.plan);
}

/* Twenty runs one upon the other: the path's budget holds (probe_world.h looks). */
static void test_who_asks_again_waits(void **state)
{
	const struct probe_run_options usual = { 0 };
	struct world world;

	(void)state;
	begin_measured(&world);
	for (unsigned int i = 0; i < 20; i++) {
		uint64_t run = ask(&world, &usual);

		run_until(&world, world.now_ns + (i + 1) * 100 * NS_PER_MS);
		if (i & 1)
			probe_plan_cancel(world.plan, run);
		if (i & 2)
			update_one(&world, 1, i & 4 ? 1500 : 1450, 0);
		if (i == 10)
			update(&world, NULL, 0);
		if (i >= 10)
			update_one(&world, 1, 1500, 0);
	}
	assert_true(world.sent[1] > 40);
	probe_plan_free(world.plan);
}

static void test_no_more_than_somebody_wants(void **state)
{
	const struct probe_run_options narrow = { .most = 1400 }, wide = { .most = 1480 };
	struct world world;
	uint64_t run;

	(void)state;
	begin_measured(&world);
	run = ask(&world, &narrow);
	world.largest = 0;
	run_for(&world, 20);
	assert_int_equal(world.last.run, run);
	assert_int_equal(world.last.result, PROBE_OK);
	assert_int_equal(world.largest, 1400);
	assert_int_equal(world.last.mtu, 1433); /* that more does not pass was not found */
	assert_int_equal(probe_plan_totals(world.plan).black_holes, 1); /* nor that it does */
	world.passes = 1500;
	ask(&world, &wide);
	run_for(&world, 20);
	assert_int_equal(probe_plan_totals(world.plan).black_holes, 0); /* 1480 is more than 1433 */
	probe_plan_free(world.plan);
}

static void test_as_many_tries_as_somebody_wants(void **state)
{
	const struct probe_run_options once = { .tries = 1 };
	struct world world;

	(void)state;
	begin_measured(&world);
	ask(&world, &once);
	run_for(&world, 20);
	assert_int_equal(world.last.mtu, 1433);
	for (size_t i = 0; i < world.last.size_count; i++)
		if (world.last.sizes[i].outer > 1433)
			assert_int_equal(world.last.sizes[i].sent, 1);
	probe_plan_free(world.plan);
}

static void test_what_is_cancelled_is_gone(void **state)
{
	const struct probe_run_options usual = { 0 };
	struct probe_report report;
	struct world world;
	uint64_t run;

	(void)state;
	begin_measured(&world);
	run = ask(&world, &usual);
	run_until(&world, world.now_ns + SECOND / 2);
	probe_plan_cancel(world.plan, run);
	assert_false(probe_plan_look(world.plan, run, &report));
	world.reports = 0;
	run_for(&world, 20);
	assert_int_equal(world.reports, 1); /* by itself, as nothing came of it */
	assert_true(world.last.run > run);
	probe_plan_free(world.plan);
}

static void test_a_run_for_nobodys_endpoint(void **state)
{
	const struct probe_run_options usual = { 0 };
	struct probe_target target = make_target("", "", 77, 1500, 0);
	struct world world;
	uint64_t run;
	size_t count;

	(void)state;
	begin(&world);
	world.passes = 1433;
	assert_int_equal(probe_plan_run_once(world.plan, &target, &usual, world.now_ns, &run), 0);
	assert_null(target.tunnel); /* taken */
	run_for(&world, 20);
	assert_int_equal(world.reports, 1);
	assert_int_equal(world.last.run, run);
	assert_int_equal(world.last.mtu, 1433);
	assert_int_equal(world.last.result, PROBE_BLACK_HOLE);
	assert_int_equal(world.orders[PROBE_INSIDE][PROBE_PING], 0);
	probe_plan_measures(world.plan, &count);
	assert_int_equal(count, 0);
	target = make_target("", "", 78, 1500, 0);
	assert_int_equal(probe_plan_run_once(world.plan, &target, &usual, world.now_ns, &run), 0);
	probe_plan_cancel(world.plan, run);
	run_for(&world, 20);
	assert_int_equal(world.reports, 1);
	probe_plan_free(world.plan);
}

/* Says how many datagrams go to the endpoint within nearly a second of a new run, where five
 * answers were others' just before. */
static unsigned int sent_soon(struct world *world, uint8_t others)
{
	const struct address endpoint = { .family = FAMILY_IPV4, .bytes = { 192, 0, 2, others } };
	unsigned int *sent = &world->orders[PROBE_OUTSIDE][PROBE_UDP], before;

	run_for(world, 60);
	before = *sent;
	for (unsigned int i = 0; i < PROBE_ANSWERS_BURST; i++)
		probe_plan_answered_others(world->plan, &endpoint, world->now_ns);
	ask(world, &(struct probe_run_options){ 0 });
	run_until(world, world->now_ns + 900 * NS_PER_MS);
	return *sent - before;
}

/* The far kernel does not ask who has used up its errors: a trace, */
static void test_answers_that_others_had(void **state)
{
	struct world world;

	(void)state;
	begin_measured(&world);
	probe_plan_allow_ping(world.plan, FAMILY_IPV4, false);
	assert_int_equal(sent_soon(&world, 1), 0);
	run_for(&world, 30);
	assert_int_equal(world.last.mtu, 1433);
	assert_true(sent_soon(&world, 2) > 0);
	probe_plan_free(world.plan);
}

/* or runs that are no more. */
static void test_answers_that_dropped_runs_had(void **state)
{
	unsigned int *sent, before;
	struct world world;

	(void)state;
	begin(&world);
	update_one(&world, 1, 1500, 0);
	probe_plan_allow_ping(world.plan, FAMILY_IPV4, false);
	run_for(&world, 60);
	sent = &world.orders[PROBE_OUTSIDE][PROBE_UDP];
	before = *sent;
	for (unsigned int i = 0; i < 20; i++) {
		ask(&world, &(struct probe_run_options){ 0 });
		run_until(&world, world.now_ns + SECOND / 2);
	}
	assert_in_range(*sent - before, 10, PROBE_ANSWERS_BURST + 10);
	probe_plan_free(world.plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_run_is_begun_anew),
		cmocka_unit_test(test_who_asks_again_waits),
		cmocka_unit_test(test_no_more_than_somebody_wants),
		cmocka_unit_test(test_as_many_tries_as_somebody_wants),
		cmocka_unit_test(test_what_is_cancelled_is_gone),
		cmocka_unit_test(test_a_run_for_nobodys_endpoint),
		cmocka_unit_test(test_answers_that_others_had),
		cmocka_unit_test(test_answers_that_dropped_runs_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
