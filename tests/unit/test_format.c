/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/screen/format.h"

static void test_counts(void **state)
{
	static const struct {
		uint64_t count;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 853541, "853,541" },
		{ 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(format_count(cases[i].count).s, cases[i].text);
}

enum kind { COUNT, BYTES, LATENCY, AGE, SOURCE };

/* A value of a reply, written as JSON, and what people read. */
static const struct {
	const char *name;
	enum kind kind;
	const char *json, *text;
} values[] = {
	{ "count", COUNT, "1492", "1,492" },
	{ "count unknown", COUNT, "null", "-" },
	{ "count below 0", COUNT, "-1", "-" },
	{ "count of another type", COUNT, "\"7\"", "-" },
	{ "count that is no integer", COUNT, "1.5", "-" },
	{ "bytes have no separators", BYTES, "65535", "65535" },
	{ "bytes unknown", BYTES, "null", "-" },
	{ "latency, us", LATENCY, "0.000011", "11 us" },
	{ "latency, ms", LATENCY, "0.0012", "1.2 ms" },
	{ "latency, s", LATENCY, "2", "2.0 s" },
	{ "latency unknown", LATENCY, "null", "-" },
	{ "latency below 0", LATENCY, "-0.1", "-" },
	{ "age", AGE, "40.9", "40 s" },
	{ "age unknown", AGE, "null", "-" },
	{ "age out of this world", AGE, "1e300", "-" },
	{ "age of another type", AGE, "\"7\"", "-" },
	{ "source", SOURCE, "[\"link\", null]", "link" },
	{ "source since", SOURCE, "[\"link\", 200.5]", "link 3 min" },
	{ "source, measured", SOURCE, "[\"probe\", 40.2]", "probe 40 s ago" },
	{ "source, measured some time", SOURCE, "[\"probe\", null]", "probe" },
	{ "source unknown", SOURCE, "[null, 5]", "-" },
	{ "source of the longest age", SOURCE, "[\"a source without end\", 9e14]",
	  "a source without 10416666666 d" },
};

static struct format_text format_value(enum kind kind, const json_t *value)
{
	switch (kind) {
	case COUNT:
		return format_json_count(value);
	case BYTES:
		return format_json_bytes(value);
	case LATENCY:
		return format_json_latency(value);
	case AGE:
		return format_json_age(value);
	case SOURCE:
		return format_json_source(json_array_get(value, 0), json_array_get(value, 1));
	}
	abort();
}

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		json_t *value = json_loads(values[i].json, JSON_DECODE_ANY, NULL);

		print_message("%s\n", values[i].name);
		assert_non_null(value);
		assert_string_equal(format_value(values[i].kind, value).s, values[i].text);
		json_decref(value);
	}
	assert_string_equal(format_json_count(NULL).s, "-");
}

static void test_uptime(void **state)
{
	static const struct {
		double seconds;
		const char *text;
	} cases[] = {
		{ 0.4, "0 s" },
		{ 59.9, "59 s" },
		{ 727, "12 min 7 s" },
		{ 11742, "3:15:42 h" },
		{ 274320, "3 d 04:12" },
		{ -1, "-" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(format_uptime(cases[i].seconds).s, cases[i].text);
}

static void test_shares(void **state)
{
	(void)state;
	assert_string_equal(format_percent(3, 4).s, "75%");
	assert_string_equal(format_percent(1, 1000).s, "<1%");
	assert_string_equal(format_percent(0, 1000).s, "0%");
	assert_string_equal(format_percent(1, 1).s, "100%");
	assert_string_equal(format_percent(0, 0).s, "-");
	assert_string_equal(format_rate(212.04).s, "212.0");
	assert_string_equal(format_rate(-1).s, "-");
}

static const struct {
	const char *name;
	uint64_t part, whole;
	bool utf8;
	const char *bar; /* 8 columns */
} bars[] = {
	{ "nothing", 0, 10, false, "        " },
	{ "half", 5, 10, false, "####    " },
	{ "all", 10, 10, false, "########" },
	{ "more than all", 11, 10, false, "########" },
	{ "a trace still shows", 1, 100000, false, "#       " },
	{ "of nothing", 0, 0, false, "        " },
	{ "half in blocks", 5, 10, true, "████    " },
	{ "three eighths of a block", 3, 64, true, "▍       " },
	{ "a trace in blocks", 1, 100000, true, "▏       " },
	{ "all in blocks", 7, 7, true, "████████" },
};

static void test_bars(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
		char text[4 * 8 + 1];

		print_message("%s\n", bars[i].name);
		format_bar(text, 8, bars[i].part, bars[i].whole, bars[i].utf8);
		assert_string_equal(text, bars[i].bar);
		assert_int_equal(format_columns(text), 8);
	}
}

static const struct {
	const char *name, *text;
	bool utf8, newlines;
	const char *clean;
} texts[] = {
	{ "plain", "wg0 -> eth0", true, false, "wg0 -> eth0" },
	{ "empty", "", true, false, "" },
	{ "an escape sequence", "\033[2Jwg0", true, false, "?[2Jwg0" },
	{ "bell, backspace, delete", "a\a\b\x7f", true, false, "a???" },
	{ "carriage return", "a\rb", true, true, "a?b" },
	{ "a newline is gone", "a\nb", true, false, "a?b" },
	{ "a newline is kept", "a\nb", true, true, "a\nb" },
	{ "a tab is a blank", "a\tb", true, false, "a b" },
	{ "C1 control, U+009B", "a\xc2\x9b"
				"b", true, false, "a?b" },
	{ "right-to-left override, U+202E", "a\xe2\x80\xae"
					    "b", true, false, "a?b" },
	{ "isolate, U+2066", "a\xe2\x81\xa6"
			     "b", true, false, "a?b" },
	{ "zero width space, U+200B", "a\xe2\x80\x8b"
				      "b", true, false, "a?b" },
	{ "letters of others", "b\xc3\xbcro", true, false, "b\xc3\xbcro" },
	{ "not on an ASCII screen", "b\xc3\xbcro", false, false, "b?ro" },
	{ "four bytes", "\xf0\x9f\x98\x80", true, false, "\xf0\x9f\x98\x80" },
	{ "a lone continuation byte", "a\x80"
				      "b", true, false, "a?b" },
	{ "a character cut short", "a\xe2\x82", true, false, "a??" },
	{ "overlong slash", "\xc0\xaf", true, false, "??" },
	{ "overlong in three bytes", "\xe0\x80\xaf", true, false, "???" },
	{ "a surrogate", "\xed\xa0\x80", true, false, "???" },
	{ "beyond Unicode", "\xf4\x90\x80\x80", true, false, "????" },
};

static void test_clean(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *clean = format_clean(texts[i].text, texts[i].utf8, texts[i].newlines);

		print_message("%s\n", texts[i].name);
		assert_string_equal(clean, texts[i].clean);
		free(clean);
	}
}

/* Where lines end, with "|" between them and without the blanks there. */
static const struct {
	const char *name, *text;
	unsigned int columns;
	const char *lines;
} breaks[] = {
	{ "nothing", "", 5, "" },
	{ "fits", "a bc", 4, "a bc" },
	{ "at the blank", "a bc", 3, "a|bc" },
	{ "right behind a word", "abc de", 3, "abc|de" },
	{ "two blanks", "abc  de", 4, "abc|de" },
	{ "a word too long", "abcdef gh", 3, "abcdef|gh" },
	{ "a word too long at the end", "a bcdefgh", 3, "a|bcdefgh" },
	{ "blanks in front are somebody's indent", "  a b", 4, "  a|b" },
	{ "only blanks", "     ", 3, "" },
	{ "letters of others take one column", "b\xc3\xbc ro", 3, "b\xc3\xbc|ro" },
	{ "no column at all", "a b", 0, "a|b" },
};

static void test_breaks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		const char *rest = breaks[i].text;
		char lines[64] = "";

		print_message("%s\n", breaks[i].name);
		while (*rest) {
			size_t len = format_break(rest, breaks[i].columns);

			strncat(lines, rest, len);
			rest += len;
			rest += strspn(rest, " ");
			strcat(lines, *rest ? "|" : "");
		}
		assert_string_equal(lines, breaks[i].lines);
	}
}

static const struct {
	const char *text;
	unsigned int columns;
	const char *shortened;
} names[] = {
	{ "", 4, "" },
	{ "abcd", 4, "abcd" },
	{ "abcde", 4, "a..." },
	{ "b\xc3\xbcro", 4, "b\xc3\xbcro" },
	{ "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", 4, "\xc3\xbc..." },
};

static void test_shorten(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[16];

		strcpy(text, names[i].text);
		format_shorten(text, names[i].columns);
		assert_string_equal(text, names[i].shortened);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts), cmocka_unit_test(test_values),
		cmocka_unit_test(test_uptime), cmocka_unit_test(test_shares),
		cmocka_unit_test(test_bars),   cmocka_unit_test(test_clean),
		cmocka_unit_test(test_breaks), cmocka_unit_test(test_shorten),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
