/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many paths at once, and what comes in between: people who ask, targets that go, a restart. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim_net.h"

#define SECOND NS_PER_SECOND
#define INTERVAL (600 * SECOND)

/* Paths of all kinds: each has a size of its own, and one in eight answers nothing. */
static struct sim_path *make_paths(size_t count)
{
	struct sim_path *paths = calloc(count, sizeof(*paths));

	assert_non_null(paths);
	for (size_t i = 0; i < count; i++) {
		uint32_t mtu = i % 4 ? 1500 : (uint32_t)(1280 + i % 221);

		paths[i] = (struct sim_path){
			.forth = mtu, .back = mtu, .rtt_ns = (1 + i % 90) * NS_PER_MS,
			.spread_ns = 5 * NS_PER_MS, .honest = i % 3 == 0, .hostless = i % 5 == 0,
			.dead = i % 8 == 7, .no_ping = { i % 7 == 0, i % 7 == 1 },
		};
	}
	return paths;
}

static void no_fault(const struct sim_net *net)
{
	if (net->fault_count)
		fail_msg("%s, %ju times", net->fault, (uintmax_t)net->fault_count);
}

static size_t count_wrong(const struct sim_net *net)
{
	size_t wrong = 0;

	for (size_t i = 0; i < net->count; i++)
		wrong += sim_in_force(net, i) != sim_truth(&net->paths[i]);
	return wrong;
}

static void test_a_thousand_at_once(void **state)
{
	struct sim_path *paths = make_paths(1000);
	struct sim_net net;

	(void)state;
	sim_begin(&net, paths, 1000, INTERVAL, 100, 1);
	sim_run(&net, 200 * SECOND, NULL, NULL);
	no_fault(&net);
	assert_true(net.reports >= 1000);
	assert_int_equal(count_wrong(&net), 0);
	sim_done(&net);
	free(paths);
}

/* As in a storm of hints about everybody: nobody moves, each value is counted once. */
static void test_a_thousand_are_lied_about(void **state)
{
	struct sim_path *paths = make_paths(1000);
	struct probe_totals totals;
	struct sim_net net;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		paths[i].hint = i % 2 ? 552 : 600;
	sim_begin(&net, paths, 1000, INTERVAL, 100, 2);
	sim_run(&net, 200 * SECOND, NULL, NULL);
	no_fault(&net);
	assert_int_equal(count_wrong(&net), 0);
	totals = probe_plan_totals(net.plan);
	assert_int_equal(totals.hints_rejected[HINT_BELOW_FLOOR], 500);
	assert_int_equal(totals.hints_rejected[HINT_CONTRADICTED] +
				 totals.hints_rejected[HINT_NO_ANSWER], 500);
	sim_update(&net); /* the same again */
	sim_run(&net, 400 * SECOND, NULL, NULL);
	totals = probe_plan_totals(net.plan);
	assert_int_equal(totals.hints_rejected[HINT_BELOW_FLOOR], 500);
	sim_done(&net);
	free(paths);
}

/* Every third one goes in the middle of it all, and comes back. */
static void test_targets_that_go_are_left_alone(void **state)
{
	struct sim_path *paths = make_paths(300);
	struct sim_net net;

	(void)state;
	sim_begin(&net, paths, 300, INTERVAL, 100, 3);
	for (uint64_t second = 2; second < 60; second++) {
		for (size_t i = second % 3; i < 300; i += 3)
			paths[i].gone = !paths[i].gone;
		sim_update(&net);
		sim_run(&net, second * SECOND, NULL, NULL);
	}
	for (size_t i = 0; i < 300; i++)
		paths[i].gone = false;
	sim_update(&net);
	sim_run(&net, 200 * SECOND, NULL, NULL);
	no_fault(&net);
	assert_int_equal(count_wrong(&net), 0);
	sim_done(&net);
	free(paths);
}

/* Killed in the middle of a search: what the former process knew is in force at once. */
static void test_a_restart_knows_at_once(void **state)
{
	struct sim_path *paths = make_paths(40);
	const struct path_measure *measures;
	struct path_measure kept[40];
	char names[40][16];
	struct sim_net net;
	size_t count;

	(void)state;
	sim_begin(&net, paths, 40, INTERVAL, 20, 4);
	sim_run(&net, 100 * SECOND, NULL, NULL);
	for (size_t i = 0; i < 40; i++)
		paths[i].forth = paths[i].back = 1300; /* all shrink when nobody looks */
	sim_run(&net, 101 * SECOND, NULL, NULL);
	measures = probe_plan_measures(net.plan, &count);
	assert_in_range(count, 30, 40);
	for (size_t i = 0; i < count; i++) {
		kept[i] = measures[i];
		kept[i].tunnel = strcpy(names[i], measures[i].tunnel);
		kept[i].peer = "peer";
		kept[i].at_ns = -5; /* before this machine started */
	}
	sim_new_plan(&net);
	net.event_count = 0;
	assert_int_equal(probe_plan_remember(net.plan, kept, count, net.now_ns), 0);
	sim_update(&net);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(sim_in_force(&net, strtoul(kept[i].tunnel + 2, NULL, 10)),
				 kept[i].mtu);
	sim_run(&net, net.now_ns + INTERVAL / 10 + 60 * SECOND, NULL, NULL);
	no_fault(&net);
	assert_int_equal(count_wrong(&net), 0);
	sim_done(&net);
	free(paths);
}

static void note_run(struct sim_net *net, const struct probe_report *report, void *userdata)
{
	uint64_t *wanted = userdata;

	if (report->run == *wanted) {
		*wanted = 0;
		assert_true(net->now_ns - report->begin_ns < 10 * SECOND);
		assert_int_equal(report->mtu, 1433);
		assert_int_equal(report->result, PROBE_BLACK_HOLE);
	}
}

/* Somebody waits while a thousand others are measured for the first time. */
static void test_who_waits_comes_first(void **state)
{
	const struct probe_run_options options = { 0 };
	struct sim_path *paths = make_paths(1000);
	struct probe_report report;
	struct sim_net net;
	uint64_t run, wanted;

	(void)state;
	paths[900] = (struct sim_path){ .forth = 1433, .back = 1433, .rtt_ns = 200 * NS_PER_MS };
	sim_begin(&net, paths, 1000, INTERVAL, 10, 5);
	sim_run(&net, 5 * SECOND, NULL, NULL);
	assert_int_equal(probe_plan_run(net.plan, "wg00900", "peer", NULL, &options, net.now_ns, &run),
			 0);
	wanted = run;
	sim_run(&net, 7 * SECOND, note_run, &wanted);
	assert_true(probe_plan_look(net.plan, run, &report));
	assert_false(report.finished);
	assert_true(report.size_count > 1);
	sim_run(&net, 16 * SECOND, note_run, &wanted);
	assert_int_equal(wanted, 0);
	assert_false(probe_plan_look(net.plan, run, &report));
	no_fault(&net);
	sim_done(&net);
	free(paths);
}

/* Silent peers that somebody tells something new of every ten seconds, for an hour: the others are
 * measured nearly as often as without them. */
static const struct {
	const char *name;
	bool hints, roam, restless; /* restless: the way changes */
} storms[] = {
	{ "hints", true, false, false },
	{ "endpoints", false, true, false },
	{ "ways", false, false, true },
	{ "all of it", true, true, true },
};

#define SILENT 20
#define OTHERS 30

static void count_runs(struct sim_net *net, const struct probe_report *report, void *userdata)
{
	(void)userdata;
	net->paths[report->target->endpoint_port].runs++;
}

static void test_a_storm_starves_nobody(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(storms) / sizeof(storms[0]); i++) {
		struct sim_path paths[SILENT + OTHERS];
		struct sim_net net;
		uint32_t runs = 0;

		for (size_t j = 0; j < SILENT + OTHERS; j++)
			paths[j] = (struct sim_path){
				.forth = 1433, .back = 1433, .rtt_ns = 20 * NS_PER_MS,
				.dead = j < SILENT,
			};
		sim_begin(&net, paths, SILENT + OTHERS, INTERVAL, 10, 7);
		for (uint32_t step = 1; step <= 360; step++) {
			for (size_t j = 0; j < SILENT; j++) {
				paths[j].hint = storms[i].hints ? 1300 + step % 100 : 0;
				paths[j].endpoint += storms[i].roam;
				paths[j].assumed = storms[i].restless ? 1500 - step % 2 : 0;
			}
			sim_update(&net);
			sim_run(&net, step * 10 * SECOND, count_runs, NULL);
		}
		no_fault(&net);
		for (size_t j = SILENT; j < SILENT + OTHERS; j++) {
			if (paths[j].runs < 5)
				fail_msg("%s: %u runs of path %zu", storms[i].name,
					 paths[j].runs, j);
			runs += paths[j].runs;
		}
		assert_true(runs >= OTHERS * 5 + OTHERS / 2); /* six each without the storm */
		sim_done(&net);
	}
}

/* Ten thousand paths: a question to the plan stays cheap. Bounds are for a busy machine; ASan takes
 * some of it. */
static void test_ten_thousand_are_cheap(void **state)
{
	struct sim_path *paths = make_paths(10000);
	struct sim_net net;
	uint64_t begin, used;

	(void)state;
	sim_begin(&net, paths, 10000, INTERVAL, 1000, 6);
	begin = clock_thread_ns();
	sim_run(&net, 30 * SECOND, NULL, NULL);
	used = clock_thread_ns() - begin;
	no_fault(&net);
	print_message("%ju packets, %ju ns each, with the network's own\n", (uintmax_t)net.sent,
		      (uintmax_t)(used / net.sent));
	assert_true(net.sent > 5000);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	assert_true(used / net.sent < 20000);
#endif
	sim_done(&net);
	free(paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_thousand_at_once),
		cmocka_unit_test(test_a_thousand_are_lied_about),
		cmocka_unit_test(test_targets_that_go_are_left_alone),
		cmocka_unit_test(test_a_restart_knows_at_once),
		cmocka_unit_test(test_who_waits_comes_first),
		cmocka_unit_test(test_a_storm_starves_nobody),
		cmocka_unit_test(test_ten_thousand_are_cheap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
