/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "daemon/words/try_text.h"

#define NOON UINT64_C(1795608000) /* 2026-11-25T12:00:00Z */
#define END_LEN strlen("until 12:10:00 UTC")
#define UPTIME (5000 * NS_PER_SECOND)

static const struct {
	const char *name;
	int64_t left_ms;
	const char *time, *until;
} cases[] = {
	{ "ten minutes",      600000,   "2026-11-25T12:10:00Z", "until 12:10:00 UTC (10 min left)" },
	{ "rounded up",       599400,   "2026-11-25T12:09:59Z", "until 12:09:59 UTC (10 min left)" },
	{ "rounded down",     149000,   "2026-11-25T12:02:29Z", "until 12:02:29 UTC (2 min left)" },
	{ "under 2 minutes",  119000,   "2026-11-25T12:01:59Z", "until 12:01:59 UTC (119 s left)" },
	{ "2 minutes",        120000,   "2026-11-25T12:02:00Z", "until 12:02:00 UTC (2 min left)" },
	{ "a second",         1000,     "2026-11-25T12:00:01Z", "until 12:00:01 UTC (1 s left)" },
	{ "under 2 hours",    7199000,  "2026-11-25T13:59:59Z", "until 13:59:59 UTC (120 min left)" },
	{ "2 hours",          7200000,  "2026-11-25T14:00:00Z", "until 14:00:00 UTC (2 h left)" },
	{ "a day",            86400000, "2026-11-26T12:00:00Z", "until 12:00:00 UTC (24 h left)" },
	{ "it has just been", -300,     "2026-11-25T12:00:00Z", "until 12:00:00 UTC (0 s left)" },
};

static void test_when_it_ends(void **state)
{
	const struct try_now now = { UPTIME, NOON * NS_PER_SECOND };
	char text[TRY_TIME_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t until_ns = UPTIME + (uint64_t)cases[i].left_ms * NS_PER_MS;

		if (strcmp(try_text_time(until_ns, &now, text), cases[i].time) != 0 ||
		    strcmp(try_text_until(until_ns, &now, text), cases[i].until) != 0 ||
		    strncmp(try_text_end(until_ns, &now, text), cases[i].until, END_LEN) != 0 ||
		    strlen(text) != END_LEN)
			fail_msg("%s: %s", cases[i].name, text);
	}
}

/* Both clocks were read at one moment: what is left is told from the one, the time from the other. */
static void test_both_clocks_are_of_one_moment(void **state)
{
	struct try_now first = try_now(), then = try_now();

	(void)state;
	assert_in_range(then.boottime_ns - first.boottime_ns, 0, NS_PER_SECOND);
	assert_in_range(then.realtime_ns - first.realtime_ns, 0, NS_PER_SECOND);
	assert_true(first.realtime_ns > NOON / 2 * NS_PER_SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when_it_ends),
		cmocka_unit_test(test_both_clocks_are_of_one_moment),
	};

	return cmocka_run_group_tests_name("try_text", tests, NULL, NULL);
}
