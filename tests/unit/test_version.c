/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/version.h"

static char *printed(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	version_print(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_tells_what_it_can(void **state)
{
	static const char *const parts[] = {
		"mssclampd " VERSION "\nmodes      queue offload mark audit\n",
		"\nfirewalls  auto nftables iptables none\n",
		"\nhooks      forward output input\n",
		"\ntunnels    wireguard ",
		" pptp ",
		" route\n",
		"\nlibraries  jansson ",
	};
	char *text = printed();

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (!strstr(text, parts[i]))
			fail_msg("no \"%s\" in:\n%s", parts[i], text);
	free(text);
}

static void test_lines_fit_a_terminal(void **state)
{
	char *text = printed();

	(void)state;
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		assert_in_range(len, 1, 80);
		line += len + 1;
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tells_what_it_can),
		cmocka_unit_test(test_lines_fit_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
