/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "ctl/screen/page.h"

static const struct {
	const char *text, *shorter;
} cases[] = {
	{ "", "" },
	{ "no address: 12:07:33, 1.2.3, version 6.18.44", "no address: 12:07:33, 1.2.3, version 6.18.44" },
	{ "203.0.113.7", "203.0.x.x" },
	{ "203.0.113.7:51820", "203.0.x.x:51820" },
	{ "ip saddr 192.0.2.0/24 drop", "ip saddr 192.0.x.x/24 drop" },
	{ "ipsec:203.0.113.7: x", "ipsec:203.0.x.x: x" },
	{ "192.0.2.1.", "192.0.x.x." },
	{ "(192.0.2.1, 192.0.2.2)", "(192.0.x.x, 192.0.x.x)" },
	{ "1.2.3.4.5", "1.2.3.4.5" },
	{ "v1.2.3.4", "v1.2.3.4" },
	{ "2001:db8:1:2::7", "2001:db8:x" },
	{ "[2001:db8::7]:53", "[2001:db8:x]:53" },
	{ "2001:db8:1::/48", "2001:db8:x/48" },
	{ "fe80::1%eth0", "fe80::x%eth0" },
	{ "::1", "::x" },
	{ "::ffff:192.0.2.1", "::x" },
	{ "1:2:3:4:5:6:7:8", "1:2:x" },
	{ "aa:bb:cc:dd:ee:ff", "aa:bb:cc:x" },
	{ "dead:beef", "dead:beef" },
	{ "MSS021: a::b", "MSS021: a::x" },
	{ "saddr 10.0.0.1-10.0.0.9 drop", "saddr 10.0.x.x-10.0.x.x drop" },
	{ "2001:db8::1-2001:db8::9", "2001:db8:x-2001:db8:x" },
	{ "daddr 2001:db8:1:2:3...", "daddr 2001:db8:x..." },
	{ "daddr 192.0.2...", "daddr 192.0.x.x..." },
	{ "and so on...", "and so on..." },
	{ "5.10...", "5.10..." },
};

static void test_shorten(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *shorter = page_shorten(cases[i].text);

		assert_non_null(shorter);
		assert_string_equal(shorter, cases[i].shorter);
		free(shorter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_shorten) };

	return cmocka_run_group_tests_name("shorten", tests, NULL, NULL);
}
