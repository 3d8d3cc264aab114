/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"
#include "policy/probe/probe_budget.h"

#define SECONDS 20

/* Sends as fast as it may, with a pause in the middle, and looks at every second that there is. */
static void check_rate(uint32_t rate)
{
	static uint64_t sent[SECONDS * PROBE_RATE_MAX + 8];
	static struct probe_budget budget;
	uint64_t now_ns = NS_PER_SECOND, seed = rate, count = 0;

	budget = (struct probe_budget){ 0 };
	probe_budget_set(&budget, rate);
	while (now_ns < SECONDS * NS_PER_SECOND) {
		uint64_t next_ns = probe_budget_next_ns(&budget, now_ns);

		if (next_ns > now_ns) {
			now_ns = next_ns;
			continue;
		}
		if (count >= rate)
			assert_true(now_ns - sent[count - rate] >= NS_PER_SECOND);
		sent[count++] = now_ns;
		probe_budget_take(&budget, now_ns, &seed);
		if (count == 5 * rate)
			now_ns += 5 * NS_PER_SECOND; /* what was not used is lost */
	}
	assert_true(count <= (SECONDS - 5) * rate);
	assert_true(count >= (SECONDS - 8) * rate);
}

static void test_no_second_has_more(void **state)
{
	(void)state;
	check_rate(1);
	check_rate(2);
	check_rate(3);
	check_rate(10);
	check_rate(1000);
}

static void test_half_of_it_at_once(void **state)
{
	static struct probe_budget budget;
	uint64_t now_ns = NS_PER_SECOND, seed = 1;
	unsigned int count = 0;

	(void)state;
	probe_budget_set(&budget, 10);
	while (now_ns < NS_PER_SECOND + 150 * NS_PER_MS) {
		uint64_t next_ns = probe_budget_next_ns(&budget, now_ns);

		if (next_ns > now_ns) {
			now_ns = next_ns;
			continue;
		}
		count++;
		probe_budget_take(&budget, now_ns, &seed);
	}
	assert_int_equal(count, 6); /* 5 saved up, 1 more in 100 ms */
}

/* What was sent under another rate counts under the new one. */
static void test_a_new_rate_knows_what_was_sent(void **state)
{
	static struct probe_budget budget;
	uint64_t now_ns = NS_PER_SECOND, seed = 1;

	(void)state;
	probe_budget_set(&budget, 100);
	for (unsigned int i = 0; i < 10; i++) {
		now_ns = probe_budget_next_ns(&budget, now_ns);
		probe_budget_take(&budget, now_ns, &seed);
	}
	probe_budget_set(&budget, 10);
	assert_true(probe_budget_next_ns(&budget, now_ns) >= 2 * NS_PER_SECOND);
	probe_budget_set(&budget, 1000);
	assert_true(probe_budget_next_ns(&budget, now_ns) < now_ns + 100 * NS_PER_MS);
}

static void test_rate_of_a_path(void **state)
{
	static const struct { uint32_t all, path; } rates[] = {
		{ 1, 2 }, { 4, 2 }, { 6, 3 }, { 10, 5 }, { 1000, PROBE_PATH_RATE_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		assert_int_equal(probe_path_rate(rates[i].all), rates[i].path);
}

static void test_a_second_begins_when_the_packet_has_left(void **state)
{
	uint64_t ring[PROBE_PATH_RATE_MAX] = { 0 };
	struct probe_window window = { .sent_ns = ring, .rate = 2 };

	(void)state;
	probe_window_left(&window, 1); /* nothing was taken */
	assert_int_equal(probe_window_next_ns(&window), 0);
	probe_window_take(&window, 1 * NS_PER_MS, 0);
	probe_window_left(&window, 7 * NS_PER_MS);
	probe_window_take(&window, 8 * NS_PER_MS, 0);
	probe_window_left(&window, 2 * NS_PER_MS); /* a clock that stands */
	assert_int_equal(probe_window_next_ns(&window), NS_PER_SECOND + 7 * NS_PER_MS);
	assert_int_equal(probe_window_quiet_ns(&window), NS_PER_SECOND + 8 * NS_PER_MS);
}

static void test_another_rate_of_a_path(void **state)
{
	uint64_t ring[PROBE_PATH_RATE_MAX] = { 0 };
	struct probe_window window = { .sent_ns = ring, .rate = 5 };

	(void)state;
	assert_int_equal(probe_window_next_ns(&window), 0);
	for (uint64_t i = 1; i <= 5; i++)
		probe_window_take(&window, i * NS_PER_MS, 0);
	assert_int_equal(probe_window_next_ns(&window), NS_PER_SECOND + NS_PER_MS);
	assert_int_equal(probe_window_quiet_ns(&window), NS_PER_SECOND + 5 * NS_PER_MS);
	probe_window_set(&window, 20);
	assert_int_equal(probe_window_next_ns(&window), NS_PER_SECOND + 5 * NS_PER_MS);
}

static void test_answers_of_a_far_kernel(void **state)
{
	struct probe_answers answers = { .saved_ns = UINT64_MAX / 2, .filled_ns = NS_PER_SECOND };
	uint64_t now_ns = NS_PER_SECOND;

	(void)state;
	for (unsigned int i = 0; i < PROBE_ANSWERS_BURST; i++) {
		assert_int_equal(probe_answers_next_ns(&answers, 0, now_ns), now_ns);
		probe_answers_take(&answers, now_ns);
	}
	assert_int_equal(probe_answers_next_ns(&answers, 0, now_ns), now_ns + NS_PER_SECOND);
	/* One that is on the way may be answered. */
	now_ns += 2 * NS_PER_SECOND;
	assert_int_equal(probe_answers_next_ns(&answers, 1, now_ns), now_ns);
	assert_int_equal(probe_answers_next_ns(&answers, 2, now_ns), now_ns + NS_PER_SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_second_has_more),
		cmocka_unit_test(test_half_of_it_at_once),
		cmocka_unit_test(test_a_new_rate_knows_what_was_sent),
		cmocka_unit_test(test_rate_of_a_path),
		cmocka_unit_test(test_a_second_begins_when_the_packet_has_left),
		cmocka_unit_test(test_another_rate_of_a_path),
		cmocka_unit_test(test_answers_of_a_far_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
