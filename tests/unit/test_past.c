/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "daemon/events/past.h"

static const struct { const char *name; size_t told, kept; json_int_t first; } cases[] = {
	/* name              told             kept             first */
	{ "nothing yet",      0,               0,               0 },
	{ "one",              1,               1,               0 },
	{ "as many as fit",   PAST_EVENTS,     PAST_EVENTS,     0 },
	{ "one more",         PAST_EVENTS + 1, PAST_EVENTS,     1 },
	{ "twice round",      2 * PAST_EVENTS + 7, PAST_EVENTS, PAST_EVENTS + 7 },
};

static void test_what_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct past past = { .next = 0 };
		json_t *events;

		for (size_t k = 0; k < cases[i].told; k++) {
			json_t *event = json_integer((json_int_t)k);

			past_keep(&past, event);
			json_decref(event);
		}
		events = past_to_json(&past);
		if (json_array_size(events) != cases[i].kept)
			fail_msg("%s: %zu", cases[i].name, json_array_size(events));
		for (size_t k = 0; k < cases[i].kept; k++)
			assert_int_equal(json_integer_value(json_array_get(events, k)),
					 cases[i].first + (json_int_t)k);
		json_decref(events);
		past_done(&past);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_what_is_kept) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
