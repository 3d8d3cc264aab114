/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/exposition.h"

static const struct exposition_metric a_counter = { "x_total", EXPOSITION_COUNTER, "Counts x." };
static const struct exposition_metric a_gauge = { "y", EXPOSITION_GAUGE, "One\nline \\ of \"y\"." };
static const struct exposition_metric a_histogram = { "z_bytes", EXPOSITION_HISTOGRAM, "z." };

static struct exposition out;
static char *text;
static size_t text_len;

static int begin(void **state)
{
	(void)state;
	out.out = open_memstream(&text, &text_len);
	return out.out ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static void expect(const char *expected)
{
	assert_int_equal(fclose(out.out), 0);
	assert_string_equal(text, expected);
}

static void test_head_comes_once_and_with_a_sample(void **state)
{
	(void)state;
	exposition_begin(&out, &a_gauge);
	exposition_begin(&out, &a_counter);
	exposition_count(&out, NULL, 1);
	exposition_count(&out, EXPOSITION_LABELS({ "a", "b" }, { "c", "d" }), UINT64_MAX);
	expect("# HELP x_total Counts x.\n# TYPE x_total counter\nx_total 1\n"
	       "x_total{a=\"b\",c=\"d\"} 18446744073709551615\n");
}

static void test_help_is_one_line(void **state)
{
	(void)state;
	exposition_begin(&out, &a_gauge);
	exposition_number(&out, NULL, 0.25);
	expect("# HELP y One\\nline \\\\ of \"y\".\n# TYPE y gauge\ny 0.25\n");
}

static void test_numbers_that_are_none_are_left_out(void **state)
{
	(void)state;
	exposition_begin(&out, &a_gauge);
	exposition_number(&out, NULL, (double)NAN);
	exposition_number(&out, NULL, (double)INFINITY);
	expect("");
}

static void test_histogram(void **state)
{
	const struct exposition_label *labels = EXPOSITION_LABELS({ "f", "4" });

	(void)state;
	exposition_begin(&out, &a_histogram);
	exposition_bucket(&out, labels, "10", 2);
	exposition_histogram_end(&out, labels, 31, 3);
	exposition_histogram_end(&out, NULL, 0.5, 1);
	expect("# HELP z_bytes z.\n# TYPE z_bytes histogram\n"
	       "z_bytes_bucket{f=\"4\",le=\"10\"} 2\nz_bytes_bucket{f=\"4\",le=\"+Inf\"} 3\n"
	       "z_bytes_sum{f=\"4\"} 31\nz_bytes_count{f=\"4\"} 3\n"
	       "z_bytes_bucket{le=\"+Inf\"} 1\nz_bytes_sum 0.5\nz_bytes_count 1\n");
}

static const struct {
	const char *name, *value, *written;
} labels[] = {
	{ "plain", "wg0", "wg0" },
	{ "none", NULL, "" },
	{ "a quote", "say \"x\"", "say \\\"x\\\"" },
	{ "a backslash", "a\\b", "a\\\\b" },
	{ "a newline", "a\nb", "a\\nb" },
	{ "a control character", "a\x1b[1m\xc2\x9b", "a\xef\xbf\xbd[1m\xef\xbf\xbd" },
	{ "UTF-8", "Zo\xc3\xab", "Zo\xc3\xab" },
	{ "half a character", "Zo\xc3", "Zo\xef\xbf\xbd" },
	{ "no UTF-8 at all", "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "a brace and an equals sign", "}=1", "}=1" },
};

static void test_labels_are_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		char expected[160];

		print_message("%s\n", labels[i].name);
		begin(NULL);
		exposition_begin(&out, &a_counter);
		out.headed = true;
		exposition_count(&out, EXPOSITION_LABELS({ "l", labels[i].value }), 7);
		snprintf(expected, sizeof(expected), "x_total{l=\"%s\"} 7\n", labels[i].written);
		expect(expected);
		end(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_head_comes_once_and_with_a_sample, begin, end),
		cmocka_unit_test_setup_teardown(test_help_is_one_line, begin, end),
		cmocka_unit_test_setup_teardown(test_numbers_that_are_none_are_left_out, begin, end),
		cmocka_unit_test_setup_teardown(test_histogram, begin, end),
		cmocka_unit_test(test_labels_are_escaped),
	};

	return cmocka_run_group_tests_name("exposition", tests, NULL, NULL);
}
