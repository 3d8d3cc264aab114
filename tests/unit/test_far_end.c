/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "facts/far_end.h"

static const struct {
	const char *text;
	int result;
	const char *address;
	uint16_t port;
	const char *proto;
} cases[] = {
	{ "192.0.2.1:1194", 0, "192.0.2.1", 1194, NULL },
	{ "192.0.2.1", 0, "192.0.2.1", 0, NULL },
	{ "[2001:db8::1]:1194", 0, "2001:db8::1", 1194, NULL },
	{ "[2001:db8::1]", 0, "2001:db8::1", 0, NULL },
	{ "2001:DB8:0::1", 0, "2001:db8::1", 0, NULL },
	{ "[fe80::1%eth0]:51820", 0, "fe80::1", 51820, NULL },
	{ "[::ffff:192.0.2.1]:5", 0, "192.0.2.1", 5, NULL },
	{ "udp4:192.0.2.1:1194", 0, "192.0.2.1", 1194, "udp" },
	{ "tcp4-server:192.0.2.1:1194", 0, "192.0.2.1", 1194, "tcp" },
	{ "tcp6-client:[2001:db8::1]:7", 0, "2001:db8::1", 7, "tcp" },
	{ "udp:192.0.2.1", 0, "192.0.2.1", 0, "udp" },
	{ "", -EINVAL, NULL, 0, NULL },
	{ "udp4:", -EINVAL, NULL, 0, NULL },
	{ "udp4", -EINVAL, NULL, 0, NULL },
	{ "192.0.2.1:", -EINVAL, NULL, 0, NULL },
	{ "192.0.2.1:65536", -EINVAL, NULL, 0, NULL },
	{ "192.0.2.1:-1", -EINVAL, NULL, 0, NULL },
	{ "192.0.2.256:1", -EINVAL, NULL, 0, NULL },
	{ "[2001:db8::1", -EINVAL, NULL, 0, NULL },
	{ "[2001:db8::1]x", -EINVAL, NULL, 0, NULL },
	{ "vpn.example.com:1194", -EINVAL, NULL, 0, NULL },
	{ "UNKNOWN", -EINVAL, NULL, 0, NULL },
	{ "[NULL]", -EINVAL, NULL, 0, NULL },
	{ "aa:bb:cc:dd:ee:ff@0", -EINVAL, NULL, 0, NULL },
	{ "1111111111111111111111111111111111111111111111111111111111111111111111111111111111",
	  -EINVAL, NULL, 0, NULL },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct far_end far_end;

		print_message("  \"%s\"\n", cases[i].text);
		assert_int_equal(far_end_parse(cases[i].text, &far_end), cases[i].result);
		if (cases[i].result < 0)
			continue;
		assert_string_equal(far_end.address, cases[i].address);
		assert_int_equal(far_end.port, cases[i].port);
		assert_string_equal(far_end.proto ? far_end.proto : "-",
				    cases[i].proto ? cases[i].proto : "-");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
