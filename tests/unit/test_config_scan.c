/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_fixture.h"

#define NO_INCLUDE \
	"a file includes no other here, make that one a drop-in: NAME.conf in the folder FILE.d"

static const struct bad_file bad[] = {
	{ "more digits than 64 bits", "queues = { first = 18446744073709556616; };",
	  "1: queues.first: 184467440737095566 is out of range, must be 0 to 65535" },
	{ "the same with zeros and L", "queues = { first = 000018446744073709556616L; };",
	  "1: queues.first: 184467440737095566 is out of range, must be 0 to 65535" },
	{ "the same in hexadecimal", "queues = { first = 0x10000000000001388; };",
	  "1: queues.first: 0x100000000000013 is out of range, must be 0 to 65535" },
	{ "more digits, negative", "queues = { first = -18446744073709556616; };",
	  "1: queues.first: -184467440737095566 is out of range, must be 0 to 65535" },
	{ "an integer for a fraction", "alerts = { retransmit_percent = 99999999999999999999; };",
	  "1: alerts.retransmit_percent: 999999999999999999 is out of range, must be 0 to 100 "
	  "percent" },
	{ "unclosed string", "firewall = \"none\";\nmode = \"audit;\ninsert_missing = true;\n",
	  "2: syntax error: the string that begins here is not closed, end it with \"" },
	{ "unclosed comment", "mode = \"audit\";\n/* firewall = \"none\";\n",
	  "2: syntax error: the comment that begins here is not closed, end it with */" },
	{ "unclosed comment inside a rule", "rules = ( { mss = 1300; },\n{ /* mss = 1400; } );\n",
	  "2: syntax error: the comment that begins here is not closed, end it with */" },
	{ "an include", "mode = \"audit\";\n@include \"other.conf\"\n",
	  "2: @include: " NO_INCLUDE },
	{ "an include without quotes", "\t@include other.conf", "1: @include: " NO_INCLUDE },
};

static void test_bad_texts(void **state)
{
	assert_bad_files(*state, bad, COUNT(bad));
}

/* A syntax error hides what stands behind it; nothing else hides anything. */
static void test_nothing_is_hidden(void **state)
{
	static const struct { const char *name, *text, *errors; } cases[] = {
		{ "four errors, one number too long",
		  "mode=\"quue\"; insert_missing=5;\n"
		  "queues={first=99999999999999999999;};\ntcp_ao=1;\n",
		  "main.conf:1: mode: \"quue\" is unknown, did you mean 'queue'? Known are "
		  "\"queue\", \"offload\", \"mark\", \"audit\"\n"
		  "main.conf:1: insert_missing: 5 is an integer, must be true or false\n"
		  "main.conf:2: queues.first: 999999999999999999 is out of range, must be 0 to "
		  "65535\n"
		  "main.conf:3: tcp_ao: 1 is an integer, must be one of \"leave\", \"clamp\"\n" },
		{ "two includes",
		  "@include \"a\"\ninsert_missing=5;\n@include \"b\"\nfallback=6;\n",
		  "main.conf:1: @include: " NO_INCLUDE "\n"
		  "main.conf:3: @include: " NO_INCLUDE "\n"
		  "main.conf:2: insert_missing: 5 is an integer, must be true or false\n"
		  "main.conf:4: fallback: 6 is an integer, must be true or false\n" },
		{ "before an unclosed comment", "insert_missing=5; rules=({});\n/* fallback=6;",
		  "main.conf:2: syntax error: the comment that begins here is not closed, end it "
		  "with */\n"
		  "main.conf:1: insert_missing: 5 is an integer, must be true or false\n"
		  "main.conf:1: rules[0]: has nothing to do, one of mss, mtu and ignore = true is "
		  "needed\n" },
		{ "before an unclosed string", "insert_missing=5;\nrules=({},{interface=\"wan;});",
		  "main.conf:2: syntax error: the string that begins here is not closed, end it "
		  "with \"\n"
		  "main.conf:1: insert_missing: 5 is an integer, must be true or false\n"
		  "main.conf:2: rules[0]: has nothing to do, one of mss, mtu and ignore = true is "
		  "needed\n" },
		{ "an include inside a comment and a string",
		  "# @include\n/* @include */ alerts={command=\"@include\";};insert_missing=5;\n",
		  "main.conf:2: insert_missing: 5 is an integer, must be true or false\n" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		print_message("%s\n", cases[i].name);
		assert_int_equal(load_text(fixture, cases[i].text), -EINVAL);
		assert_lines(fixture, fixture->report.errors, fixture->report.error_count,
			     cases[i].errors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		config_test(test_bad_texts),
		config_test(test_nothing_is_hidden),
	};

	return cmocka_run_group_tests_name("config_scan", tests, NULL, NULL);
}
