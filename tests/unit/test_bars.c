/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ctl/screen/bars.h"

/* Histograms as "mss:count", and what is picked from them in the same form. */
static const struct {
	const char *name, *histogram, *picked;
	uint64_t total;
} cases[] = {
	{ "empty", "", "", 0 },
	{ "one", "1460:5", "1460:5", 5 },
	{ "in their order", "1460:7 1440:3 1380:1", "1460:7 1440:3 1380:1", 11 },
	{ "zero counts are not shown", "1380:0 1460:2", "1460:2", 2 },
	{ "an MSS of 0 is a value", "0:2", "0:2", 2 },
	{ "eight fit", "8:8 7:7 6:6 5:5 4:4 3:3 2:2 1:1", "8:8 7:7 6:6 5:5 4:4 3:3 2:2 1:1", 36 },
	{ "the ninth is the rest", "9:9 8:8 7:7 6:6 5:5 4:4 3:3 2:2 1:1",
	  "9:9 8:8 7:7 6:6 5:5 4:4 3:3 2:2 other:1", 45 },
	{ "the rest is one row", "10:10 9:9 8:8 7:7 6:6 5:5 4:4 3:3 2:2 1:1",
	  "10:10 9:9 8:8 7:7 6:6 5:5 4:4 3:3 other:3", 55 },
};

static json_t *make_histogram(const char *text)
{
	json_t *list = json_array();
	unsigned int mss, count;
	int read;

	while (sscanf(text, "%u:%u%n", &mss, &count, &read) == 2) {
		json_array_append_new(list, json_pack("{s:i, s:i}", "mss_bytes", (int)mss, "count",
						      (int)count));
		text += read;
	}
	return list;
}

static void test_pick(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *histogram = make_histogram(cases[i].histogram);
		struct bar bars[BARS_MAX + 1];
		uint64_t total = 0;
		char picked[160] = "", one[32];
		size_t count = bars_pick(histogram, bars, &total);

		print_message("%s\n", cases[i].name);
		for (size_t b = 0; b < count; b++) {
			snprintf(one, sizeof(one), "%u", (unsigned int)bars[b].mss);
			strcat(picked, b ? " " : "");
			strcat(picked, bars[b].others ? "other" : one);
			snprintf(one, sizeof(one), ":%u", (unsigned int)bars[b].count);
			strcat(picked, one);
		}
		assert_string_equal(picked, cases[i].picked);
		assert_int_equal(total, cases[i].total);
		json_decref(histogram);
	}
}

static void test_strange_answers(void **state)
{
	static const char *const answers[] = {
		"null", "{}", "7", "[null, 7, {}, {\"mss_bytes\": \"x\", \"count\": -4}]",
	};
	struct bar bars[BARS_MAX + 1];
	uint64_t total;

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		json_t *answer = json_loads(answers[i], JSON_DECODE_ANY, NULL);

		assert_int_equal(bars_pick(answer, bars, &total), 0);
		assert_int_equal(total, 0);
		json_decref(answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_strange_answers),
	};

	return cmocka_run_group_tests_name("bars", tests, NULL, NULL);
}
