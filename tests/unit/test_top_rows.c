/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/top/top_rows.h"

/* "a" with many SYNs, "b" with few and a small path, "c" that has just come. */
static const char tunnels[] =
	"{\"tunnels\":[{\"name\":\"a\",\"peers\":1,\"mss4_bytes\":1400,"
	"\"outer_path_mtu_bytes\":1500},{\"name\":\"b\",\"peers\":9,\"mss4_bytes\":1300,"
	"\"outer_path_mtu_bytes\":1400},{\"name\":\"c\",\"peers\":null,"
	"\"outer_path_mtu_bytes\":null}]}";

static char *print_counts(const char *name, unsigned int seen, unsigned int clamped,
			  unsigned int mss, unsigned int other)
{
	char *text;

	assert_true(asprintf(&text,
			     "{\"name\":\"%s\",\"seen_total\":%u,\"clamped_total\":%u,"
			     "\"mss_histogram\":{\"ipv4\":{\"before\":[{\"mss_bytes\":1460,"
			     "\"count\":%u},{\"mss_bytes\":1452,\"count\":%u}],\"after\":["
			     "{\"mss_bytes\":1380,\"count\":%u}]}}}",
			     name, seen, clamped, mss, other, mss + other) > 0);
	return text;
}

/* A look with these counters of a and b, and 7 SYNs of no tunnel where none. */
static struct top_look make_look(unsigned int a, unsigned int b, bool with_b, bool none,
				 uint64_t at_ns)
{
	char *first = print_counts("a", a, a / 2, a, 0), *text;
	char *second = print_counts("b", b, b, 100, b);
	struct top_look look = { .at_ns = at_ns };

	assert_true(asprintf(&text,
			     "{\"syn\":{\"seen_total\":%u,\"clamped_total\":%u},\"tunnels\":"
			     "[%s%s%s],\"no_tunnel\":{\"seen_total\":%d}}",
			     a + b, a / 2 + b, first, with_b ? "," : "", with_b ? second : "",
			     none ? 7 : 0) > 0);
	look.stats = json_loads(text, 0, NULL);
	look.tunnels = json_loads(tunnels, 0, NULL);
	assert_non_null(look.stats);
	assert_non_null(look.tunnels);
	free(first);
	free(second);
	free(text);
	return look;
}

static void assert_order(const struct top_rows *rows, const char *names)
{
	char found[16] = "";

	for (size_t i = 0; i < rows->count; i++)
		strcat(found, rows->list[i].name ? rows->list[i].name : "-");
	assert_string_equal(found, names);
}

static void test_rates(void **state)
{
	struct top_look before = make_look(100, 10, true, false, 5 * NS_PER_SECOND);
	struct top_look now = make_look(300, 20, true, true, 7 * NS_PER_SECOND);
	struct top_rows rows;

	(void)state;
	assert_int_equal(top_rows_make(&before, &now, TOP_BY_SYN, false, &rows), 0);
	assert_order(&rows, "abc-");
	assert_true(rows.syn == 105 && rows.clamped == 55);
	assert_true(rows.list[0].syn == 100 && rows.list[0].clamped == 50);
	assert_true(rows.list[1].syn == 5 && rows.list[1].clamped == 5);
	assert_true(rows.list[2].syn == 0 && rows.list[3].syn == 3.5);
	assert_int_equal(rows.list[0].mss_in, 1460);
	assert_int_equal(rows.list[0].mss_out, 1380);
	assert_int_equal(rows.list[1].mss_in, 1452); /* since then, though 1460 is more in all */
	assert_int_equal(rows.list[2].mss_in, 0);
	top_rows_done(&rows);
	top_look_done(&before);
	top_look_done(&now);
}

static void test_what_is_not_known(void **state)
{
	struct top_look none = { 0 }, now = make_look(300, 20, true, false, 7);
	struct top_look later = make_look(5, 20, false, false, NS_PER_SECOND);
	struct top_rows rows;

	(void)state;
	assert_int_equal(top_rows_make(&none, &now, TOP_BY_SYN, false, &rows), 0);
	assert_true(rows.syn < 0 && rows.clamped < 0 && rows.list[0].syn < 0);
	assert_int_equal(rows.list[0].mss_in, 1460);
	assert_int_equal(rows.list[1].mss_in, 1460); /* in all, as there is nothing to compare */
	top_rows_done(&rows);
	/* the daemon was started anew: fewer than before */
	assert_int_equal(top_rows_make(&now, &later, TOP_BY_NAME, false, &rows), 0);
	assert_true(rows.syn < 0 && rows.list[0].syn < 0);
	top_rows_done(&rows);
	top_look_done(&now);
	top_look_done(&later);
}

static void test_order(void **state)
{
	static const struct { const char *word, *order, *reversed; } orders[] = {
		{ "syn", "abc-", "cba-" },  { "clamped", "abc-", "cba-" },
		{ "name", "abc-", "cba-" }, { "path", "bac-", "cab-" },
		{ "mss", "bac-", "cab-" },  { "peers", "bac-", "cab-" },
	};
	struct top_look before = make_look(100, 10, true, true, 1);
	struct top_look now = make_look(300, 20, true, true, 2 * NS_PER_SECOND);
	struct top_rows rows;
	enum top_sort sort;

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		print_message("%s\n", orders[i].word);
		assert_int_equal(top_sort_parse(orders[i].word, &sort), 0);
		assert_int_equal(top_rows_make(&before, &now, sort, false, &rows), 0);
		assert_order(&rows, orders[i].order);
		top_rows_done(&rows);
		assert_int_equal(top_rows_make(&before, &now, sort, true, &rows), 0);
		assert_order(&rows, orders[i].reversed);
		top_rows_done(&rows);
	}
	assert_int_equal(top_sort_parse("size", &sort), -EINVAL);
	top_look_done(&before);
	top_look_done(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates), cmocka_unit_test(test_what_is_not_known),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
