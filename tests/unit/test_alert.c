/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>

#include "base/array.h"
#include "base/clock.h"
#include "policy/alert.h"

#define S NS_PER_SECOND

static const struct alert_rule rate = {
	.measure = ALERT_RATE, .threshold = 5, .window_ns = 10 * S, .for_ns = 20 * S,
};
static const struct alert_rule share = {
	.measure = ALERT_SHARE, .threshold = 3, .window_ns = 60 * S, .for_ns = 0, .least = 100,
};
static const struct alert_rule total = {
	.measure = ALERT_TOTAL, .threshold = 4, .window_ns = 3600 * S, .for_ns = 0,
};

/* A counter that is looked at each second. */
struct world {
	struct alert alert;
	uint64_t seconds, part, whole;
	uint64_t fired, cleared; /* second of the last of each, 0: none */
	unsigned int changes;
};

/* Goes on for so many seconds with so much more in each. */
static void play(struct world *world, const struct alert_rule *rule, uint64_t seconds,
		 uint64_t part, uint64_t whole)
{
	for (uint64_t i = 0; i < seconds; i++) {
		struct alert_sample sample = {
			.ns = (1000 + world->seconds) * S, .part = world->part, .whole = world->whole,
		};
		enum alert_change change = alert_step(&world->alert, rule, sample.ns, &sample);

		world->changes += change != ALERT_SAME;
		if (change == ALERT_FIRED)
			world->fired = world->seconds;
		if (change == ALERT_CLEARED)
			world->cleared = world->seconds;
		world->seconds++;
		world->part += part;
		world->whole += whole;
	}
}

/* What a rate of 0 becomes; when it fires and clears, in seconds from the change. */
static const struct {
	const char *name;
	const struct alert_rule *rule;
	uint64_t part, whole; /* a second, from second 100 on; from 200 on none */
	bool fires;
	uint64_t fired_from, fired_to, cleared_from, cleared_to;
} courses[] = {
	{ "below",              &rate,  4, 0,    false, 0, 0, 0, 0 },
	{ "at the threshold",   &rate,  5, 0,    true, 129, 132, 219, 222 },
	{ "far above",          &rate,  500, 0,  true, 120, 123, 229, 232 },
	{ "a small share",      &share, 2, 100,  false, 0, 0, 0, 0 },
	{ "the share",          &share, 3, 100,  true, 158, 162, 200, 203 },
	{ "a share of a few",   &share, 1, 1,    false, 0, 0, 0, 0 },
};

static void test_courses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(courses); i++) {
		struct world world = { .seconds = 0 };

		play(&world, courses[i].rule, 100, 0, courses[i].whole);
		play(&world, courses[i].rule, 100, courses[i].part, courses[i].whole);
		play(&world, courses[i].rule, 100, 0, courses[i].whole);
		if (!courses[i].fires) {
			if (world.changes)
				fail_msg("%s: fired at %d", courses[i].name, (int)world.fired);
			continue;
		}
		if (world.changes != 2 || world.fired < courses[i].fired_from ||
		    world.fired > courses[i].fired_to || world.cleared < courses[i].cleared_from ||
		    world.cleared > courses[i].cleared_to)
			fail_msg("%s: %u changes, fired at %d, cleared at %d", courses[i].name,
				 world.changes, (int)world.fired, (int)world.cleared);
	}
}

static void test_a_peak_that_passes_is_none(void **state)
{
	struct world world = { .seconds = 0 };

	(void)state;
	play(&world, &rate, 100, 0, 0);
	for (int i = 0; i < 20; i++) {
		play(&world, &rate, 8, 40, 0);
		play(&world, &rate, 22, 0, 0);
	}
	assert_int_equal(world.changes, 0);
	assert_true(world.alert.known);
}

static void test_a_dip_does_not_clear(void **state)
{
	struct world world = { .seconds = 0 };

	(void)state;
	play(&world, &rate, 60, 50, 0);
	assert_true(world.alert.firing);
	play(&world, &rate, 20, 0, 0);
	play(&world, &rate, 20, 50, 0);
	assert_int_equal(world.changes, 1);
	assert_true(world.alert.firing);
}

static void test_totals_of_an_hour(void **state)
{
	struct world world = { .seconds = 0 };

	(void)state;
	play(&world, &total, 10, 0, 0);
	for (int i = 0; i < 4; i++) {
		assert_false(world.alert.firing);
		play(&world, &total, 1, 1, 0);
		play(&world, &total, 300, 0, 0);
	}
	assert_true(world.alert.firing); /* the fourth within 20 minutes */
	play(&world, &total, 4400, 0, 0);
	assert_false(world.alert.firing);
	assert_int_equal(world.changes, 2);
	assert_true(world.cleared >= 3600 && world.cleared <= 3600 + 1200);
}

static void test_a_start_is_no_peak(void **state)
{
	struct world world = { .part = 1000000 };

	(void)state;
	play(&world, &rate, 10, 0, 0);
	assert_false(world.alert.known); /* less than a window is no rate */
	play(&world, &rate, 200, 0, 0);
	assert_true(world.alert.known && world.alert.value == 0);
	assert_int_equal(world.changes, 0);
}

static void test_a_counter_that_begins_anew(void **state)
{
	struct world world = { .seconds = 0 };

	(void)state;
	play(&world, &rate, 100, 100, 0);
	assert_true(world.alert.firing);
	world.part = 0;
	play(&world, &rate, 5, 100, 0);
	assert_false(world.alert.known);
	assert_true(world.alert.firing); /* nothing says that it is over */
	play(&world, &rate, 100, 0, 0);
	assert_false(world.alert.firing);
	assert_int_equal(world.changes, 2);
}

static void test_a_counter_that_cannot_be_read(void **state)
{
	struct world world = { .seconds = 0 };

	(void)state;
	play(&world, &rate, 100, 100, 0);
	assert_int_equal(alert_step(&world.alert, &rate, (1000 + world.seconds) * S, NULL),
			 ALERT_SAME);
	assert_false(world.alert.known);
	assert_true(world.alert.firing);
}

/* A night's suspend is one long stretch with what came in it. */
static void test_suspended(void **state)
{
	struct world world = { .seconds = 0 };

	(void)state;
	play(&world, &rate, 100, 1, 0);
	world.seconds += 36000;
	world.part += 3600;
	play(&world, &rate, 100, 1, 0);
	assert_int_equal(world.changes, 0);
	assert_true(world.alert.value > 0.9 && world.alert.value < 1.1);
}

static void test_a_threshold_that_is_taken_away(void **state)
{
	struct alert_rule off = rate;
	struct world world = { .seconds = 0 };

	(void)state;
	off.threshold = 0;
	play(&world, &rate, 100, 100, 0);
	assert_true(world.alert.firing);
	play(&world, &off, 1, 100, 0);
	assert_false(world.alert.firing);
	play(&world, &off, 100, 100, 0);
	assert_int_equal(world.changes, 2);
}

/* What began while nobody looked: whether it is over, and when that is known. */
static const struct {
	const char *name;
	const struct alert_rule *rule;
	uint64_t part, whole;    /* a second, from the start on */
	uint64_t until;          /* the last second in which nobody knows */
	uint64_t known;          /* the first in which it is settled for sure; 0: never */
	bool fires;
} starts[] = {
	{ "calm: window and for",          &rate,  0, 0,    29, 31, false },
	{ "it goes on",                    &rate,  50, 0,   29, 31, true },
	{ "a share of a few",              &share, 1, 1,    59, 61, false },
	{ "a total: none, for all we saw", &total, 0, 0,    3599, 3601, false },
};

static void test_settled(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(starts); i++) {
		struct world world = { .seconds = 0 };

		play(&world, starts[i].rule, starts[i].until, starts[i].part, starts[i].whole);
		if (world.alert.settled)
			fail_msg("%s: settled too early", starts[i].name);
		play(&world, starts[i].rule, starts[i].known + 1 - world.seconds, starts[i].part,
		     starts[i].whole);
		if (!world.alert.settled || world.alert.firing != starts[i].fires)
			fail_msg("%s: not settled", starts[i].name);
	}
}

static void test_what_settles_not(void **state)
{
	struct alert_rule off = rate;
	struct world world = { .seconds = 0 };

	(void)state;
	play(&world, &rate, 25, 0, 0);
	for (int i = 0; i < 5; i++) { /* a peak at each try */
		play(&world, &rate, 4, 100, 0);
		play(&world, &rate, 20, 0, 0);
		assert_false(world.alert.settled || world.alert.firing);
	}
	alert_step(&world.alert, &rate, (1000 + world.seconds) * S, NULL);
	play(&world, &rate, 29, 0, 0);
	assert_false(world.alert.settled); /* a counter that could not be read begins it anew */
	off.threshold = 0;
	alert_step(&world.alert, &off, (1000 + world.seconds) * S, NULL);
	assert_true(world.alert.settled); /* nobody asks for it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_courses),
		cmocka_unit_test(test_a_peak_that_passes_is_none),
		cmocka_unit_test(test_a_dip_does_not_clear),
		cmocka_unit_test(test_totals_of_an_hour),
		cmocka_unit_test(test_a_start_is_no_peak),
		cmocka_unit_test(test_a_counter_that_begins_anew),
		cmocka_unit_test(test_a_counter_that_cannot_be_read),
		cmocka_unit_test(test_suspended),
		cmocka_unit_test(test_a_threshold_that_is_taken_away),
		cmocka_unit_test(test_settled),
		cmocka_unit_test(test_what_settles_not),
	};

	return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
