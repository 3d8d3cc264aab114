/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was measured, and then the world is another: how long it holds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"
#include "sim_net.h"

#define SECOND NS_PER_SECOND
#define INTERVAL (600 * SECOND)
#define RUN 70     /* seconds that one run takes, and the hold of a raise */
#define ROUND 660  /* seconds, in which a run begins in routine */
#define SEEDS 8

#define BOTH(size) .forth = (size), .back = (size), .rtt_ns = 20 * NS_PER_MS
#define NO_OUTSIDE .no_ping = { true, false }, .no_udp = { true, false }
#define NO_INSIDE .no_ping = { false, true }, .no_udp = { false, true }
#define NOBODY .no_ping = { true, true }, .no_udp = { true, true }

static const struct {
	const char *name;
	struct sim_path before, after;
	uint64_t wait_s;          /* until it is so at the latest, behind the change */
	uint32_t first, last;     /* in force */
	bool measured;            /* at the end */
} cases[] = {
	{ "nobody answers any more", { BOTH(1400) }, { BOTH(1500), NOBODY }, 4 * ROUND,
	  1400, 1400, true },
	{ "another link, nobody answers", { BOTH(1300) }, { BOTH(1500), NOBODY, .exit = 7 }, RUN,
	  1300, 1500, false },
	{ "a link that takes less, nobody answers", { BOTH(1300) },
	  { BOTH(1480), NOBODY, .assumed = 1480 }, RUN, 1300, 1480, false },
	{ "a link that takes less than was measured", { BOTH(1500) },
	  { BOTH(1420), NOBODY, .assumed = 1420 }, RUN, 1500, 1420, false },
	{ "all passed, another link, nobody answers", { BOTH(1500) },
	  { BOTH(1500), NOBODY, .exit = 7 }, RUN, 1500, 1500, false },
	{ "another link, and it is the same", { BOTH(1300) }, { BOTH(1300), .exit = 7 }, RUN,
	  1300, 1300, true },
	{ "another link, the other side alone answers", { BOTH(1400) },
	  { BOTH(1500), NO_OUTSIDE, .exit = 7 }, RUN, 1400, 1500, true },
	{ "a router tells no more", { BOTH(1400), NOBODY, .honest = true },
	  { BOTH(1500), NOBODY, .honest = true }, 2 * ROUND, 1400, 1500, false },
	{ "a router tells still", { BOTH(1400), NOBODY, .honest = true },
	  { BOTH(1400), NOBODY, .honest = true }, 4 * ROUND, 1400, 1400, true },
	{ "the outside is silent, the inside takes more", { BOTH(1400) },
	  { BOTH(1500), NO_OUTSIDE }, 2 * ROUND, 1400, 1500, true },
	{ "the outside is silent, the inside takes it in pieces", { BOTH(1400) },
	  { BOTH(1400), NO_OUTSIDE, .fragments = true, .busy = 100 }, 4 * ROUND, 1400, 1400, true },
	{ "the inside is silent, the outside takes more", { BOTH(1400), NO_OUTSIDE },
	  { BOTH(1500), NO_INSIDE }, 2 * ROUND, 1388, 1500, true },
};

static void play(size_t i, uint64_t seed)
{
	struct sim_path path = cases[i].before;
	struct sim_net net;
	size_t count;

	sim_begin(&net, &path, 1, INTERVAL, 10, seed);
	sim_run(&net, 700 * SECOND, NULL, NULL);
	if (sim_in_force(&net, 0) != cases[i].first)
		fail_msg("%s, seed %ju: %u before", cases[i].name, (uintmax_t)seed,
			 sim_in_force(&net, 0));
	path = cases[i].after;
	sim_update(&net);
	sim_run(&net, (700 + cases[i].wait_s) * SECOND, NULL, NULL);
	probe_plan_measures(net.plan, &count);
	if (sim_in_force(&net, 0) != cases[i].last || count != cases[i].measured)
		fail_msg("%s, seed %ju: %u in force, %zu measured", cases[i].name, (uintmax_t)seed,
			 sim_in_force(&net, 0), count);
	if (net.fault_count)
		fail_msg("%s, seed %ju: %s", cases[i].name, (uintmax_t)seed, net.fault);
	sim_done(&net);
}

static void test_each_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			play(i, seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_change) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
