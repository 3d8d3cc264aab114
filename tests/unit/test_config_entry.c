/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_fixture.h"

static const struct bad_file bad[] = {
	{ "rule without action", "rules = ( { interface = \"wan6\"; } );",
	  "1: rules[0]: has nothing to do, one of mss, mtu and ignore = true is needed" },
	{ "empty rule", "rules = ( { } );",
	  "1: rules[0]: has nothing to do, one of mss, mtu and ignore = true is needed" },
	{ "rule with two actions", "rules = ( { mss = 1300; mtu = 1340; } );",
	  "1: rules[0]: has more than one of mss, mtu and ignore, must have one" },
	{ "mss and ignore", "rules = ( { mss = 1300; ignore = true; } );",
	  "1: rules[0]: has more than one of mss, mtu and ignore, must have one" },
	{ "ignore = false alone", "rules = ( { interface = \"wan6\"; ignore = false; } );",
	  "1: rules[0]: has ignore = false and nothing else to do, one of mss, mtu and ignore = "
	  "true is needed" },
	{ "two families", "rules = ( { family = \"ipv4\";\n"
	  "prefix = \"2001:db8::/32\"; mss = 1300; } );",
	  "2: rules[0]: prefix is IPv6 and family is \"ipv4\": the rule could never match, "
	  "remove one of the two" },
	{ "no such cipher of OpenVPN",
	  "tunnels = ( { match = \"tun0\"; kind = \"openvpn\";\ncipher = \"AES-GCM-16\"; } );",
	  "2: tunnels[0].cipher: AES-GCM-16 is no cipher of openvpn; such as cipher = "
	  "\"AES-256-GCM\" of openvpn, cipher = \"AES-CBC\" and auth = \"SHA256-128\" of esp" },
	{ "no such digest", "tunnels = ( { match = \"vti0\"; auth = \"SHA9\"; } );",
	  "1: tunnels[0].auth: SHA9 is no cipher or digest of openvpn or esp; such as cipher = "
	  "\"AES-256-GCM\" of openvpn, cipher = \"AES-CBC\" and auth = \"SHA256-128\" of esp" },
	{ "a cipher of nothing",
	  "tunnels = ( { match = \"wg0\"; kind = \"wireguard\"; cipher = \"AES-CBC\"; } );",
	  "1: tunnels[0].cipher: wireguard has no such setting, openvpn, esp and ah have: remove "
	  "it" },
	{ "a digest of nothing",
	  "tunnels = ( { match = \"wg0\"; kind = \"wireguard\";\nauth = \"SHA1\"; } );",
	  "2: tunnels[0].auth: wireguard has no such setting, openvpn, esp and ah have: remove "
	  "it" },
	{ "a good cipher with no such digest",
	  "tunnels = ( { match = \"t\"; kind = \"esp\"; cipher = \"AES-CBC\";\n"
	  "auth = \"SHA9\"; } );",
	  "2: tunnels[0].auth: AES-CBC with SHA9 is no cipher or digest of esp; such as cipher = "
	  "\"AES-256-GCM\" of openvpn, cipher = \"AES-CBC\" and auth = \"SHA256-128\" of esp" },
	{ "tunnel without match", "tunnels = ( { extra = 12; } );",
	  "1: tunnels[0]: match is needed: the interface (a name or glob) or ipsec:NAME" },
};

static void test_bad_entries(void **state)
{
	assert_bad_files(*state, bad, COUNT(bad));
}

static void test_warnings(void **state)
{
	static const struct { const char *name, *rule, *warning; } cases[] = {
		{ "IPv4 MSS", "mss = 535;",
		  "mss: 535 is below 536 bytes, which every IPv4 path carries: connections get "
		  "slow for no gain" },
		{ "the least IPv4 MSS", "mss = 536;", NULL },
		{ "IPv6 MSS", "family = \"ipv6\"; mss = 1219;",
		  "mss: 1219 is below 1220 bytes, which every IPv6 path carries: connections "
		  "get slow for no gain" },
		{ "IPv4 MSS of that size", "family = \"ipv4\"; mss = 1219;", NULL },
		{ "IPv6 by prefix", "prefix = \"2001:db8::/32\"; mtu = 1279;",
		  "mtu: 1279 is below 1280 bytes, which every IPv6 path carries: connections "
		  "get slow for no gain" },
		{ "the least IPv6 MTU", "prefix = \"2001:db8::/32\"; mtu = 1280;", NULL },
		{ "IPv4 MTU", "mtu = 575;",
		  "mtu: 575 is below 576 bytes, which every IPv4 path carries: connections get "
		  "slow for no gain" },
	};
	struct fixture *fixture = *state;
	char text[256];

	for (size_t i = 0; i < COUNT(cases); i++) {
		print_message("%s\n", cases[i].name);
		snprintf(text, sizeof(text), "rules = ( { %s } );", cases[i].rule);
		assert_int_equal(load_text(fixture, text), 0);
		snprintf(text, sizeof(text), "main.conf:1: rules[0].%s\n",
			 cases[i].warning ? cases[i].warning : "");
		assert_report(fixture, "", cases[i].warning ? text : "", "");
	}
	assert_int_equal(load_text(fixture, "rules = ( { interface = \"abcdefghijklmnop\"; "
		"mss = 1300; } );"), 0);
	assert_report(fixture, "",
		"main.conf:1: rules[0]: interface is longer than 15 bytes: no interface has such a "
		"name\n", "");
}

static void test_rules(void **state)
{
	static const struct {
		const char *text, *interface, *peer, *prefix;
		uint32_t mark, mask;
		enum family family;
		enum rule_action action;
		uint32_t value;
		bool has_mark, has_family;
	} cases[] = {
		{ "rules[0] (interface=wan6 mss=1360)", "wan6", .action = RULE_MSS, .value = 1360 },
		{ "rules[1] (prefix=10.9.0.0/16 mtu=1400)", .prefix = "10.9.0.0/16",
		  .action = RULE_MTU, .value = 1400 },
		{ "rules[2] (interface=docker0 ignore)", "docker0", .action = RULE_IGNORE },
		{ "rules[3] (mark=0x1/0xff family=ipv6 mss=1340)", .has_mark = true, .mark = 1,
		  .mask = 0xff, .has_family = true, .family = FAMILY_IPV6, .action = RULE_MSS,
		  .value = 1340 },
		{ "rules[4] (mark=0xffffffff/0xffffffff mss=1350)", .has_mark = true,
		  .mark = 0xffffffff, .mask = 0xffffffff, .action = RULE_MSS, .value = 1350 },
		{ "rules[5] (prefix=192.0.2.7/32 peer=alice mss=1330)", .peer = "alice",
		  .prefix = "192.0.2.7/32", .action = RULE_MSS, .value = 1330 },
	};
	struct fixture *fixture = *state;

	assert_int_equal(load_text(fixture,
		"rules = ( { interface = \"wan6\"; mss = 1360; }, { prefix = "
		"\"10.9.0.0/16\"; mtu = 1400; },\n"
		"{ interface = \"docker0\"; ignore = true; },\n"
		"{ mark = \"0x1/0xff\"; family = \"ipv6\"; mss = 1340; ignore = false; },\n"
		"{ mark = 0xffffffff; mss = 1350; },\n"
		"{ peer = \"alice\"; prefix = \"192.0.2.7\"; mss = 1330; } );"), 0);
	assert_int_equal(fixture->config->rules->count, COUNT(cases));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct rule *rule = &fixture->config->rules->list[i];
		char prefix[PREFIX_TEXT_MAX];

		assert_string_equal(rule->text, cases[i].text);
		assert_string_equal(rule->interface ? rule->interface : "",
				    cases[i].interface ? cases[i].interface : "");
		assert_string_equal(rule->peer ? rule->peer : "",
			cases[i].peer ? cases[i].peer : "");
		assert_string_equal(rule->has_prefix ? prefix_format(&rule->prefix, prefix) : "",
				    cases[i].prefix ? cases[i].prefix : "");
		assert_int_equal(rule->has_mark, cases[i].has_mark);
		assert_int_equal(rule->mark_value, cases[i].mark);
		assert_int_equal(rule->mark_mask, cases[i].mask);
		assert_int_equal(rule->has_family, cases[i].has_family);
		assert_int_equal(rule->family, cases[i].family);
		assert_int_equal(rule->action, cases[i].action);
		assert_int_equal(rule->value, cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		config_test(test_bad_entries),
		config_test(test_warnings),
		config_test(test_rules),
	};

	return cmocka_run_group_tests_name("config_entry", tests, NULL, NULL);
}
