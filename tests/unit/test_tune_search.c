/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "ctl/tune/tune_search.h"

#define UNKNOWN UINT64_MAX

static const struct {
	const char *name;
	struct tune_counts counts;
	enum tune_verdict verdict;
} runs[] = {
	/* name                      segments again fragments bits best other */
	{ "clean",                  { 10000, 0, 0, 1e9, 1e9, 0 }, TUNE_GOOD },
	{ "the first",              { 10000, 0, 0, 1e9, 0, 0 }, TUNE_GOOD },
	{ "a few lost",             { 10000, 999, 0, 1e9, 1e9, 0 }, TUNE_GOOD },
	{ "a tenth lost",           { 10000, 1000, 0, 1e9, 1e9, 0 }, TUNE_LOSS },
	{ "few packets, few lost",  { 30, 19, 0, 1e9, 1e9, 0 }, TUNE_GOOD },
	{ "nobody counts",          { 10000, UNKNOWN, UNKNOWN, 1e9, 1e9, 0 }, TUNE_GOOD },
	{ "somebody else's pieces", { 10000, 0, 99, 1e9, 1e9, 0 }, TUNE_GOOD },
	{ "pieces",                 { 10000, 0, 100, 1e9, 1e9, 0 }, TUNE_FRAGMENTS },
	{ "a tenth of the pace",    { 10000, 0, 0, 1e8, 1e9, 0 }, TUNE_GOOD },
	{ "nothing arrives",        { 10, 3, 0, 0, 0, 0 }, TUNE_STALLED },
	{ "next to nothing",        { 10, 3, 0, 1e6, 1e9, 0 }, TUNE_STALLED },
	{ "pieces, and stalled",    { 1000, 0, 2000, 1e6, 1e9, 0 }, TUNE_STALLED },
	{ "a slow way up",          { 10000, 0, 0, 8e6, 8e6, 1e9 }, TUNE_GOOD },
	{ "the first, slow way up", { 10000, 0, 0, 8e6, 0, 1e9 }, TUNE_GOOD },
	{ "a trickle, the first",   { 10, 3, 0, 5e4, 0, 1e9 }, TUNE_STALLED },
};

static void test_judge(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		if (tune_judge(&runs[i].counts) != runs[i].verdict)
			fail_msg("%s: %s", runs[i].name,
				 tune_verdict_name(tune_judge(&runs[i].counts)));
}

/* A line of 1 Gbit/s down and 8 Mbit/s up that swallows what is larger than 1400 bytes. */
static const struct {
	bool down;
	double bits_per_second;
	enum tune_verdict verdict;
} course[] = {
	{ false, 0, TUNE_STALLED }, /* as it is */
	{ true, 0, TUNE_STALLED },
	{ false, 7.4e6, TUNE_GOOD }, /* 536 */
	{ true, 9e8, TUNE_GOOD },
	{ false, 7.8e6, TUNE_GOOD }, /* larger */
	{ true, 9.5e8, TUNE_GOOD },
	{ false, 7e4, TUNE_STALLED }, /* too large */
	{ false, 7.9e6, TUNE_GOOD },
	{ true, 9e6, TUNE_STALLED },
};

static void test_each_way_by_itself(void **unused)
{
	struct tune_pace pace = { 0 };

	(void)unused;
	for (size_t i = 0; i < sizeof(course) / sizeof(course[0]); i++) {
		const struct tune_counts counts = {
			.segments = 1000, .bits_per_second = course[i].bits_per_second,
		};

		if (tune_judge_next(&pace, course[i].down, counts) != course[i].verdict)
			fail_msg("run %zu", i);
	}
	assert_true(pace.up == 7.9e6 && pace.down == 9.5e8);
}

/* Every truth is found, with few runs. */
static void test_every_truth(void **unused)
{
	(void)unused;
	for (uint32_t truth = 500; truth < 1460; truth++) {
		struct tune_search search;
		unsigned int tries = 0;
		uint32_t mss;

		tune_search_begin(&search, FAMILY_IPV4, 1460);
		while ((mss = tune_search_next(&search)) != 0 && tries++ < 20) {
			tune_search_note(&search, mss, mss <= truth);
			if (mss == search.floor && mss > truth)
				break;
		}
		assert_in_range(tries, 1, 12);
		assert_int_equal(search.good, truth < 536 ? 0 : truth);
	}
}

static void test_so_far(void **unused)
{
	struct tune_search search;
	char text[128];

	(void)unused;
	tune_search_begin(&search, FAMILY_IPV4, 1460);
	tune_search_so_far(&search, text, sizeof(text));
	assert_string_equal(text, "; found so far: MSS 1460 is not clean");
	tune_search_note(&search, 536, true);
	tune_search_note(&search, 998, true);
	tune_search_note(&search, 1229, false);
	tune_search_so_far(&search, text, sizeof(text));
	assert_string_equal(text, "; found so far: MSS 998 is clean both ways, 1229 is not");
}

static void test_no_room(void **unused)
{
	struct tune_search search;

	(void)unused;
	tune_search_begin(&search, FAMILY_IPV6, 1220);
	assert_int_equal(tune_search_next(&search), 0);
	tune_search_begin(&search, FAMILY_IPV6, 1221);
	assert_int_equal(tune_search_next(&search), 1220);
	tune_search_note(&search, 1220, true);
	assert_int_equal(tune_search_next(&search), 0);
	assert_int_equal(search.good, 1220);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_each_way_by_itself),
		cmocka_unit_test(test_every_truth),
		cmocka_unit_test(test_so_far),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
