/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "probe_world.h"

/* Three tunnels, two of them to one endpoint. */
static void begin_three(struct world *world)
{
	const struct probe_target targets[] = {
		make_target("wg0", "alice", 1, 1500, 0), make_target("wg1", "bob", 1, 1500, 0),
		make_target("wg2", "carol", 2, 1500, 0),
	};

	begin(world);
	update(world, targets, 3);
	run_for(world, 60);
	assert_int_equal(world->reports, 3);
	world->reports = 0;
}

static uint32_t measured(struct world *world, const char *tunnel)
{
	size_t count;
	const struct path_measure *measures = probe_plan_measures(world->plan, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(measures[i].tunnel, tunnel) == 0)
			return measures[i].mtu;
	return 0;
}

static void ask_alice(struct world *world)
{
	const struct probe_run_options options = { 0 };
	uint64_t run;

	assert_int_equal(probe_plan_run(world->plan, "wg0", "alice", NULL, &options,
					world->now_ns, &run), 0);
	run_for(world, 60);
}

/* What one tunnel's path has lost, others to its endpoint are asked about: not those elsewhere. */
static void test_less_to_an_endpoint_is_news_for_its_other_tunnels(void **state)
{
	struct world world;

	(void)state;
	begin_three(&world);
	world.passes = 1400;
	ask_alice(&world);
	assert_int_equal(measured(&world, "wg0"), 1400);
	assert_int_equal(measured(&world, "wg1"), 1400);
	assert_int_equal(measured(&world, "wg2"), 1500);
	assert_int_equal(world.reports, 2); /* and bob's is no news for alice */
	assert_int_equal(probe_plan_totals(world.plan).runs[PROBE_BLACK_HOLE], 2);
	assert_int_equal(probe_plan_totals(world.plan).black_holes, 2);
	ask_alice(&world);
	assert_int_equal(probe_plan_totals(world.plan).runs[PROBE_BLACK_HOLE], 3);
	assert_int_equal(probe_plan_totals(world.plan).black_holes, 2);
	probe_plan_free(world.plan);
}

/* Nothing follows from a path that is as it was. */
static void test_no_less_is_no_news(void **state)
{
	struct world world;

	(void)state;
	begin_three(&world);
	ask_alice(&world);
	assert_int_equal(world.reports, 1);
	probe_plan_free(world.plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_less_to_an_endpoint_is_news_for_its_other_tunnels),
		cmocka_unit_test(test_no_less_is_no_news),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
