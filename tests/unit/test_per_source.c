/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "edge/firewall/per_source.h"

static void test_burst(void **state)
{
	static const struct { uint32_t rate, burst; } rows[] = {
		{ 1, 20 }, { 9, 20 }, { 10, 20 }, { 11, 22 }, { 499999, 999998 },
		{ 500000, 1000000 }, { 500001, 1000000 }, { 1000000, 1000000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(per_source_burst(rows[i].rate), rows[i].burst);
}

/* As iptables 1.8.9 was seen to list what it was given. */
static void test_rate_as_iptables_lists_it(void **state)
{
	static const struct { uint32_t given; const char *listed; } rows[] = {
		{ 1, "-above 1/sec" }, { 59, "-above 59/sec" }, { 700, "-above 700/sec" },
		{ 1500, "-above 1501/sec" }, { 3333, "-above 3333/sec" },
		{ 70000, "-above 71428/sec" }, { 300000, "-above 333333/sec" },
		{ 999999, "-above 1000000/sec" }, { 1000000, "-above 1000000/sec" },
	};
	char text[2 * PER_SOURCE_TEXT_MAX], name[PER_SOURCE_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		per_source_iptables_rule(true, true, rows[i].given, text);
		if (!strstr(text, rows[i].listed) || !strstr(text, "-dstmask 64 -j RETURN"))
			fail_msg("%u: %s", rows[i].given, text);
		snprintf(name, sizeof(name), "mssclamp_to_%u ", rows[i].given);
		assert_non_null(strstr(text, name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_rate_as_iptables_lists_it),
	};

	return cmocka_run_group_tests_name("per_source", tests, NULL, NULL);
}
