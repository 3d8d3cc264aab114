/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/capture/capture_filter.h"

static const uint8_t lan[] = { 192, 0, 2, 2 }, far[] = { 10, 8, 0, 7 };
static const uint8_t six[16] = { 0x20, 1, 0xd, 0xb8, [15] = 7 };

static const struct capture_facts web = {
	.has_addresses = true, .source = lan, .destination = far, .family = FAMILY_IPV4,
	.has_ports = true, .ports = { 50112, 443 }, .result = SYN_CLAMPED,
	.tunnels = { "eth1", "wg0", "wg0" }, .peers = { NULL, "key=" },
};
static const struct capture_facts odd = {
	.has_addresses = true, .source = six, .destination = six, .family = FAMILY_IPV6,
	.result = SYN_FRAGMENT, .tunnels = { "tun (1)", NULL, NULL }, .peers = { "and", NULL },
};
static const struct capture_facts nothing = { .family = FAMILY_COUNT, .result = SYN_NOT_IP };

static const struct { const char *text; bool web, odd, nothing; } matches[] = {
	/* filter                                       web    odd    nothing */
	{ "",                                           true,  true,  true  },
	{ " \t\n",                                      true,  true,  true  },
	{ "tunnel wg0",                                 true,  false, false },
	{ "tunnel eth1",                                true,  false, false },
	{ "tunnel wg",                                  false, false, false },
	{ "tunnel \"tun (1)\"",                         false, true,  false },
	{ "peer key=",                                  true,  false, false },
	{ "peer \"and\"",                               false, true,  false },
	{ "peer and",                                   false, true,  false },
	{ "host 10.8.0.7",                              true,  false, false },
	{ "host 192.0.2.0/24",                          true,  false, false },
	{ "host 0.0.0.0/0",                             true,  false, false },
	{ "host 2001:db8::/32",                         false, true,  false },
	{ "net 10.8.0.0/16",                            true,  false, false },
	{ "(net 2001:db8::/32 or net 198.51.100.0/24)", false, true,  false },
	{ "host 10.8.0.8",                              false, false, false },
	{ "port 443",                                   true,  false, false },
	{ "port 50112",                                 true,  false, false },
	{ "port 44",                                    false, false, false },
	{ "reason clamped",                             true,  false, false },
	{ "reason fragment",                            false, true,  false },
	{ "reason left_alone",                          false, true,  true  },
	{ "not reason left_alone",                      true,  false, false },
	{ "not not port 443",                           true,  false, false },
	{ "port 443 and host 10.8.0.7",                 true,  false, false },
	{ "port 443 host 10.8.0.7",                     true,  false, false },
	{ "port 443 not host 10.8.0.7",                 false, false, false },
	{ "port 80 or port 443",                        true,  false, false },
	{ "port 80 or reason fragment and tunnel wg0",  false, false, false },
	{ "(port 80 or reason clamped) and tunnel wg0", true,  false, false },
	{ "reason clamped or port 80 and port 81",      true,  false, false },
	{ "(reason clamped or port 80)and port 81",     false, false, false },
	{ "not(port 443 or port 80)",                   false, true,  true  },
	{ "not port 443 or port 443",                   true,  true,  true  },
	{ "((port 443))",                               true,  false, false },
};

static void test_matches(void **state)
{
	struct capture_filter filter;
	char why[CAPTURE_FILTER_WHY_MAX];
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		if (capture_filter_parse(&filter, matches[i].text, why, &at) < 0)
			fail_msg("%s: %s", matches[i].text, why);
		if (capture_filter_match(&filter, &web) != matches[i].web ||
		    capture_filter_match(&filter, &odd) != matches[i].odd ||
		    capture_filter_match(&filter, &nothing) != matches[i].nothing)
			fail_msg("%s", matches[i].text);
	}
}

static const struct { const char *text; size_t at; const char *why; } errors[] = {
	{ "prot 443",                0, "\"prot\" begins no term, did you mean \"port\"?" },
	{ "443",                     0, "\"443\" begins no term; tunnel, peer" },
	{ "\"port\" 443",            0, "\"port\" begins no term" },
	{ "port",                    4, "something is missing after \"port\"" },
	{ "port )",                  5, "something is missing after \"port\"" },
	{ "net",                     3, "something is missing after \"net\"" },
	{ "net 10",                  4, "\"10\" is no address" },
	{ "net 10.0.0.0",            4, "net 10.0.0.0 has no length; 10.0.0.0/24 is a net, host" },
	{ "net 2001:db8::",          4, "net 2001:db8:: has no length; 2001:db8::/64 is a net" },
	{ "src host 10.0.0.1",       0, "\"src\" is no word of these filters: host and net match" },
	{ "port 1 and tcp",         11, "\"tcp\" is no word of these filters: every packet here" },
	{ "port 0",                  5, "\"0\" is no port from 1 to 65535" },
	{ "port 65536",              5, "\"65536\" is no port" },
	{ "host 10.0.0.300",         5, "\"10.0.0.300\" is no address" },
	{ "host 10.0.0.1/8",         5, "no bits set after it" },
	{ "reason clampd",           7, "no reason \"clampd\", did you mean \"clamped\"?" },
	{ "reason x",                7, "no reason \"x\"; clamped" },
	{ "port 1 and",             10, "ends where a term should follow" },
	{ "port 1 or",               9, "ends where a term should follow" },
	{ "and port 1",              0, "\"and\" begins no term" },
	{ "not",                     3, "ends where a term should follow" },
	{ "(port 1",                 0, "\"(\" is not closed" },
	{ "port 1)",                 6, "no \"(\" that this one closes" },
	{ "()",                      1, "no term in front of \")\"" },
	{ "port 1 ) port 2",         7, "no \"(\" that this one closes" },
	{ "peer \"alice",            5, "the quote has no end" },
	{ "peer \"\"",               5, "the name is empty" },
	{ "((((((((((((((((( port 1", 16, "more than 16 parentheses" },
};

static void test_errors(void **state)
{
	struct capture_filter filter;
	char why[CAPTURE_FILTER_WHY_MAX];
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		why[0] = '\0';
		assert_int_equal(capture_filter_parse(&filter, errors[i].text, why, &at), -EINVAL);
		if (!strstr(why, errors[i].why) || at != errors[i].at)
			fail_msg("%s: %zu: %s", errors[i].text, at, why);
	}
}

static void test_limits(void **state)
{
	char text[CAPTURE_FILTER_MAX + 2] = "", why[CAPTURE_FILTER_WHY_MAX];
	struct capture_filter filter;
	size_t at;

	(void)state;
	for (int i = 0; i < 33; i++) /* 33 terms, and 32 "and"s between them */
		strcat(text, "port 1 ");
	assert_int_equal(capture_filter_parse(&filter, text, why, &at), -EINVAL);
	assert_non_null(strstr(why, "too long: at most 64"));
	text[32 * 7] = '\0';
	assert_int_equal(capture_filter_parse(&filter, text, why, &at), 0);
	assert_int_equal(filter.count, 63);
	memset(text, ' ', CAPTURE_FILTER_MAX + 1);
	text[CAPTURE_FILTER_MAX + 1] = '\0';
	assert_int_equal(capture_filter_parse(&filter, text, why, &at), -EINVAL);
	assert_non_null(strstr(why, "more than 1000 bytes"));
}

static void test_asks(void **state)
{
	char why[CAPTURE_FILTER_WHY_MAX];
	struct capture_filter filter, copy;
	size_t at;

	(void)state;
	assert_int_equal(capture_filter_parse(&filter, "not peer a or port 1", why, &at), 0);
	assert_true(filter.asks[CAPTURE_PEER] && filter.asks[CAPTURE_PORT]);
	assert_false(filter.asks[CAPTURE_TUNNEL]);
	copy = filter;
	memset(&filter, 0, sizeof(filter));
	assert_string_equal(capture_filter_name(&copy, &copy.steps[0]), "a");
	assert_true(capture_filter_takes_name("peer"));
	assert_false(capture_filter_takes_name("host"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
