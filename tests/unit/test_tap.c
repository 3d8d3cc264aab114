/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "policy/capture/tap.h"

/* One event of a batch of its own. */
static void tell(struct tap *tap, uint32_t number)
{
	struct tap_ring *ring = tap_enter(tap);
	struct tap_event *event;

	assert_non_null(ring);
	tap_date(ring, 1000 + number);
	event = tap_reserve(ring);
	if (event) {
		event->mark = number;
		tap_keep(ring);
	}
	tap_leave(tap, ring, 1005 + number);
}

static void assert_next(struct tap *tap, uint32_t number)
{
	const struct tap_event *event = tap_next(tap);

	assert_non_null(event);
	assert_int_equal(event->mark, number);
	assert_int_equal(event->time_ns, 1000 + number);
	assert_int_equal(event->took_ns, 5);
	tap_taken(tap);
}

static void test_nobody_watches(void **state)
{
	struct tap *tap = tap_new();

	(void)state;
	assert_false(tap_is_watched(tap));
	assert_null(tap_enter(tap));
	assert_null(tap_next(tap));
	assert_int_equal(tap_lost(tap), 0);
	tap_close(tap);
	tap_free(tap);
	tap_free(NULL);
}

static void test_in_order(void **state)
{
	struct tap *tap = tap_new();

	(void)state;
	assert_int_equal(tap_open(tap), 0);
	assert_int_equal(tap_open(tap), 0);
	assert_true(tap_is_watched(tap));
	for (uint32_t i = 0; i < 3 * TAP_RING_EVENTS; i += 2) {
		tell(tap, i);
		tell(tap, i + 1);
		assert_next(tap, i);
		assert_next(tap, i + 1);
		assert_null(tap_next(tap));
	}
	assert_int_equal(tap_lost(tap), 0);
	tap_free(tap);
}

/* What was kept cannot be read before the verdicts of its batch are sent. */
static void test_not_before_the_verdict(void **state)
{
	struct tap *tap = tap_new();
	struct tap_ring *ring;

	(void)state;
	assert_int_equal(tap_open(tap), 0);
	ring = tap_enter(tap);
	tap_date(ring, 100);
	assert_non_null(tap_reserve(ring));
	tap_keep(ring);
	assert_non_null(tap_reserve(ring)); /* not kept: a check of ours */
	assert_null(tap_next(tap));
	tap_leave(tap, ring, 90); /* a clock that was set back */
	assert_non_null(tap_next(tap));
	assert_int_equal(tap_next(tap)->took_ns, 0);
	tap_taken(tap);
	assert_null(tap_next(tap));
	tap_free(tap);
}

/* What finds no room is counted, and what stands there stays as it is. */
static void test_full(void **state)
{
	struct tap *tap = tap_new();

	(void)state;
	assert_int_equal(tap_open(tap), 0);
	for (uint32_t i = 0; i < TAP_RING_EVENTS + 7; i++)
		tell(tap, i);
	assert_int_equal(tap_lost(tap), 7);
	for (uint32_t i = 0; i < TAP_RING_EVENTS; i++)
		assert_next(tap, i);
	assert_null(tap_next(tap));
	tell(tap, 9);
	assert_next(tap, 9);
	assert_int_equal(tap_lost(tap), 7);
	tap_close(tap);
	assert_int_equal(tap_open(tap), 0);
	assert_int_equal(tap_lost(tap), 0);
	tap_free(tap);
}

/* A ring that the worker may write to is kept until it has left; another one may be open then. */
static void test_held_while_inside(void **state)
{
	struct tap *tap = tap_new();
	struct tap_ring *ring;

	(void)state;
	assert_int_equal(tap_open(tap), 0);
	ring = tap_enter(tap);
	tap_close(tap);
	assert_false(tap_is_watched(tap));
	assert_int_equal(tap_reclaim(tap), 1);
	assert_int_equal(tap_open(tap), 0);
	assert_int_equal(tap_reclaim(tap), 1);
	assert_non_null(tap_reserve(ring));
	tap_keep(ring);
	tap_leave(tap, ring, 2);
	assert_int_equal(tap_reclaim(tap), 0);
	assert_null(tap_next(tap)); /* it was for those who are gone */
	ring = tap_enter(tap);
	tap_close(tap);
	tap_leave(tap, ring, 4);
	assert_null(tap_enter(tap)); /* inside again, for another batch */
	assert_int_equal(tap_reclaim(tap), 0);
	tap_free(tap);
}

/* What can be read by now, and how far back a batch that goes on may reach. */
static void test_horizon(void **state)
{
	struct tap *tap = tap_new();
	struct tap_ring *ring;

	(void)state;
	assert_int_equal(tap_horizon(tap, 50), 50);
	assert_int_equal(tap_taken_count(tap) + tap_kept_count(tap), 0);
	assert_int_equal(tap_open(tap), 0);
	assert_int_equal(tap_horizon(tap, 50), 50);
	ring = tap_enter(tap);
	assert_int_equal(tap_horizon(tap, 50), 0); /* whenever it began */
	tap_date(ring, 40);
	assert_int_equal(tap_horizon(tap, 50), 40);
	assert_int_equal(tap_horizon(tap, 30), 30);
	assert_non_null(tap_reserve(ring));
	tap_keep(ring);
	assert_int_equal(tap_kept_count(tap), 0);
	tap_leave(tap, ring, 60);
	assert_int_equal(tap_horizon(tap, 50), 50);
	assert_int_equal(tap_kept_count(tap), 1);
	assert_non_null(tap_next(tap));
	tap_taken(tap);
	assert_int_equal(tap_taken_count(tap), 1);
	tap_enter(tap);
	assert_int_equal(tap_horizon(tap, 70), 40); /* it may yet be that batch's */
	tap_leave(tap, ring, 80);
	tap_free(tap);
}

struct race {
	struct tap *tap;
	atomic_bool over;
	uint64_t told; /* the worker's, read behind its end */
};

static void *run_worker(void *userdata)
{
	struct race *race = userdata;

	while (!atomic_load_explicit(&race->over, memory_order_relaxed)) {
		struct tap_ring *ring =
			tap_is_watched(race->tap) ? tap_enter(race->tap) : NULL;
		struct tap_event *event;

		if (!ring) {
			sched_yield();
			continue;
		}
		tap_date(ring, 1);
		for (uint32_t i = 0; i < 64; i++) {
			event = tap_reserve(ring);
			if (!event)
				continue;
			event->mark = event->before_len = event->after_len = (uint32_t)race->told++;
			tap_keep(ring);
		}
		tap_leave(race->tap, ring, 2);
	}
	return NULL;
}

/* Rings come and go while a worker writes: each event is whole, none comes twice. */
static void test_race(void **state)
{
	struct race race = { .tap = tap_new() };
	uint64_t taken = 0, last = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, run_worker, &race), 0);
	for (int round = 0; round < 2000 || taken < 1000; round++) {
		const struct tap_event *event;

		assert_int_equal(tap_open(race.tap), 0);
		for (int i = 0; i < 200 && (event = tap_next(race.tap)); i++) {
			assert_int_equal(event->mark, event->before_len);
			assert_int_equal(event->mark, event->after_len);
			assert_true(event->mark >= last);
			last = event->mark + 1;
			taken++;
			tap_taken(race.tap);
		}
		if (round % 8 == 7)
			tap_close(race.tap);
		tap_reclaim(race.tap);
		sched_yield();
	}
	atomic_store(&race.over, true);
	pthread_join(thread, NULL);
	assert_true(taken <= race.told);
	tap_free(race.tap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_watches), cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_not_before_the_verdict), cmocka_unit_test(test_full),
		cmocka_unit_test(test_held_while_inside), cmocka_unit_test(test_horizon),
		cmocka_unit_test(test_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
