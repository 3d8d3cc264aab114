/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "probe_world.h"

static const struct address router = { .family = FAMILY_IPV4, .bytes = { 198, 51, 100, 1 } };

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(probe_result_name(PROBE_OK), "ok");
	assert_string_equal(probe_result_name(PROBE_BLACK_HOLE), "black_hole");
	assert_string_equal(probe_result_name(PROBE_NO_ANSWER), "no_answer");
	assert_string_equal(probe_result_name(PROBE_LIMITED_BY_ICMP), "limited_by_icmp");
	assert_string_equal(hint_rejected_name(HINT_CONTRADICTED), "contradicted");
	assert_string_equal(hint_rejected_name(HINT_NO_ANSWER), "no_answer");
	assert_string_equal(hint_rejected_name(HINT_BELOW_FLOOR), "below_floor");
}

static void test_nothing_to_do(void **state)
{
	struct probe_order order;
	struct probe_report report;
	enum probe_result result;
	struct world world;
	uint64_t wait_ns;
	int64_t at_ns;
	size_t count;

	(void)state;
	begin(&world);
	assert_false(probe_plan_next(world.plan, world.now_ns, &order, &wait_ns));
	assert_int_equal(wait_ns, UINT64_MAX);
	assert_false(probe_plan_take_report(world.plan, &report));
	assert_false(probe_plan_last(world.plan, "wg0", "alice", NULL, &result, &at_ns));
	probe_plan_measures(world.plan, &count);
	assert_int_equal(count, 0);
	probe_plan_sent(world.plan, 77, 0, world.now_ns); /* strangers */
	probe_plan_answered(world.plan, 77, WHOLE_YES, world.now_ns);
	probe_plan_too_big(world.plan, 77, 1400, &router, world.now_ns);
	assert_int_equal(probe_plan_totals(world.plan).answered, 0);
	probe_plan_free(world.plan);
	probe_plan_free(NULL);
}

static void test_the_report_tells_all(void **state)
{
	enum probe_result result;
	struct world world;
	int64_t at_ns;

	(void)state;
	begin(&world);
	world.passes = 1433;
	update_one(&world, 1, 1500, 0);
	run_for(&world, 20);
	assert_int_equal(world.reports, 1);
	assert_true(world.last.finished && world.last.changed);
	assert_int_equal(world.last.result, PROBE_BLACK_HOLE);
	assert_int_equal(world.last.mtu, 1433);
	assert_int_equal(world.last.old_mtu, 1500);
	assert_int_equal(world.last.how, MEASURE_OUTSIDE);
	assert_true(world.last.answers[PROBE_OUTSIDE] && world.last.answers[PROBE_INSIDE]);
	assert_int_equal(world.last.method[PROBE_INSIDE], PROBE_PING);
	assert_int_equal(world.last.inside, 0);
	assert_int_equal(world.last.fragmented, 0);
	assert_false(world.last.icmp_seen);
	assert_true(world.last.end_ns - world.last.begin_ns < 5 * SECOND);
	assert_int_equal(world.last.sizes[0].size, 96);
	assert_int_equal(world.last.sizes[1].side, PROBE_INSIDE);
	assert_int_equal(world.last.sizes[1].outer, 156); /* 96 + 60 of WireGuard */
	assert_int_equal(world.last.sizes[2].size, 1500);
	assert_int_equal(world.last.sizes[2].answered, 0);
	assert_int_equal(world.last.sent_total, probe_plan_totals(world.plan).sent);
	assert_int_equal(only_measure(&world)->mtu, 1433);
	assert_string_equal(only_measure(&world)->tunnel, "wg0");
	assert_true(probe_plan_last(world.plan, "wg0", "alice", NULL, &result, &at_ns));
	assert_int_equal(result, PROBE_BLACK_HOLE);
	assert_int_equal(at_ns, world.last.end_ns);
	run_for(&world, 660); /* the next one confirms it */
	assert_int_equal(world.reports, 2);
	assert_false(world.last.changed);
	assert_true(only_measure(&world)->at_ns > at_ns);
	probe_plan_free(world.plan);
}

static const struct {
	const char *name;
	bool no_ping;
	int ping_error, udp_error;
	bool silent[PROBE_SIDES];
	size_t inside; /* that answers */
	enum probe_result result;
	bool pings;    /* any are sent */
	bool answers[PROBE_SIDES];
	enum probe_method method; /* outside, at the end */
} contacts[] = {
	{ "ping", false, 0, 0, { false, false }, 0, PROBE_OK, true, { true, true }, PROBE_PING },
	{ "ping is not allowed", true, 0, 0, { false, false }, 0, PROBE_OK, false, { true, true },
	  PROBE_UDP },
	{ "ping cannot be sent", false, -EACCES, 0, { false, false }, 0, PROBE_OK, true,
	  { true, true }, PROBE_UDP },
	{ "nothing can be sent", false, -EACCES, -EPERM, { false, false }, 0, PROBE_NO_ANSWER, true,
	  { false, false }, PROBE_UDP },
	{ "the second address", false, 0, 0, { false, false }, 1, PROBE_OK, true, { true, true },
	  PROBE_PING },
	{ "outside alone", false, 0, 0, { false, true }, 0, PROBE_OK, true, { true, false },
	  PROBE_PING },
	{ "inside alone", false, 0, 0, { true, false }, 0, PROBE_OK, true, { false, true },
	  PROBE_UDP },
	{ "nobody", false, 0, 0, { true, true }, 0, PROBE_NO_ANSWER, true, { false, false },
	  PROBE_UDP },
};

static void test_each_contact(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(contacts) / sizeof(contacts[0]); i++) {
		struct world world;
		unsigned int pings;

		begin(&world);
		probe_plan_allow_ping(world.plan, FAMILY_IPV4, !contacts[i].no_ping);
		world.error[PROBE_PING] = contacts[i].ping_error;
		world.error[PROBE_UDP] = contacts[i].udp_error;
		memcpy(world.silent, contacts[i].silent, sizeof(world.silent));
		world.inside = contacts[i].inside;
		update_one(&world, 1, 1500, 0);
		run_for(&world, 30);
		pings = world.orders[PROBE_OUTSIDE][PROBE_PING] +
			world.orders[PROBE_INSIDE][PROBE_PING];
		if (world.reports != 1 || world.last.result != contacts[i].result ||
		    world.last.mtu != 1500 || (pings > 0) != contacts[i].pings ||
		    world.last.answers[0] != contacts[i].answers[0] ||
		    world.last.answers[1] != contacts[i].answers[1] ||
		    world.last.method[PROBE_OUTSIDE] != contacts[i].method ||
		    (world.last.answers[1] && world.last.inside != contacts[i].inside))
			fail_msg("%s: %s", contacts[i].name, probe_result_name(world.last.result));
		probe_plan_free(world.plan);
	}
}

/* No wait of a second for an endpoint that is near, but silent. */
static void test_inside_alone_is_soon_found(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	world.passes = 1433;
	world.silent[PROBE_OUTSIDE] = true;
	update_one(&world, 1, 1500, 0);
	run_for(&world, 30);
	assert_int_equal(world.last.result, PROBE_BLACK_HOLE);
	/* An exception that would explain it is waited for as well. */
	assert_true(world.last.end_ns - world.last.begin_ns < 6 * SECOND);
	probe_plan_free(world.plan);
}

static void test_what_was_not_sent_is_counted(void **state)
{
	enum probe_result result;
	struct probe_totals totals;
	struct world world;
	int64_t at_ns;

	(void)state;
	begin(&world);
	world.error[PROBE_PING] = world.error[PROBE_UDP] = -ENETUNREACH;
	update_one(&world, 1, 1500, 0);
	run_for(&world, 30);
	totals = probe_plan_totals(world.plan);
	assert_int_equal(totals.sent, 0);
	assert_true(totals.refused > 0);
	assert_int_equal(totals.runs[PROBE_NO_ANSWER], 1);
	assert_int_equal(world.last.refused_total, totals.refused);
	assert_int_equal(world.last.refusal, -ENETUNREACH);
	assert_false(probe_plan_last(world.plan, "wg0", "alice", NULL, &result, &at_ns)); /* nobody was silent */
	probe_plan_free(world.plan);
}

static const struct {
	const char *name;
	uint32_t passes, hint;
	bool silent;
	uint64_t rejected[HINT_REASONS]; /* contradicted, no answer, below the floor */
	uint32_t mtu;
} hints[] = {
	{ "true",            1400, 1400, false, { 0, 0, 0 }, 1400 },
	{ "not low enough",  1300, 1400, false, { 0, 0, 0 }, 1300 },
	{ "forged",          1500, 1400, false, { 1, 0, 0 }, 1500 },
	{ "below the floor", 1500,   68, false, { 0, 0, 1 }, 1500 },
	{ "nobody answers",  1500, 1400, true,  { 0, 1, 0 }, 1500 },
};

static void test_each_hint(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		struct world world;
		struct probe_totals totals;

		begin(&world);
		update_one(&world, 1, 1500, 0);
		run_for(&world, 30);
		world.passes = hints[i].passes;
		world.silent[0] = world.silent[1] = hints[i].silent;
		update_one(&world, 1, 1500, hints[i].hint);
		run_for(&world, 40);
		assert_int_equal(world.reports, 2); /* it began a run at once */
		update_one(&world, 1, 1500, hints[i].hint);
		run_for(&world, 20);
		assert_int_equal(world.reports, 2); /* the same is no news */
		totals = probe_plan_totals(world.plan);
		for (size_t j = 0; j < HINT_REASONS; j++)
			if (totals.hints_rejected[j] != hints[i].rejected[j])
				fail_msg("%s: reason %zu", hints[i].name, j);
		assert_int_equal(only_measure(&world)->mtu, hints[i].mtu);
		probe_plan_free(world.plan);
	}
}

/* Seconds from the run for one wrong hint to that for the next. */
static const uint64_t holds_s[] = { 20, 40, 80, 160, 320 };

static unsigned int reports_behind(struct world *world, uint64_t seconds)
{
	world->reports = 0;
	run_for(world, seconds);
	return world->reports;
}

static void test_each_wrong_hint_is_heard_later(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	update_one(&world, 1, 1500, 1400);
	run_for(&world, 5);
	for (size_t i = 0; i < sizeof(holds_s) / sizeof(holds_s[0]); i++) {
		uint64_t wrong = probe_plan_totals(world.plan).hints_rejected[HINT_CONTRADICTED];

		assert_int_equal(wrong, i + 1);
		update_one(&world, 1, 1500, 0);
		update_one(&world, 1, 1500, 1400);
		assert_int_equal(reports_behind(&world, holds_s[i] - 10), 0);
		assert_int_equal(reports_behind(&world, 10), 1);
	}
	world.passes = 1300;
	update_one(&world, 1, 1500, 1300); /* that one is true, when it is heard */
	run_for(&world, 900);
	assert_int_equal(only_measure(&world)->mtu, 1300);
	world.passes = 1290;
	update_one(&world, 1, 1500, 1290);
	assert_int_equal(reports_behind(&world, 20), 1);
	assert_int_equal(only_measure(&world)->mtu, 1290);
	probe_plan_free(world.plan);
}

/* Another endpoint of the same peer is no news each time: one run in ten seconds. */
static void test_who_moves_all_the_time(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	for (uint8_t second = 0; second < 100; second++) {
		update_one(&world, second, 1500, 0);
		run_for(&world, 1);
	}
	assert_in_range(world.reports, 1, 11);
	probe_plan_free(world.plan);
}

/* What few lost packets say is told, and lowers nothing. */
static const struct {
	unsigned int tries;
	uint32_t before, passes, told; /* bytes; before: measured */
	bool changed;
} asked[] = {
	{ 0, 1500, 1400, 1400, true },
	{ 1, 1500, 1400, 1400, false },
	{ 2, 1500, 1400, 1400, false },
	{ 3, 1500, 1400, 1400, true },
	{ 1, 1500, 1500, 1500, false },
	{ 1, 1300, 1400, 1400, true },
};

static void test_each_number_of_tries(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		const struct probe_run_options options = { .tries = asked[i].tries };
		struct world world;
		uint64_t run;

		begin(&world);
		world.passes = asked[i].before;
		update_one(&world, 1, 1500, 0);
		run_for(&world, 90);
		assert_int_equal(only_measure(&world)->mtu, asked[i].before);
		world.passes = asked[i].passes;
		assert_int_equal(probe_plan_run(world.plan, "wg0", "alice", NULL, &options,
						world.now_ns, &run), 0);
		run_for(&world, 30);
		assert_int_equal(world.last.run, run);
		if (world.last.mtu != asked[i].told || world.last.changed != asked[i].changed)
			fail_msg("%u tries: %u bytes", asked[i].tries, world.last.mtu);
		assert_int_equal(only_measure(&world)->mtu,
				 asked[i].changed ? asked[i].told : asked[i].before);
		probe_plan_free(world.plan);
	}
}

/* Another value each second for half a minute: a run in ten seconds. */
static void test_a_storm_of_hints(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	update_one(&world, 1, 1500, 0);
	run_for(&world, 30);
	world.reports = 0;
	for (uint32_t second = 0; second < 30; second++) {
		update_one(&world, 1, 1500, 1300 + second);
		run_for(&world, 1);
		assert_int_equal(only_measure(&world)->mtu, 1500);
	}
	assert_in_range(world.reports, 2, 4);
	assert_int_equal(probe_plan_totals(world.plan).hints_rejected[HINT_CONTRADICTED],
			 world.reports);
	probe_plan_free(world.plan);
}

static unsigned int count_orders(const struct world *world)
{
	return world->orders[PROBE_OUTSIDE][PROBE_PING] + world->orders[PROBE_OUTSIDE][PROBE_UDP] +
	       world->orders[PROBE_INSIDE][PROBE_PING] + world->orders[PROBE_INSIDE][PROBE_UDP];
}

static void configure(struct world *world, bool automatic)
{
	const struct probe_plan_config config = {
		.automatic = automatic, .interval_ns = INTERVAL, .rate_pps = 10,
		.floor = { 576, 1280 },
	};

	probe_plan_configure(world->plan, &config);
}

/* What goes on ends there, but for what somebody waits for. */
static void test_switched_off_in_the_middle(void **state)
{
	const struct probe_run_options usual = { 0 };
	struct world world;
	unsigned int orders;
	uint64_t run;

	(void)state;
	begin(&world);
	world.passes = 1433;
	update_one(&world, 1, 1500, 0);
	run_for(&world, 1);
	orders = count_orders(&world);
	assert_true(orders > 0);
	configure(&world, false);
	run_for(&world, 700);
	assert_int_equal(count_orders(&world), orders);
	assert_int_equal(world.reports, 0);
	configure(&world, true);
	run_for(&world, 20);
	assert_int_equal(world.reports, 1);
	assert_int_equal(only_measure(&world)->mtu, 1433);
	assert_int_equal(probe_plan_run(world.plan, "wg0", "alice", NULL, &usual, world.now_ns, &run), 0);
	run_for(&world, 1);
	configure(&world, false);
	run_for(&world, 20);
	assert_int_equal(world.last.run, run);
	probe_plan_free(world.plan);
}

static void test_ping_is_allowed_later(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	probe_plan_allow_ping(world.plan, FAMILY_IPV4, false);
	update_one(&world, 1, 1500, 0);
	run_for(&world, 30);
	assert_int_equal(world.last.method[PROBE_OUTSIDE], PROBE_UDP);
	assert_int_equal(world.orders[PROBE_OUTSIDE][PROBE_PING], 0);
	probe_plan_allow_ping(world.plan, FAMILY_IPV4, true);
	run_for(&world, 700);
	assert_int_equal(world.reports, 2);
	assert_int_equal(world.last.method[PROBE_OUTSIDE], PROBE_PING);
	assert_int_equal(world.last.method[PROBE_INSIDE], PROBE_PING);
	probe_plan_free(world.plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_nothing_to_do),
		cmocka_unit_test(test_the_report_tells_all),
		cmocka_unit_test(test_each_contact),
		cmocka_unit_test(test_inside_alone_is_soon_found),
		cmocka_unit_test(test_what_was_not_sent_is_counted),
		cmocka_unit_test(test_each_hint),
		cmocka_unit_test(test_each_wrong_hint_is_heard_later),
		cmocka_unit_test(test_who_moves_all_the_time),
		cmocka_unit_test(test_each_number_of_tries),
		cmocka_unit_test(test_a_storm_of_hints),
		cmocka_unit_test(test_switched_off_in_the_middle),
		cmocka_unit_test(test_ping_is_allowed_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
