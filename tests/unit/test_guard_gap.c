/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/clock.h"
#include "daemon/firewall/guard_gap.h"

#define MS NS_PER_MS
#define OK FIREWALL_STATE_OK
#define MISSING FIREWALL_STATE_MISSING
#define DIFFERENT FIREWALL_STATE_DIFFERENT

/* In ms; what nobody knows is null. */
static const struct {
	const char *name;
	uint64_t sure, seen, kernel, end;
	enum firewall_state found;
	bool told;
	const char *text;
	double open, by_kernel, unseen;
} cases[] = {
	{ "the kernel told, and clamped", 9000, 9900, 9912, 9955, MISSING, true,
	  ": SYNs passed unclamped for 12 ms, then the kernel clamped by route MTU",
	  0.012, 0.043, 0.9 },
	{ "nobody clamped", 9000, 9900, 0, 9955, MISSING, true,
	  ": SYNs passed unclamped for 55 ms", 0.055, 0, 0.9 },
	{ "some rules stood", 9000, 9900, 0, 9955, DIFFERENT, true,
	  ": SYNs passed unclamped for up to 55 ms", 0.055, 0, 0.9 },
	{ "found by a look", 9100, 9900, 9912, 9955, MISSING, false,
	  ": SYNs passed unclamped for 12 ms and for up to 800 ms before it was seen, then the "
	  "kernel clamped by route MTU", 0.012, 0.043, 0.8 },
	{ "told, but the thread was busy", 4000, 9900, 9912, 9955, MISSING, true,
	  ": SYNs passed unclamped for 12 ms and for up to 5900 ms before it was seen, then the "
	  "kernel clamped by route MTU", 0.012, 0.043, 5.9 },
	{ "never looked before", 0, 9900, 0, 9955, MISSING, false,
	  ": SYNs passed unclamped for 55 ms", 0.055, 0, -1 },
	{ "only others", 9000, 9900, 9912, 9955, OK, true, "", 0, 0.043, 0.9 },
	{ "the kernel was at it", 9000, 9900, 9800, 9955, MISSING, true,
	  ": SYNs passed unclamped for 0 ms, then the kernel clamped by route MTU", 0, 0.155, 0.9 },
};

static double member(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	assert_non_null(value);
	return json_is_null(value) ? -1 : json_real_value(value);
}

static bool near(double a, double b)
{
	return a - b < 1e-6 && b - a < 1e-6;
}

static void test_words_and_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct guard_gap gap = {
			cases[i].sure * MS, cases[i].seen * MS, cases[i].kernel * MS,
			cases[i].end * MS, cases[i].found, cases[i].told,
		};
		char text[GUARD_GAP_MAX];
		json_t *json = guard_gap_json(&gap);

		print_message("%s\n", cases[i].name);
		assert_string_equal(guard_gap_text(&gap, text), cases[i].text);
		assert_true(near(member(json, "unclamped_seconds"), cases[i].open));
		assert_true(near(member(json, "kernel_seconds"), cases[i].by_kernel));
		assert_true(near(member(json, "unseen_seconds_max"), cases[i].unseen));
		json_decref(json);
	}
}

static void test_nothing_known(void **state)
{
	json_t *json = guard_gap_json(NULL);

	(void)state;
	assert_true(member(json, "unclamped_seconds") == -1);
	assert_true(member(json, "kernel_seconds") == -1);
	assert_true(member(json, "unseen_seconds_max") == -1);
	json_decref(json);
}

static void test_what_was_seen_when(void **state)
{
	struct guard_sight sight = { 0 };
	struct guard_gap gap;

	(void)state;
	guard_sight_tick(&sight, 1000);
	assert_int_equal(sight.sure_ns, 0); /* what was told before may be unread */
	guard_sight_tick(&sight, 2000);
	assert_int_equal(sight.sure_ns, 1000);
	guard_sight_ok(&sight, 2500);
	guard_sight_tick(&sight, 3000);
	assert_int_equal(sight.sure_ns, 2500);
	guard_sight_change(&sight, 3500, true);
	guard_sight_change(&sight, 3600, false); /* it could not be mended at once */
	guard_sight_tick(&sight, 4000);
	guard_sight_tick(&sight, 5000);
	gap = guard_sight_gap(&sight, 4500, 0, MISSING, 5500);
	assert_int_equal(gap.sure_ns, 2500);
	assert_int_equal(gap.seen_ns, 3500);
	assert_true(gap.told);
	guard_sight_ok(&sight, 5500);
	gap = guard_sight_gap(&sight, 6000, 0, MISSING, 6500);
	assert_int_equal(gap.sure_ns, 5500);
	assert_int_equal(gap.seen_ns, 6000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_and_numbers),
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_what_was_seen_when),
	};

	return cmocka_run_group_tests_name("guard_gap", tests, NULL, NULL);
}
