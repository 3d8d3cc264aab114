/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "policy/probe_plan.h"

#define SECOND NS_PER_SECOND
#define INTERVAL (600 * SECOND)

/* One plan, its clock, and what answers it. */
struct world {
	struct probe_plan *plan;
	uint64_t now_ns;
	uint32_t passes;         /* outside, bytes */
	bool silent[PROBE_SIDES];
	int error[PROBE_METHODS]; /* of sending */
	unsigned int orders[PROBE_SIDES][PROBE_METHODS];
	size_t inside;           /* the address that answers */
	uint32_t largest;        /* outer size that was sent */
	struct probe_report last;
	unsigned int reports;
};

static const struct address router = { .family = FAMILY_IPV4, .bytes = { 198, 51, 100, 1 } };

static struct probe_target make_target(const char *tunnel, const char *peer, uint8_t host,
				       uint32_t assumed, uint32_t hint)
{
	return (struct probe_target){
		.tunnel = strdup(tunnel), .peer = strdup(peer), .assumed = assumed, .hint = hint,
		.way.destination = { .family = FAMILY_IPV4, .bytes = { 192, 0, 2, host } },
		.layer = { { .kind = ENCAP_WIREGUARD } }, .layer_count = 1, .link_mtu = 1420,
		.inside = { { .address = { .family = FAMILY_IPV4, .bytes = { 10, 0, 0, 1 } } },
			    { .address = { .family = FAMILY_IPV4, .bytes = { 10, 0, 0, 2 } } } },
		.inside_count = 2,
	};
}

/* Tells the plan that there are these targets: up to the first without a tunnel. */
static void update(struct world *world, const struct probe_target *targets, size_t count)
{
	struct probe_target_list list = { .list = calloc(count + 1, sizeof(*targets)) };

	assert_non_null(list.list);
	if (count)
		memcpy(list.list, targets, count * sizeof(*targets));
	list.count = count;
	assert_int_equal(probe_plan_update(world->plan, &list, world->now_ns), 0);
	assert_int_equal(list.count, 0); /* taken */
}

static void update_one(struct world *world, uint8_t host, uint32_t assumed, uint32_t hint)
{
	struct probe_target target = make_target("wg0", "alice", host, assumed, hint);

	update(world, &target, 1);
}

static void begin(struct world *world)
{
	const struct probe_plan_config config = {
		.automatic = true, .interval_ns = INTERVAL, .rate_pps = 10, .floor = { 576, 1280 }, .seed = 7,
	};

	*world = (struct world){ .now_ns = SECOND, .passes = 1500 };
	world->plan = probe_plan_new(&config);
	assert_non_null(world->plan);
}

static void deliver(struct world *world, const struct probe_order *order)
{
	bool inside = order->side == PROBE_INSIDE;
	uint32_t outer = inside ? probe_target_outer(order->target, order->size) : order->size;
	int error = world->error[order->method];

	world->orders[order->side][order->method]++;
	if (outer > world->largest)
		world->largest = outer;
	probe_plan_sent(world->plan, order->id, error, world->now_ns);
	if (error || outer > world->passes || world->silent[order->side] ||
	    (inside && order->inside != world->inside))
		return;
	probe_plan_answered(world->plan, order->id, WHOLE_YES, world->now_ns + NS_PER_MS);
}

static void run_until(struct world *world, uint64_t until_ns)
{
	while (world->now_ns < until_ns) {
		struct probe_order order;
		uint64_t wait_ns = 0;

		while (probe_plan_next(world->plan, world->now_ns, &order, &wait_ns))
			deliver(world, &order);
		while (probe_plan_take_report(world->plan, &world->last))
			world->reports++;
		world->now_ns = wait_ns < until_ns ? wait_ns : until_ns;
	}
}

static void run_for(struct world *world, uint64_t seconds)
{
	run_until(world, world->now_ns + seconds * SECOND);
}

static const struct path_measure *only_measure(struct world *world)
{
	size_t count;
	const struct path_measure *measures = probe_plan_measures(world->plan, &count);

	assert_int_equal(count, 1);
	return measures;
}

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
	assert_false(probe_plan_last(world.plan, "wg0", "alice", &result, &at_ns));
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
	assert_true(world.last.end_ns - world.last.begin_ns < 4 * SECOND);
	assert_int_equal(world.last.sizes[0].size, 96);
	assert_int_equal(world.last.sizes[1].side, PROBE_INSIDE);
	assert_int_equal(world.last.sizes[1].outer, 156); /* 96 + 60 of WireGuard */
	assert_int_equal(world.last.sizes[2].size, 1500);
	assert_int_equal(world.last.sizes[2].answered, 0);
	assert_int_equal(world.last.sent_total, probe_plan_totals(world.plan).sent);
	assert_int_equal(only_measure(&world)->mtu, 1433);
	assert_string_equal(only_measure(&world)->tunnel, "wg0");
	assert_true(probe_plan_last(world.plan, "wg0", "alice", &result, &at_ns));
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

static void test_what_was_not_sent_is_counted(void **state)
{
	struct probe_totals totals;
	struct world world;

	(void)state;
	begin(&world);
	world.error[PROBE_PING] = world.error[PROBE_UDP] = -ENETUNREACH;
	update_one(&world, 1, 1500, 0);
	run_for(&world, 30);
	totals = probe_plan_totals(world.plan);
	assert_int_equal(totals.sent, 0);
	assert_true(totals.refused > 0);
	assert_int_equal(totals.runs[PROBE_NO_ANSWER], 1);
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

static void test_a_hint_that_comes_again_counts_again(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	update_one(&world, 1, 1500, 0);
	run_for(&world, 30);
	for (uint64_t i = 1; i <= 3; i++) {
		update_one(&world, 1, 1500, 1400);
		run_for(&world, 20);
		assert_int_equal(probe_plan_totals(world.plan).hints_rejected[HINT_CONTRADICTED], i);
		update_one(&world, 1, 1500, 0);
	}
	probe_plan_free(world.plan);
}

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
	assert_int_equal(only_measure(&world)->mtu, 1433);
	assert_int_equal(only_measure(&world)->how, MEASURE_INSIDE);
	assert_int_equal(only_measure(&world)->at_ns, -9);
	run_for(&world, 70); /* a tenth of the interval, and the run */
	assert_int_equal(world.reports, 1);
	assert_true(only_measure(&world)->at_ns > 0);
	update_one(&world, 9, 1500, 0);
	assert_int_equal(only_measure(&world)->mtu, 1300);
	probe_plan_free(world.plan);
}

static void test_runs_for_people(void **state)
{
	const struct probe_run_options usual = { 0 }, narrow = { .most = 1400 }, once = { .tries = 1 };
	struct probe_report report;
	struct world world;
	uint64_t run, other;

	(void)state;
	begin(&world);
	assert_int_equal(probe_plan_run(world.plan, "wg0", "bob", &usual, world.now_ns, &run),
			 -ENOENT);
	world.passes = 1433;
	update_one(&world, 1, 1500, 0);
	run_for(&world, 30);
	assert_int_equal(probe_plan_run(world.plan, "wg0", "alice", &usual, world.now_ns, &run), 0);
	assert_int_equal(probe_plan_run(world.plan, "wg0", "alice", &narrow, world.now_ns, &other), 0);
	assert_false(probe_plan_look(world.plan, run, &report)); /* begun anew */
	assert_true(probe_plan_look(world.plan, other, &report));
	assert_false(report.finished);
	world.largest = 0;
	run_for(&world, 20);
	assert_int_equal(world.last.run, other);
	assert_int_equal(world.last.result, PROBE_OK);
	assert_int_equal(world.largest, 1400);
	assert_int_equal(world.last.mtu, 1433); /* that more does not pass was not found */
	assert_int_equal(probe_plan_run(world.plan, "wg0", "alice", &once, world.now_ns, &run), 0);
	run_for(&world, 20);
	assert_int_equal(world.last.run, run);
	assert_int_equal(world.last.mtu, 1433);
	for (size_t i = 0; i < world.last.size_count; i++)
		if (world.last.sizes[i].outer > 1433)
			assert_int_equal(world.last.sizes[i].sent, 1);
	assert_int_equal(probe_plan_run(world.plan, "wg0", "alice", &usual, world.now_ns, &run), 0);
	probe_plan_cancel(world.plan, run);
	assert_false(probe_plan_look(world.plan, run, &report));
	world.reports = 0;
	run_for(&world, 20);
	assert_int_equal(world.reports, 1); /* by itself, as nothing came of it */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_nothing_to_do),
		cmocka_unit_test(test_the_report_tells_all),
		cmocka_unit_test(test_each_contact),
		cmocka_unit_test(test_what_was_not_sent_is_counted),
		cmocka_unit_test(test_each_hint),
		cmocka_unit_test(test_a_hint_that_comes_again_counts_again),
		cmocka_unit_test(test_another_endpoint_is_another_path),
		cmocka_unit_test(test_links_that_change),
		cmocka_unit_test(test_remembered_measures),
		cmocka_unit_test(test_runs_for_people),
		cmocka_unit_test(test_a_run_for_nobodys_endpoint),
		cmocka_unit_test(test_many_measures_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
