/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/array.h"
#include "probe_world.h"

/* A path of 1433 bytes that was measured; then this host cuts the packets of the tunnel to 600, and
 * the pieces get lost. An exception that it believes may be the reason. */
static const struct {
	const char *name;
	bool silent_outside;
	uint32_t hint;          /* the exception is there when the run begins */
	uint32_t late_hint;     /* it is told when the run is all but over */
	uint32_t mtu;           /* in force behind it */
	bool contradicted;
} cases[] = {
	/* name                      silent  hint  late   mtu  contradicted */
	{ "whole",                    false,    0,    0,  1433, false },
	{ "forged",                   false,  600,    0,  1433, true },
	{ "forged, told late",        false,    0,  600,  1433, true },
	{ "below the floor",          false,  400,    0,  1433, true },
	{ "outside silent, forged",   true,   600,    0,  1433, false },
	{ "outside silent, told late", true,    0,  600,  1433, false },
};

static void run_once(struct world *world, const char *name)
{
	static const struct probe_run_options usual = { 0 };
	unsigned int before = world->reports;
	uint64_t run;

	assert_int_equal(probe_plan_run(world->plan, "wg0", "alice", NULL, &usual, world->now_ns,
					&run), 0);
	run_for(world, 60);
	if (world->reports != before + 1)
		fail_msg("%s: %u reports", name, world->reports - before);
}

/* The hint comes as soon as the run has nothing more to send. */
static void run_with_late_hint(struct world *world, uint32_t hint)
{
	static const struct probe_run_options usual = { 0 };
	struct probe_report report;
	uint64_t run, last_ns = world->now_ns;
	uint32_t sent = 0;

	assert_int_equal(probe_plan_run(world->plan, "wg0", "alice", NULL, &usual, world->now_ns,
					&run), 0);
	while (probe_plan_look(world->plan, run, &report) &&
	       (report.sent_total != sent || world->now_ns - last_ns < 1400 * NS_PER_MS)) {
		if (report.sent_total != sent)
			last_ns = world->now_ns;
		sent = report.sent_total;
		run_until(world, world->now_ns + 20 * NS_PER_MS);
	}
	assert_true(probe_plan_look(world->plan, run, &report));
	update_one(world, 1, 1500, hint);
	run_for(world, 60);
}

static void test_packets_that_are_cut_here(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world world;

		begin(&world);
		world.passes = 1433;
		update_one(&world, 1, 1500, 0);
		run_for(&world, 120);
		assert_int_equal(only_measure(&world)->mtu, 1433);
		world.silent[PROBE_OUTSIDE] = cases[i].silent_outside;
		world.cut_to = cases[i].hint || cases[i].late_hint ? 600 : 0;
		world.last = (struct probe_report){ 0 };
		if (cases[i].late_hint) {
			run_with_late_hint(&world, cases[i].late_hint);
		} else {
			update_one(&world, 1, 1500, cases[i].hint);
			run_once(&world, cases[i].name);
		}
		if (only_measure(&world)->mtu != cases[i].mtu ||
		    world.last.hint_contradicted != cases[i].contradicted)
			fail_msg("%s: %u, contradicted %d", cases[i].name,
				 only_measure(&world)->mtu, world.last.hint_contradicted);
		probe_plan_free(world.plan);
	}
}

/* Less inside and no exception: the path really is smaller for the tunnel's packets. */
static void test_less_inside_is_believed(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	world.passes = 1500;
	world.cut_to = 1400;
	update_one(&world, 1, 1500, 0);
	run_for(&world, 60);
	assert_in_range(only_measure(&world)->mtu, 1380, 1400);
	assert_int_equal(only_measure(&world)->how, MEASURE_INSIDE);
	probe_plan_free(world.plan);
}

/* A filter lets small echoes pass alone: what the tunnel carries, whole, stands above that. */
static const struct {
	const char *name;
	uint32_t passes, echo_to, whole_to;
	uint32_t least, most;   /* in force behind it */
	enum probe_result result;
} filters[] = {
	/* name                       passes  echo  whole  least  most  result */
	{ "echoes of 1000",             1500, 1000,     0,  1500, 1500, PROBE_OK },
	{ "echoes of 200",              1500,  200,     0,  1500, 1500, PROBE_OK },
	{ "and a hole: who knows",      1433, 1000,     0,  1000, 1000, PROBE_BLACK_HOLE },
	{ "a hole alone",               1433,    0,     0,  1433, 1433, PROBE_BLACK_HOLE },
	{ "pieces pass inside",         1500, 1433,  1433,  1433, 1433, PROBE_BLACK_HOLE },
};

static void test_echoes_that_are_filtered(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(filters); i++) {
		struct world world;
		uint32_t mtu;

		begin(&world);
		world.passes = filters[i].passes;
		world.echo_to = filters[i].echo_to;
		world.whole_to = filters[i].whole_to;
		update_one(&world, 1, 1500, 0);
		for (int again = 0; again < 2; again++) {
			run_for(&world, again ? 700 : 60);
			mtu = only_measure(&world)->mtu;
			if (mtu < filters[i].least || mtu > filters[i].most ||
			    world.last.result != filters[i].result)
				fail_msg("%s, %d: %u, %s", filters[i].name, again, mtu,
					 probe_result_name(world.last.result));
		}
		probe_plan_free(world.plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets_that_are_cut_here),
		cmocka_unit_test(test_less_inside_is_believed),
		cmocka_unit_test(test_echoes_that_are_filtered),
	};

	return cmocka_run_group_tests_name("probe_doubt", tests, NULL, NULL);
}
