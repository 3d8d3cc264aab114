/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "daemon/words/flow_text.h"

static const struct {
	const char *text, *source, *destination;
	uint16_t port;
} good[] = {
	/* text                                  source          destination    port */
	{ "10.8.0.7",                            NULL,           "10.8.0.7",    0 },
	{ "10.8.0.7:443",                        NULL,           "10.8.0.7",    443 },
	{ "192.168.1.10 10.8.0.7:443",           "192.168.1.10", "10.8.0.7",    443 },
	{ "192.168.1.10 -> 10.8.0.7",            "192.168.1.10", "10.8.0.7",    0 },
	{ "  192.168.1.10:5000  ->\t10.8.0.7:1 ", "192.168.1.10", "10.8.0.7",   1 },
	{ "2001:db8::1 -> 2001:db8::2",          "2001:db8::1",  "2001:db8::2", 0 },
	{ "2001:db8::1 [2001:db8::2]:65535",     "2001:db8::1",  "2001:db8::2", 65535 },
	{ "192.168.1.10:5000 > 10.8.0.7:443",    "192.168.1.10", "10.8.0.7",    443 },
	{ "[2001:db8::2]",                       NULL,           "2001:db8::2", 0 },
};

static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "no address" },
	{ "->", "no IPv4 or IPv6 address" },
	{ "wg0", "no IPv4 or IPv6 address" },
	{ "10.8.0.7:0", "no port" },
	{ "10.8.0.7:65536", "\"65536\" is no port (1 to 65535)" },
	{ "192.0.2.2 ->", "something is missing after \"->\"" },
	{ "192.0.2.2:80 > ", "something is missing after \">\"" },
	{ "192.0.2.2 -> ->", "no IPv4 or IPv6 address" },
	{ "> 192.0.2.2", "no IPv4 or IPv6 address" },
	{ "10.8.0.7:", "no port" },
	{ "[2001:db8::2", "no [ADDRESS]" },
	{ "[2001:db8::2]443", "no [ADDRESS]" },
	{ "10.8.0.1 2001:db8::2", "different families" },
	{ "10.8.0.1 10.8.0.2 10.8.0.3", "one word too many" },
};

static void test_good(void **state)
{
	char why[FLOW_TEXT_WHY_MAX], text[PREFIX_TEXT_MAX];
	struct flow_text flow;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (flow_text_parse(good[i].text, &flow, why) < 0)
			fail_msg("%s: %s", good[i].text, why);
		assert_string_equal(address_format(&flow.destination, text), good[i].destination);
		assert_int_equal(flow.port, good[i].port);
		assert_int_equal(flow.has_source, good[i].source != NULL);
		if (good[i].source)
			assert_string_equal(address_format(&flow.source, text), good[i].source);
		assert_int_equal(flow.source.family, flow.destination.family);
	}
}

static void test_bad(void **state)
{
	char why[FLOW_TEXT_WHY_MAX], endless[1000];
	struct flow_text flow;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(flow_text_parse(bad[i].text, &flow, why) < 0);
		if (!strstr(why, bad[i].why))
			fail_msg("\"%s\": \"%s\" does not say \"%s\"", bad[i].text, why, bad[i].why);
	}
	memset(endless, '1', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_true(flow_text_parse(endless, &flow, why) < 0);
	assert_non_null(strstr(why, "longer than"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests_name("flow_text", tests, NULL, NULL);
}
