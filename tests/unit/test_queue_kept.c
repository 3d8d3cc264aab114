/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "edge/queue/queue_kept.h"

/* The state of a queue before and behind the verdict, and the last id that it was for. */
static const struct {
	const char *name;
	struct { uint32_t depth, ids; } before, after;
	uint32_t last_id, least;
	bool exact;
} cases[] = {
	/* name                           depth ids      depth ids     last  least exact */
	{ "4 of 10 were read",            { 10, 10 },    { 6, 10 },    4,    4, true  },
	{ "none was",                     { 10, 10 },    { 10, 10 },   0,    0, true  },
	{ "all were",                     { 5, 5 },      { 0, 5 },     5,    5, true  },
	{ "behind an overflow",           { 60, 500 },   { 56, 500 },  4,    4, true  },
	{ "3 came meanwhile",             { 10, 10 },    { 9, 13 },    4,    4, true  },
	{ "3 came behind an overflow",    { 60, 500 },   { 59, 503 },  4,    1, false },
	{ "more came than had been read", { 60, 500 },   { 66, 510 },  4,    0, false },
	{ "3 came and found no room",     { 60, 500 },   { 56, 503 },  4,    4, false },
	{ "ids begin anew",               { 10, 3 },     { 6, 3 },     UINT32_MAX - 2, 4, true },
};

static void test_how_many_passed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct queue_proc before = { .depth = cases[i].before.depth,
						   .id_sequence = cases[i].before.ids };
		const struct queue_proc after = { .depth = cases[i].after.depth,
						  .id_sequence = cases[i].after.ids };
		bool exact;

		print_message("%s\n", cases[i].name);
		assert_int_equal(queue_kept_swept(&before, &after, cases[i].last_id, &exact),
				 cases[i].least);
		assert_int_equal(exact, cases[i].exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_how_many_passed) };

	return cmocka_run_group_tests_name("queue_kept", tests, NULL, NULL);
}
