/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One path at a time, in every weather: what is found is the truth, and how long it is not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/clock.h"
#include "sim_net.h"

#define SECOND NS_PER_SECOND
#define INTERVAL (600 * SECOND)
#define SEEDS 8
#define RUNS 4           /* measurements of one path, at least */
#define SECONDS 2700     /* that they take: RUNS times 600 s and a tenth */
#define ABOVE (INTERVAL / 10 * 11 + 40 * SECOND) /* longest time in force above the truth */

enum how_sure {
	EXACT,      /* each run ends with the truth */
	NEARLY,     /* one in fifty may end too low, none too high */
	SELDOM_LOW, /* one in a thousand, none too high */
	ONLY_LAST,  /* what is in force at the end */
};

static const struct scenario {
	const char *name;
	struct sim_path path;
	enum probe_result result; /* of the first run */
	enum how_sure sure;
	uint64_t first_ms;        /* longest first run, 0: not looked at */
} cases[] = {
#define BOTH(size) .forth = (size), .back = (size)
#define FAST .rtt_ns = NS_PER_MS
#define SLOW .rtt_ns = 200 * NS_PER_MS
#define LOSS(percent) .loss_forth = (percent), .loss_back = (percent)
#define NO_PING .no_ping = { true, true }
#define NO_OUTSIDE .no_ping = { true, false }, .no_udp = { true, false }
#define NO_INSIDE .no_ping = { false, true }, .no_udp = { false, true }
#define NOBODY .no_ping = { true, true }, .no_udp = { true, true }
#define LIES(a, b, c, d) .lies = 100, .lie = { a, b, c, d }
	{ "all passes", { BOTH(1500), FAST }, PROBE_OK, EXACT, 1000 },
	{ "more than is promised passes", { BOTH(9000), FAST }, PROBE_OK, EXACT, 1000 },
	{ "jumbo frames", { BOTH(9000), FAST, .assumed = 9000 }, PROBE_OK, EXACT, 1000 },
	{ "jumbo frames, but a link of 1500", { BOTH(1500), FAST, .assumed = 9000 },
	  PROBE_BLACK_HOLE, EXACT, 4500 },
	{ "black hole at a plateau", { BOTH(1492), FAST }, PROBE_BLACK_HOLE, EXACT, 4500 },
	{ "black hole between", { BOTH(1433), FAST }, PROBE_BLACK_HOLE, EXACT, 4500 },
	{ "black hole one below a plateau", { BOTH(1451), FAST }, PROBE_BLACK_HOLE, EXACT, 4500 },
	{ "black hole at the top but one", { BOTH(1499), FAST }, PROBE_BLACK_HOLE, EXACT, 4500 },
	{ "black hole, 200 ms", { BOTH(1433), SLOW }, PROBE_BLACK_HOLE, EXACT, 10000 },
	{ "black hole at the base", { BOTH(1200), FAST }, PROBE_BLACK_HOLE, EXACT, 5000 },
	{ "black hole below the base", { BOTH(1000), FAST }, PROBE_BLACK_HOLE, EXACT, 6000 },
	{ "at the floor", { BOTH(576), FAST }, PROBE_BLACK_HOLE, EXACT, 5000 },
	{ "below the floor", { BOTH(400), FAST }, PROBE_BLACK_HOLE, EXACT, 5000 },
	{ "honest router", { BOTH(1492), FAST, .honest = true }, PROBE_OK, EXACT, 3000 },
	{ "honest router, odd size", { BOTH(1433), FAST, .honest = true }, PROBE_OK, EXACT, 3000 },
	{ "honest router, 1 %", { BOTH(1433), FAST, LOSS(1), .honest = true }, PROBE_OK, EXACT, 0 },
	{ "1 %", { BOTH(1433), FAST, LOSS(1) }, PROBE_BLACK_HOLE, EXACT, 0 },
	{ "10 %", { BOTH(1433), FAST, LOSS(10) }, PROBE_BLACK_HOLE, EXACT, 0 },
	{ "10 %, all passes", { BOTH(1500), SLOW, LOSS(10) }, PROBE_OK, EXACT, 0 },
	{ "30 %", { BOTH(1433), FAST, LOSS(30), .hostless = true }, PROBE_BLACK_HOLE, NEARLY, 0 },
	{ "30 %, all passes", { BOTH(1500), SLOW, LOSS(30), .hostless = true }, PROBE_OK, NEARLY,
	  0 },
	{ "30 % there alone", { BOTH(1380), FAST, .loss_forth = 30, .hostless = true },
	  PROBE_BLACK_HOLE, NEARLY, 0 },
	{ "30 % back alone", { BOTH(1380), FAST, .loss_back = 30, .hostless = true },
	  PROBE_BLACK_HOLE, NEARLY, 0 },
	{ "outages of 100 ms", { BOTH(1433), FAST, .outage_ns = 100 * NS_PER_MS }, PROBE_BLACK_HOLE,
	  NEARLY, 0 },
	{ "outages of 300 ms", { BOTH(1433), FAST, .outage_ns = 300 * NS_PER_MS }, PROBE_BLACK_HOLE,
	  EXACT, 0 },
	{ "outages of 300 ms, all passes", { BOTH(1500), FAST, .outage_ns = 300 * NS_PER_MS },
	  PROBE_OK, EXACT, 0 },
	{ "narrow there", { .forth = 1400, .back = 1500, FAST }, PROBE_BLACK_HOLE, EXACT, 4500 },
	{ "narrow back", { .forth = 1500, .back = 1400, FAST }, PROBE_BLACK_HOLE, EXACT, 4500 },
	{ "narrow back, nobody pings", { .forth = 1500, .back = 1400, FAST, NO_PING }, PROBE_OK,
	  EXACT, 3000 },
	{ "reordering", { BOTH(1433), FAST, .spread_ns = 90 * NS_PER_MS }, PROBE_BLACK_HOLE, EXACT,
	  5000 },
	{ "much reordering", { BOTH(1433), FAST, .spread_ns = 700 * NS_PER_MS }, PROBE_BLACK_HOLE,
	  EXACT, 0 },
	{ "one answer in ten is late", { BOTH(1433), FAST, .late = 10 }, PROBE_BLACK_HOLE, EXACT,
	  0 },
	{ "all answers are late", { BOTH(1433), FAST, .late = 100 }, PROBE_BLACK_HOLE, EXACT, 0 },
	{ "answers twice", { BOTH(1433), FAST, .doubled = 50 }, PROBE_BLACK_HOLE, EXACT, 4500 },
	{ "UDP alone", { BOTH(1433), FAST, NO_PING }, PROBE_BLACK_HOLE, EXACT, 7000 },
	{ "UDP, one error a second", { BOTH(1433), FAST, NO_PING, .limited = true },
	  PROBE_BLACK_HOLE, EXACT, 11000 },
	{ "UDP, one error a second, a large budget",
	  { BOTH(1433), FAST, NO_PING, .limited = true, .rate_pps = 100 }, PROBE_BLACK_HOLE, EXACT,
	  11000 },
	{ "UDP, one error a second, jitter",
	  { BOTH(1433), SLOW, NO_PING, .limited = true, .spread_ns = 100 * NS_PER_MS },
	  PROBE_BLACK_HOLE, EXACT, 0 },
	{ "no host inside", { BOTH(1433), FAST, .hostless = true }, PROBE_BLACK_HOLE, EXACT, 4500 },
	{ "the inside is silent", { BOTH(1433), FAST, NO_INSIDE }, PROBE_BLACK_HOLE, EXACT, 6000 },
	{ "the inside alone", { BOTH(1433), FAST, NO_OUTSIDE }, PROBE_BLACK_HOLE, EXACT, 6000 },
	{ "the inside alone, all passes", { BOTH(1500), FAST, NO_OUTSIDE }, PROBE_OK, EXACT, 4500 },
	{ "the inside alone, as much as it carries", { BOTH(1480), FAST, NO_OUTSIDE }, PROBE_OK,
	  EXACT, 4500 },
	{ "fragments pass, the inside alone", { BOTH(1433), FAST, NO_OUTSIDE, .fragments = true },
	  PROBE_OK, EXACT, 6000 },
	{ "fragments pass", { BOTH(1433), FAST, .fragments = true }, PROBE_BLACK_HOLE, EXACT,
	  4500 },
	{ "fragments pass, the inside alone, 200 ms",
	  { BOTH(1433), SLOW, NO_OUTSIDE, .fragments = true }, PROBE_OK, EXACT, 20000 },
	{ "fragments pass, the inside alone, 10 %",
	  { BOTH(1433), FAST, NO_OUTSIDE, LOSS(10), .fragments = true }, PROBE_OK, EXACT, 0 },
	{ "a busy host", { BOTH(1433), FAST, .busy = 100 }, PROBE_BLACK_HOLE, EXACT, 4500 },
	{ "a busy host, all passes", { BOTH(1500), FAST, .busy = 50 }, PROBE_OK, EXACT, 1000 },
#define STRANGERS(percent) .busy = (percent), NO_OUTSIDE
	{ "5 % dirty", { BOTH(1500), FAST, STRANGERS(5) }, PROBE_OK, SELDOM_LOW, 0 },
	{ "20 % dirty", { BOTH(1500), FAST, STRANGERS(20) }, PROBE_OK, SELDOM_LOW, 0 },
	{ "50 % dirty", { BOTH(1500), FAST, STRANGERS(50) }, PROBE_OK, SELDOM_LOW, 0 },
	{ "70 % dirty", { BOTH(1500), FAST, STRANGERS(70) }, PROBE_OK, SELDOM_LOW, 0 },
	{ "20 % dirty, a black hole", { BOTH(1433), FAST, STRANGERS(20) }, PROBE_BLACK_HOLE,
	  SELDOM_LOW, 0 },
	{ "50 % dirty, a black hole", { BOTH(1433), FAST, STRANGERS(50) }, PROBE_BLACK_HOLE,
	  SELDOM_LOW, 0 },
	{ "50 % dirty, slow", { BOTH(1500), SLOW, STRANGERS(50) }, PROBE_OK, SELDOM_LOW, 0 },
	{ "nobody answers", { BOTH(1433), FAST, NOBODY }, PROBE_NO_ANSWER, ONLY_LAST, 6000 },
	{ "dead", { BOTH(1500), FAST, .dead = true, .honest = true }, PROBE_NO_ANSWER, ONLY_LAST,
	  6000 },
	{ "lies of 68", { BOTH(1500), FAST, LIES(68, 68, 68, 68) }, PROBE_OK, EXACT, 1000 },
	{ "lies of 552", { BOTH(1433), FAST, LIES(552, 552, 552, 552) }, PROBE_BLACK_HOLE, EXACT,
	  5000 },
	{ "lies of 1279", { BOTH(1500), FAST, LIES(1279, 1279, 1279, 1279) }, PROBE_OK, EXACT,
	  2000 },
	{ "lies of 1279 on a slow path", { BOTH(1500), SLOW, LIES(1279, 1279, 1279, 1279) },
	  PROBE_OK, EXACT, 3000 },
	{ "lies of all kinds", { BOTH(1433), SLOW, LIES(68, 1000, 1279, 1499) }, PROBE_BLACK_HOLE,
	  EXACT, 12000 },
	{ "lies of more", { BOTH(1433), FAST, LIES(1500, 1501, 9000, 65535) }, PROBE_BLACK_HOLE,
	  EXACT, 5000 },
};

struct watch {
	enum how_sure sure;
	uint64_t since_ns;      /* that truth holds */
	uint64_t changed_ns;    /* what is in force changed */
	uint32_t mtu;
	unsigned int runs, wrong, high, flaps;
	enum probe_result first;
	uint64_t first_ns;
};

/* Each run that ends: whether it is the truth, and no raise within a minute of a change. */
static void note(struct sim_net *net, const struct probe_report *report, void *userdata)
{
	struct watch *watch = userdata;
	uint32_t truth = sim_truth(&net->paths[0]);

	if (!watch->runs++) {
		watch->first = report->result;
		watch->first_ns = report->end_ns - report->begin_ns;
	}
	if (watch->mtu && report->mtu > watch->mtu &&
	    net->now_ns - watch->changed_ns < 60 * SECOND)
		watch->flaps++;
	if (report->mtu != (watch->mtu ? watch->mtu : SIM_ASSUMED))
		watch->changed_ns = net->now_ns;
	watch->mtu = report->mtu;
	watch->wrong += report->mtu < truth;
	watch->high += report->mtu > truth && net->now_ns - watch->since_ns > ABOVE;
}

static void no_fault(const struct sim_net *net, const char *name, uint64_t seed)
{
	if (net->fault_count)
		fail_msg("%s, seed %ju: %s, %ju times", name, (uintmax_t)seed, net->fault,
			 (uintmax_t)net->fault_count);
}

static void play(const struct scenario *scenario, uint64_t seed, struct watch *watch)
{
	struct sim_path path = scenario->path;
	struct sim_net net;

	sim_begin(&net, &path, 1, INTERVAL, path.rate_pps ? path.rate_pps : 10, seed);
	sim_run(&net, SECONDS * SECOND, note, watch);
	no_fault(&net, scenario->name, seed);
	assert_int_equal(net.muted, 0);
	if (scenario->sure != NEARLY && scenario->sure != SELDOM_LOW &&
	    sim_in_force(&net, 0) != sim_truth(&path))
		fail_msg("%s, seed %ju: %u in force, not %u", scenario->name, (uintmax_t)seed,
			 sim_in_force(&net, 0), sim_truth(&path));
	if (watch->first != scenario->result && scenario->sure == EXACT)
		fail_msg("%s, seed %ju: %s", scenario->name, (uintmax_t)seed,
			 probe_result_name(watch->first));
	if (scenario->first_ms && watch->first_ns > scenario->first_ms * NS_PER_MS)
		fail_msg("%s, seed %ju: took %ju ms", scenario->name, (uintmax_t)seed,
			 (uintmax_t)(watch->first_ns / NS_PER_MS));
	sim_done(&net);
}

static void test_each_path(void **state)
{
	const struct scenario *scenario = *state;
	static const unsigned int seeds_of[] = {
		[EXACT] = SEEDS, [NEARLY] = 4 * SEEDS, [SELDOM_LOW] = 1000, [ONLY_LAST] = SEEDS,
	};
	unsigned int runs = 0, wrong = 0, seeds = seeds_of[scenario->sure];

	for (uint64_t seed = 1; seed <= seeds; seed++) {
		struct watch watch = { .sure = scenario->sure };

		play(scenario, seed, &watch);
		assert_true(watch.runs >= RUNS);
		assert_int_equal(watch.high, 0);
		assert_int_equal(watch.flaps, 0);
		runs += watch.runs;
		wrong += watch.wrong;
	}
	if (scenario->sure == EXACT)
		assert_int_equal(wrong, 0);
	else if (scenario->sure == NEARLY)
		assert_true(wrong * 50 <= runs);
	else if (scenario->sure == SELDOM_LOW)
		assert_true(wrong * 1000 <= runs);
}

/* What changes while it is watched, second by second. */
static const struct drama {
	const char *name;
	struct sim_path path;
	struct {
		uint64_t at_s;
		uint32_t mtu;
		uint32_t hint; /* the kernel is told, honestly or not */
	} events[4];
	uint64_t every_s;      /* over and over, 0 once */
	bool exact;            /* the truth is in force at the end */
} dramas[] = {
	{ "shrinks", { BOTH(1500), FAST }, { { 700, 1400, 0 } }, 0, true },
	{ "shrinks, 10 %", { BOTH(1500), FAST, LOSS(10) }, { { 700, 1400, 0 } }, 0, true },
	{ "shrinks twice", { BOTH(1500), FAST }, { { 700, 1450, 0 }, { 1400, 1333, 0 } }, 0, true },
	{ "grows", { BOTH(1400), FAST }, { { 700, 1500, 0 } }, 0, true },
	{ "grows a little", { BOTH(1400), FAST }, { { 700, 1407, 0 } }, 0, true },
	{ "grows, 10 %", { BOTH(1400), FAST, LOSS(10) }, { { 700, 1480, 0 } }, 0, true },
	{ "shrinks and grows", { BOTH(1500), SLOW }, { { 700, 1280, 0 }, { 1400, 1500, 0 } }, 0,
	  true },
	{ "shrinks in the middle of a search", { BOTH(1450), FAST }, { { 2, 1300, 0 } }, 0, true },
	{ "grows in the middle of a search", { BOTH(1300), FAST }, { { 2, 1450, 0 } }, 0, true },
	{ "flaps each second", { BOTH(1500), FAST }, { { 0, 1400, 0 }, { 1, 1500, 0 } }, 2, false },
	{ "flaps each minute", { BOTH(1500), FAST }, { { 0, 1400, 0 }, { 60, 1500, 0 } }, 120,
	  false },
	{ "flaps, looked at every 10 s", { BOTH(1500), FAST, .interval_s = 10 },
	  { { 0, 1400, 0 }, { 15, 1500, 0 } }, 30, false },
	{ "a storm of forged hints", { BOTH(1500), FAST },
	  { { 0, 1500, 552 }, { 1, 1500, 1279 }, { 2, 1500, 576 }, { 3, 1500, 1400 } }, 4, true },
	{ "an honest hint", { BOTH(1500), FAST }, { { 700, 1400, 1400 } }, 0, true },
};

static void act(struct sim_net *net, const struct drama *drama, uint64_t second,
		struct watch *watch)
{
	uint64_t now_s = drama->every_s ? second % drama->every_s : second;
	struct sim_path *path = &net->paths[0];

	for (size_t j = 0; j < 4; j++) {
		if (!drama->events[j].mtu || drama->events[j].at_s != now_s)
			continue;
		if (path->forth != drama->events[j].mtu)
			watch->since_ns = net->now_ns;
		path->forth = path->back = drama->events[j].mtu;
		if (path->hint != drama->events[j].hint) {
			path->hint = drama->events[j].hint;
			sim_update(net);
		}
	}
}

static void test_each_drama(void **state)
{
	const struct drama *drama = *state;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct sim_path path = drama->path;
		struct watch watch = { 0 };
		struct sim_net net;

		sim_begin(&net, &path, 1,
			  path.interval_s ? path.interval_s * SECOND : INTERVAL, 10, seed);
		for (uint64_t second = 0; second < SECONDS; second++) {
			act(&net, drama, second, &watch);
			sim_run(&net, (second + 1) * SECOND, note, &watch);
		}
		no_fault(&net, drama->name, seed);
		assert_int_equal(watch.flaps, 0);
		assert_int_equal(watch.high, 0);
		if (drama->exact)
			assert_int_equal(sim_in_force(&net, 0), sim_truth(&path));
		sim_done(&net);
	}
}

static struct CMUnitTest test_of(const char *name, const void *row, CMUnitTestFunction function)
{
	return (struct CMUnitTest){
		.name = name, .test_func = function, .initial_state = (void *)(uintptr_t)row,
	};
}

#define CASES (sizeof(cases) / sizeof(cases[0]))
#define DRAMAS (sizeof(dramas) / sizeof(dramas[0]))

int main(void)
{
	struct CMUnitTest tests[CASES + DRAMAS];

	for (size_t i = 0; i < CASES; i++)
		tests[i] = test_of(cases[i].name, &cases[i], test_each_path);
	for (size_t i = 0; i < DRAMAS; i++)
		tests[CASES + i] = test_of(dramas[i].name, &dramas[i], test_each_drama);
	return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
