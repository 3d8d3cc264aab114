/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots here are small stand-ins that know whether they were freed: the slot only passes them
 * on. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "policy/snapshot/slot.h"

#define ALIVE UINT64_C(0x6d73736c616d7064)
#define WORDS 16

struct snapshot {
	uint64_t word[WORDS]; /* ALIVE plus the snapshot's number in each */
	size_t *freed;        /* counts up; control thread only */
};

static struct snapshot *snapshot_numbered(uint64_t number, size_t *freed)
{
	struct snapshot *snapshot = malloc(sizeof(*snapshot));

	assert_non_null(snapshot);
	for (size_t i = 0; i < WORDS; i++)
		snapshot->word[i] = ALIVE + number;
	snapshot->freed = freed;
	return snapshot;
}

/* Takes the place of policy/snapshot's own. Overwrites before it frees, so that a reader that was
 * not waited for is caught without a sanitizer too. */
void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	(*snapshot->freed)++;
	for (size_t i = 0; i < WORDS; i++)
		((volatile uint64_t *)snapshot->word)[i] = 0;
	free(snapshot);
}

static void test_first_is_seen(void **state)
{
	size_t freed = 0;
	struct snapshot *first = snapshot_numbered(1, &freed);
	struct slot *slot = slot_new(2, first);

	(void)state;
	assert_non_null(slot);
	assert_ptr_equal(slot_current(slot), first);
	assert_ptr_equal(slot_enter(slot, 0), first);
	assert_ptr_equal(slot_enter(slot, 1), first);
	slot_leave(slot, 0);
	slot_leave(slot, 1);
	assert_int_equal(freed, 0);
	slot_free(slot);
	assert_int_equal(freed, 1);
}

static void test_empty_until_published(void **state)
{
	size_t freed = 0;
	struct slot *slot = slot_new(1, NULL);
	struct snapshot *first = snapshot_numbered(1, &freed);

	(void)state;
	assert_null(slot_current(slot));
	assert_null(slot_enter(slot, 0));
	slot_leave(slot, 0);
	assert_int_equal(slot_publish(slot, first), 0);
	assert_ptr_equal(slot_enter(slot, 0), first);
	slot_leave(slot, 0);
	assert_int_equal(slot_reclaim(slot), 0);
	slot_free(slot);
	assert_int_equal(freed, 1);
	slot_free(NULL);
}

static void test_nobody_inside_frees_at_once(void **state)
{
	size_t freed = 0;
	struct slot *slot = slot_new(SLOT_READERS_MAX, snapshot_numbered(1, &freed));

	(void)state;
	assert_int_equal(slot_publish(slot, snapshot_numbered(2, &freed)), 0);
	assert_int_equal(freed, 0);
	assert_int_equal(slot_reclaim(slot), 0);
	assert_int_equal(freed, 1);
	slot_free(slot);
	assert_int_equal(freed, 2);
}

/* Who is inside keeps it, whichever worker it is, until that one leaves. */
static void test_each_reader_holds(void **state)
{
	(void)state;
	for (size_t reader = 0; reader < SLOT_READERS_MAX; reader++) {
		size_t freed = 0;
		struct slot *slot = slot_new(SLOT_READERS_MAX, snapshot_numbered(1, &freed));
		const struct snapshot *held = slot_enter(slot, reader);

		assert_int_equal(slot_publish(slot, snapshot_numbered(2, &freed)), 0);
		assert_int_equal(slot_reclaim(slot), 1);
		assert_true(held->word[0] == ALIVE + 1);
		slot_leave(slot, reader);
		assert_int_equal(slot_reclaim(slot), 0);
		assert_int_equal(freed, 1);
		slot_free(slot);
	}
}

/* A busy worker that is inside at each look is not inside for the same batch. */
static void test_moving_on_is_enough(void **state)
{
	size_t freed = 0;
	struct slot *slot = slot_new(1, snapshot_numbered(1, &freed));

	(void)state;
	slot_enter(slot, 0);
	assert_int_equal(slot_publish(slot, snapshot_numbered(2, &freed)), 0);
	slot_leave(slot, 0);
	assert_true(slot_enter(slot, 0)->word[0] == ALIVE + 2);
	assert_int_equal(slot_reclaim(slot), 0);
	assert_int_equal(freed, 1);
	slot_leave(slot, 0);
	slot_free(slot);
	assert_int_equal(freed, 2);
}

/* Several wait at once; each is held by those alone who were inside when it was retired. */
static void test_each_retired_waits_for_its_own(void **state)
{
	size_t freed = 0;
	struct slot *slot = slot_new(2, snapshot_numbered(1, &freed));

	(void)state;
	slot_enter(slot, 0);
	assert_int_equal(slot_publish(slot, snapshot_numbered(2, &freed)), 0);
	slot_enter(slot, 1);
	assert_int_equal(slot_publish(slot, snapshot_numbered(3, &freed)), 0);
	assert_int_equal(slot_reclaim(slot), 2);
	slot_leave(slot, 0);
	assert_int_equal(slot_reclaim(slot), 1);
	assert_int_equal(freed, 1);
	slot_leave(slot, 1);
	assert_int_equal(slot_reclaim(slot), 0);
	assert_int_equal(freed, 2);
	slot_free(slot);
	assert_int_equal(freed, 3);
}

static void test_publishing_nothing(void **state)
{
	size_t freed = 0;
	struct slot *slot = slot_new(1, snapshot_numbered(1, &freed));

	(void)state;
	assert_int_equal(slot_publish(slot, NULL), 0);
	assert_null(slot_enter(slot, 0));
	slot_leave(slot, 0);
	assert_int_equal(slot_reclaim(slot), 0);
	assert_int_equal(freed, 1);
	slot_free(slot);
}

#define STRESS_READERS 4
#define STRESS_ROUNDS 20000
#define STRESS_ROUNDS_MAX 2000000 /* where no worker was inside at any change yet */

struct stress {
	struct slot *slot;
	atomic_bool stop;
	atomic_uint running;
};

struct stress_reader {
	struct stress *stress;
	pthread_t thread;
	size_t number;
	uint64_t batches, torn, backwards;
};

/* A worker: in, look at everything, out. The snapshot must be whole, and never an older one. */
static void *read_until_stopped(void *userdata)
{
	struct stress_reader *reader = userdata;
	struct slot *slot = reader->stress->slot;
	uint64_t newest = 0;

	while (!atomic_load(&reader->stress->stop)) {
		const struct snapshot *snapshot = slot_enter(slot, reader->number);
		uint64_t first = snapshot->word[0];

		for (size_t i = 1; i < WORDS; i++)
			reader->torn += snapshot->word[i] != first;
		reader->torn += first < ALIVE;
		reader->backwards += first < newest;
		newest = first;
		slot_leave(slot, reader->number);
		if (reader->batches++ == 0)
			atomic_fetch_add(&reader->stress->running, 1);
	}
	return NULL;
}

static void test_stress(void **state)
{
	struct stress_reader readers[STRESS_READERS] = { 0 };
	struct stress stress = { 0 };
	size_t freed = 0, most_held = 0;
	uint64_t round = 0;

	(void)state;
	stress.slot = slot_new(STRESS_READERS, snapshot_numbered(0, &freed));
	assert_non_null(stress.slot);
	for (size_t i = 0; i < STRESS_READERS; i++) {
		readers[i].stress = &stress;
		readers[i].number = i;
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_until_stopped,
						&readers[i]), 0);
	}
	while (atomic_load(&stress.running) < STRESS_READERS)
		sched_yield();
	while (round < STRESS_ROUNDS || (most_held == 0 && round < STRESS_ROUNDS_MAX)) {
		size_t held;

		assert_int_equal(slot_publish(stress.slot, snapshot_numbered(++round, &freed)), 0);
		held = slot_reclaim(stress.slot);
		most_held = held > most_held ? held : most_held;
	}
	atomic_store(&stress.stop, true);
	for (size_t i = 0; i < STRESS_READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		assert_int_equal(readers[i].torn, 0);
		assert_int_equal(readers[i].backwards, 0);
	}
	assert_int_equal(slot_reclaim(stress.slot), 0);
	assert_int_equal(freed, round);
	assert_true(most_held > 0); /* or nothing was tried */
	slot_free(stress.slot);
	assert_int_equal(freed, round + 1);
}

static void count_forgotten(void *kept)
{
	(*(unsigned int *)kept)++;
}

/* As long as that snapshot is published, and no longer. */
static void test_what_is_kept_beside_it(void **state)
{
	unsigned int first = 0, second = 0, third = 0;
	size_t freed = 0;
	struct slot *slot = slot_new(1, snapshot_numbered(1, &freed));

	(void)state;
	assert_null(slot_kept(slot));
	slot_keep(slot, &first, count_forgotten);
	assert_ptr_equal(slot_kept(slot), &first);
	slot_keep(slot, &second, count_forgotten);
	assert_ptr_equal(slot_kept(slot), &second);
	assert_int_equal(first, 1);
	slot_publish(slot, snapshot_numbered(2, &freed));
	assert_null(slot_kept(slot));
	assert_int_equal(second, 1);
	slot_publish(slot, snapshot_numbered(3, &freed));
	slot_keep(slot, &third, count_forgotten);
	slot_free(slot);
	assert_int_equal(first + second + third, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_is_seen),
		cmocka_unit_test(test_empty_until_published),
		cmocka_unit_test(test_nobody_inside_frees_at_once),
		cmocka_unit_test(test_each_reader_holds),
		cmocka_unit_test(test_moving_on_is_enough),
		cmocka_unit_test(test_each_retired_waits_for_its_own),
		cmocka_unit_test(test_publishing_nothing),
		cmocka_unit_test(test_what_is_kept_beside_it),
		cmocka_unit_test(test_stress),
	};

	return cmocka_run_group_tests_name("slot", tests, NULL, NULL);
}
