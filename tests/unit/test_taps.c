/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "policy/capture/taps.h"

#define WORKERS 3

struct scene {
	struct tap *list[WORKERS];
	struct taps *taps;
};

static int set_up(void **state)
{
	static struct scene scene;

	for (size_t i = 0; i < WORKERS; i++)
		scene.list[i] = tap_new();
	scene.taps = taps_new(scene.list, WORKERS);
	assert_int_equal(taps_count(scene.taps), WORKERS);
	assert_int_equal(taps_open(scene.taps), 0);
	*state = &scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	taps_close(scene->taps);
	assert_int_equal(taps_reclaim(scene->taps), 0);
	taps_free(scene->taps);
	taps_free(NULL);
	for (size_t i = 0; i < WORKERS; i++)
		tap_free(scene->list[i]);
	return 0;
}

static struct tap_ring *begin(struct scene *scene, size_t worker, uint64_t time_ns)
{
	struct tap_ring *ring = tap_enter(scene->list[worker]);

	assert_non_null(ring);
	tap_date(ring, time_ns);
	return ring;
}

static void end(struct scene *scene, size_t worker, struct tap_ring *ring, int events)
{
	for (int i = 0; i < events; i++) {
		assert_non_null(tap_reserve(ring));
		tap_keep(ring);
	}
	tap_leave(scene->list[worker], ring, UINT64_MAX);
}

/* A batch of so many events. */
static void tell(struct scene *scene, size_t worker, uint64_t time_ns, int events)
{
	end(scene, worker, begin(scene, worker, time_ns), events);
}

/* What a look gives: times, ended by 0. */
static void assert_look(struct scene *scene, uint64_t now_ns, const uint64_t *times)
{
	const struct tap_event *event;
	uint64_t place;
	size_t tap;

	taps_look(scene->taps, now_ns);
	for (; *times; times++) {
		event = taps_next(scene->taps, &tap, &place);
		assert_non_null(event);
		assert_int_equal(event->time_ns, *times);
		assert_int_equal(place, tap_taken_count(scene->list[tap]));
		taps_taken(scene->taps);
	}
	assert_null(taps_next(scene->taps, &tap, &place));
}

static void test_by_time(void **state)
{
	struct scene *scene = *state;

	tell(scene, 0, 10, 2);
	tell(scene, 1, 5, 1);
	tell(scene, 0, 30, 1);
	tell(scene, 2, 20, 1);
	assert_int_equal(taps_kept_count(scene->taps, 0), 3);
	assert_look(scene, 40, (const uint64_t[]){ 5, 10, 10, 20, 30, 0 });
	assert_look(scene, 50, (const uint64_t[]){ 0 });
}

/* One worker is still at its batch, another one has answered a later one already. */
static void test_a_batch_that_goes_on(void **state)
{
	struct scene *scene = *state;
	struct tap_ring *ring = begin(scene, 0, 100);

	tell(scene, 1, 90, 1);
	tell(scene, 1, 110, 1);
	tell(scene, 2, 120, 1);
	assert_look(scene, 130, (const uint64_t[]){ 90, 0 });
	end(scene, 0, ring, 1);
	assert_look(scene, 140, (const uint64_t[]){ 100, 110, 120, 0 });
}

/* What came between the look and the reading is for the next look. */
static void test_later_than_the_look(void **state)
{
	struct scene *scene = *state;

	tell(scene, 0, 15, 1);
	assert_look(scene, 10, (const uint64_t[]){ 0 });
	tell(scene, 1, 12, 1);
	assert_look(scene, 20, (const uint64_t[]){ 12, 15, 0 });
}

/* Nobody waits for a worker that stands still, nor for a clock that was set back. */
static void test_not_for_ever(void **state)
{
	struct scene *scene = *state;
	struct tap_ring *ring = begin(scene, 0, 100);

	for (int round = 0; round < 2; round++) {
		tell(scene, 1, 110, 1);
		tell(scene, 2, 120, 1);
		for (int look = 0; look < TAPS_WAIT_LOOKS; look++)
			assert_look(scene, 130, (const uint64_t[]){ 0 });
		assert_look(scene, 130, (const uint64_t[]){ 110, 120, 0 });
	}
	end(scene, 0, ring, 1);
	assert_look(scene, 130, (const uint64_t[]){ 100, 0 });
}

static void test_lost(void **state)
{
	struct scene *scene = *state;

	for (size_t worker = 0; worker < 2; worker++) {
		struct tap_ring *ring = begin(scene, worker, 1);

		for (int i = 0; i < TAP_RING_EVENTS + 3; i++) {
			if (tap_reserve(ring))
				tap_keep(ring);
		}
		tap_leave(scene->list[worker], ring, 2);
	}
	assert_int_equal(taps_lost(scene->taps), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_by_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_batch_that_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_later_than_the_look, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_not_for_ever, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
