/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_fixture.h"

static const struct bad_file bad[] = {
	{ "more digits than 64 bits", "queues = { first = 18446744073709556616; };",
	  "1: syntax error: this number has too many digits, no setting takes one so large" },
	{ "unclosed string", "firewall = \"none\";\nmode = \"audit;\ninsert_missing = true;\n",
	  "2: syntax error: the string that begins here is not closed, end it with \"" },
	{ "unclosed comment", "mode = \"audit\";\n/* firewall = \"none\";\n",
	  "2: syntax error: the comment that begins here is not closed, end it with */" },
	{ "an include without a name", "@include other.conf",
	  "1: @include: has no file name, must be @include \"FILE\" on a line of its own" },
	{ "a circle of includes", "@include \"main.conf\"",
	  "1: @include: files include each other more than 10 deep, is there a circle?" },
};

static void test_bad_texts(void **state)
{
	assert_bad_files(*state, bad, COUNT(bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		config_test(test_bad_texts),
	};

	return cmocka_run_group_tests_name("config_scan", tests, NULL, NULL);
}
