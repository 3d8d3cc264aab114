/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "core/mss.h"
#include "ctl/screen/access_line.h"

static bool knows(enum family family, uint32_t mss, const char *word)
{
	for (size_t i = 0; i < ACCESS_LINES; i++) {
		if (mss_from_mtu(family, access_lines[i].mtu) == mss)
			return strstr(access_lines[i].what, word);
	}
	return false;
}

static void test_rows_are_whole_and_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ACCESS_LINES; i++) {
		assert_non_null(access_lines[i].what);
		assert_non_null(access_lines[i].source);
		if (i > 0)
			assert_true(access_lines[i].mtu < access_lines[i - 1].mtu);
	}
}

static void test_what_people_know(void **state)
{
	(void)state;
	assert_true(knows(FAMILY_IPV4, 1460, "Ethernet"));
	assert_true(knows(FAMILY_IPV6, 1440, "Ethernet"));
	assert_true(knows(FAMILY_IPV4, 1452, "PPPoE"));
	assert_true(knows(FAMILY_IPV6, 1432, "PPPoE"));
	assert_true(knows(FAMILY_IPV4, 1412, "PPPoE"));
	assert_true(knows(FAMILY_IPV6, 1420, "6in4"));
	assert_true(knows(FAMILY_IPV4, 1380, "WireGuard"));
	assert_true(knows(FAMILY_IPV6, 1220, "IPv6"));
	assert_false(knows(FAMILY_IPV4, 1459, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_whole_and_in_order),
		cmocka_unit_test(test_what_people_know),
	};

	return cmocka_run_group_tests_name("access_line", tests, NULL, NULL);
}
