/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "policy/snapshot/mark_book.h"

#define LIMITS(...) (const uint32_t[]){ __VA_ARGS__ }, \
	sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t)

static size_t count(const struct mark_book *book, unsigned int states)
{
	return mark_book_list(book, states, NULL);
}

/* What a SYN of that limit is lowered to, 0 for nothing. */
static uint32_t lowered(const struct mark_book *book, uint32_t limit)
{
	struct mark_table *table = mark_book_table(book);
	const struct mark_entry *entry = mark_table_find(table, limit);
	uint32_t mss = entry ? entry->mss : 0;

	free(table);
	return mss;
}

static uint32_t tag_of(const struct mark_book *book, uint32_t limit)
{
	struct mark_table *table = mark_book_table(book);
	const struct mark_entry *entry = mark_table_find(table, limit);
	uint32_t tag = entry && entry->mss == limit ? entry->tag : 0;

	free(table);
	return tag;
}

static void plan(struct mark_book *book, const uint32_t *limits, size_t n)
{
	assert_int_equal(mark_book_plan(book, limits, n), 0);
	mark_book_loaded(book, true);
}

static void test_each_limit_has_a_mark_of_its_own(void **state)
{
	struct mark_book *book = mark_book_new(0x00ff0000);
	uint32_t first;

	(void)state;
	plan(book, LIMITS(1340, 1360, 1440));
	first = tag_of(book, 1360);
	assert_true(first && !(first & ~0x00ff0000u));
	assert_int_not_equal(first, tag_of(book, 1340));
	/* one more, one less: what stays keeps its mark, what has gone holds its own for a while */
	plan(book, LIMITS(1300, 1360, 1440));
	assert_int_equal(tag_of(book, 1360), first);
	assert_int_equal(count(book, MARK_STALE), 1);
	assert_int_not_equal(tag_of(book, 1300), 0);
	assert_int_equal(count(book, MARK_HELD | MARK_STALE), 4);
	mark_book_dropped(book);
	assert_int_equal(count(book, MARK_HELD | MARK_STALE), 3);
	assert_int_equal(mark_book_sharing(book), 0);
	mark_book_free(book);
}

static void test_what_is_not_loaded_is_not_used(void **state)
{
	struct mark_book *book = mark_book_new(0xf0);

	(void)state;
	plan(book, LIMITS(1300));
	assert_int_equal(mark_book_plan(book, LIMITS(1300, 1400)), 0);
	assert_int_equal(count(book, MARK_FRESH), 1);
	assert_int_equal(lowered(book, 1400), 1300);
	mark_book_loaded(book, false);
	assert_int_equal(count(book, MARK_FRESH), 0);
	assert_int_equal(lowered(book, 1400), 1300);
	plan(book, LIMITS(1300, 1400));
	assert_int_equal(lowered(book, 1400), 1400);
	mark_book_free(book);
}

/* Three indices for six limits: those that lie close together share, and never upwards. */
static void test_too_few_marks(void **state)
{
	struct mark_book *book = mark_book_new(0x3);

	(void)state;
	plan(book, LIMITS(1200, 1202, 1300, 1303, 1420, 1421));
	assert_int_equal(mark_book_sharing(book), 3);
	assert_int_equal(lowered(book, 1200), 1200);
	assert_int_equal(lowered(book, 1202), 1200);
	assert_int_equal(lowered(book, 1303), 1300);
	assert_int_equal(lowered(book, 1420), 1420);
	assert_int_equal(lowered(book, 1421), 1420);
	mark_book_free(book);
}

/* Marks of limits that have gone come back once nobody uses them, and then serve. */
static void test_room_comes_back(void **state)
{
	struct mark_book *book = mark_book_new(0x3);

	(void)state;
	plan(book, LIMITS(1200, 1300, 1400));
	plan(book, LIMITS(1250, 1350, 1400));
	assert_int_equal(lowered(book, 1400), 1400);
	assert_int_equal(lowered(book, 1250), 0); /* for a moment: nothing is small enough */
	assert_int_equal(mark_book_sharing(book), 2);
	mark_book_dropped(book);
	plan(book, LIMITS(1250, 1350, 1400));
	assert_int_equal(lowered(book, 1250), 1250);
	assert_int_equal(lowered(book, 1350), 1350);
	assert_int_equal(mark_book_sharing(book), 0);
	mark_book_free(book);
}

static void test_the_smallest_limit_always_gets_one(void **state)
{
	struct mark_book *book = mark_book_new(0x1);

	(void)state;
	plan(book, LIMITS(1400));
	plan(book, LIMITS(1300, 1400));
	assert_int_equal(count(book, MARK_STALE), 1);
	mark_book_dropped(book);
	plan(book, LIMITS(1300, 1400));
	assert_int_equal(lowered(book, 1400), 1300);
	mark_book_free(book);
}

/* Random lists over and over: no limit is ever answered by a larger one, indices are never doubled,
 * and after a drop the smallest limit has its own. */
static void test_random_plans(void **state)
{
	struct mark_book *book = mark_book_new(0x70);
	unsigned int seed = 7;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		uint32_t limits[20];
		size_t n = 0;

		for (uint32_t mss = 1200; mss < 1240 && n < 20; mss++) {
			if (rand_r(&seed) % 5 == 0)
				limits[n++] = mss;
		}
		plan(book, limits, n);
		for (size_t i = 0; i < n; i++)
			assert_true(lowered(book, limits[i]) <= limits[i]);
		assert_true(count(book, MARK_HELD | MARK_STALE) <= 7);
		if (rand_r(&seed) % 2 || n == 0)
			continue;
		mark_book_dropped(book);
		plan(book, limits, n);
		mark_book_dropped(book);
		plan(book, limits, n);
		assert_int_equal(lowered(book, limits[0]), limits[0]);
	}
	mark_book_free(book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_limit_has_a_mark_of_its_own),
		cmocka_unit_test(test_what_is_not_loaded_is_not_used),
		cmocka_unit_test(test_too_few_marks),
		cmocka_unit_test(test_room_comes_back),
		cmocka_unit_test(test_the_smallest_limit_always_gets_one),
		cmocka_unit_test(test_random_plans),
	};

	return cmocka_run_group_tests_name("mark_book", tests, NULL, NULL);
}
