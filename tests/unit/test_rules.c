/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/array.h"
#include "core/mss.h"
#include "policy/snapshot/rules.h"

/* A rule as the tables write it: what is NULL or 0 is not given. */
struct keys {
	const char *interface, *prefix, *peer;
	uint32_t mark_value, mark_mask;
	int ip; /* 4 or 6 */
};

static struct rule rule_from(const struct keys *keys)
{
	struct rule rule = { .action = RULE_MSS, .value = 1360 };

	rule.interface = (char *)(uintptr_t)keys->interface;
	rule.peer = (char *)(uintptr_t)keys->peer;
	rule.has_prefix = keys->prefix;
	if (keys->prefix)
		assert_int_equal(prefix_parse(keys->prefix, &rule.prefix), 0);
	rule.has_mark = keys->mark_mask;
	rule.mark_value = keys->mark_value;
	rule.mark_mask = keys->mark_mask;
	rule.has_family = keys->ip;
	rule.family = keys->ip == 6 ? FAMILY_IPV6 : FAMILY_IPV4;
	return rule;
}

#define MARK(value, mask) { .mark_value = (value), .mark_mask = (mask) }
#define ALL_KEYS { "wg*", "10.9.0.0/16", "alice", 1, 1, 4 }

/* Who is behind the addresses below: a peer, and a policy without a name for people. */
#define KNOWN { { "key/1=", "alice" }, { "a -> b", NULL } }

static const struct {
	const char *name;
	struct keys keys;
	const char *interface, *address;
	uint32_t mark;
	bool matches;
} sides[] = {
	/* name, keys -> side: interface, address, mark -> matches */
	{ "no key, IPv4",      { 0 },                       "wg0",    "10.9.0.1",   0,     true  },
	{ "no key, IPv6",      { 0 },                       "wg0",    "fd00::1",    0,     true  },
	{ "no key, no name",   { 0 },                       NULL,     "10.9.0.1",   0,     true  },
	{ "name",              { .interface = "wg0" },      "wg0",    "10.9.0.1",   0,     true  },
	{ "another name",      { .interface = "wg0" },      "wg1",    "10.9.0.1",   0,     false },
	{ "a longer name",     { .interface = "wg" },       "wg0",    "10.9.0.1",   0,     false },
	{ "a name, unnamed",   { .interface = "wg0" },      NULL,     "10.9.0.1",   0,     false },
	{ "a star, unnamed",   { .interface = "*" },        NULL,     "10.9.0.1",   0,     false },
	{ "glob *",            { .interface = "wg*" },      "wg17",   "10.9.0.1",   0,     true  },
	{ "glob * is empty",   { .interface = "wg*" },      "wg",     "10.9.0.1",   0,     true  },
	{ "glob ?",            { .interface = "wg?" },      "wg17",   "10.9.0.1",   0,     false },
	{ "glob [0-9]",        { .interface = "wg[0-9]" },  "wg5",    "10.9.0.1",   0,     true  },
	{ "glob [!0-9]",       { .interface = "g[!0-9]" },  "g5",     "10.9.0.1",   0,     false },
	{ "a dot",             { .interface = "eth0.*" },   "eth0.7", "10.9.0.1",   0,     true  },
	{ "case counts",       { .interface = "WG0" },      "wg0",    "10.9.0.1",   0,     false },
	{ "inside a prefix",   { .prefix = "10.9.0.0/16" }, "wg0",    "10.9.255.9", 0,     true  },
	{ "outside a prefix",  { .prefix = "10.9.0.0/16" }, "wg0",    "10.10.0.0",  0,     false },
	{ "IPv6, IPv4 prefix", { .prefix = "0.0.0.0/0" },   "wg0",    "fd00::1",    0,     false },
	{ "IPv4, IPv6 prefix", { .prefix = "::/0" },        "wg0",    "10.9.0.1",   0,     false },
	{ "IPv6 prefix",       { .prefix = "fd00::/8" },    "wg0",    "fd12::1",    0,     true  },
	{ "IPv4 alone",        { .ip = 4 },                 "wg0",    "10.9.0.1",   0,     true  },
	{ "IPv4 alone, IPv6",  { .ip = 4 },                 "wg0",    "fd00::1",    0,     false },
	{ "IPv6 alone, IPv4",  { .ip = 6 },                 "wg0",    "10.9.0.1",   0,     false },
	{ "mark",              MARK(1, 0xff),               "wg0",    "10.9.0.1",   0x701, true  },
	{ "another mark",      MARK(1, 0xff),               "wg0",    "10.9.0.1",   0x702, false },
	{ "mark 0",            MARK(0, 0xff),               "wg0",    "10.9.0.1",   0x700, true  },
	{ "no mark",           MARK(1, 0xff),               "wg0",    "10.9.0.1",   0,     false },
	{ "all keys",          ALL_KEYS,                    "wg0",    "10.9.0.1",   3,     true  },
	{ "all but name",      ALL_KEYS,                    "tun0",   "10.9.0.1",   3,     false },
	{ "all but address",   ALL_KEYS,                    "wg0",    "10.8.0.1",   3,     false },
	{ "all but mark",      ALL_KEYS,                    "wg0",    "10.9.0.1",   2,     false },
	{ "a peer's name",     { .peer = "alice" },         "wg0",    "10.9.0.1",   0,     true  },
	{ "a peer's id",       { .peer = "key/1=" },        "wg0",    "10.9.0.1",   0,     true  },
	{ "a policy's id",     { .peer = "a -> b" },        "eth0",   "10.9.0.1",   0,     true  },
	{ "another peer",      { .peer = "bob" },           "wg0",    "10.9.0.1",   0,     false },
	{ "a longer peer",     { .peer = "alice2" },        "wg0",    "10.9.0.1",   0,     false },
	{ "a peer's case",     { .peer = "Alice" },         "wg0",    "10.9.0.1",   0,     false },
	{ "no glob of peers",  { .peer = "*" },             "wg0",    "10.9.0.1",   0,     false },
	{ "peer, not name",    { "tun0", .peer = "alice" }, "wg0",    "10.9.0.1",   0,     false },
	{ "peer, not prefix",  { .prefix = "10.8.0.0/16", .peer = "alice" },
						            "wg0",    "10.9.0.1",   0,     false },
};

static void test_matches_by_all_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sides); i++) {
		struct rule rule = rule_from(&sides[i].keys);
		struct address address;
		struct rule_side side;

		assert_int_equal(address_parse(sides[i].address, &address), 0);
		side = (struct rule_side){
			.interface = sides[i].interface, .family = address.family,
			.address = address.bytes, .mark = sides[i].mark, .peers = KNOWN,
		};
		if (rule_matches(&rule, &side) != sides[i].matches)
			fail_msg("%s", sides[i].name);
		/* What matches a side must cover its interface. */
		if (sides[i].matches && !rule_covers_interface(&rule, sides[i].interface))
			fail_msg("%s: covers", sides[i].name);
	}
}

static void test_nobody_has_no_name(void **state)
{
	const struct keys keys = { .peer = "alice" };
	const struct rule rule = rule_from(&keys), any = rule_from(&(struct keys){ 0 });
	const struct rule_peer nobody = { 0 }, alice = { .name = "alice" };
	const uint8_t address[4] = { 10, 9, 0, 1 };
	const struct rule_side side = { .interface = "wg0", .address = address };

	(void)state;
	assert_false(rule_matches(&rule, &side));
	assert_true(rule_matches(&any, &side));
	assert_false(rule_names_peer(&rule, &nobody));
	assert_true(rule_names_peer(&rule, &alice));
	assert_false(rule_names_peer(&any, &alice));
}

static void test_covers_looks_at_the_interface_alone(void **state)
{
	const struct keys keys = { "wg*", "10.9.0.0/16", "alice", 1, 1, 4 };
	struct rule rule = rule_from(&keys);

	(void)state;
	assert_true(rule_covers_interface(&rule, "wg0"));
	assert_false(rule_covers_interface(&rule, "eth0"));
	assert_false(rule_covers_interface(&rule, NULL));
	rule.interface = NULL;
	assert_true(rule_covers_interface(&rule, "eth0"));
	assert_true(rule_covers_interface(&rule, NULL));
}

static const struct {
	const char *name;
	enum rule_action action;
	uint32_t value, mss4, mss6;
} limits[] = {
	/* name               action       value    IPv4      IPv6    */
	{ "mss as it is",     RULE_MSS,     1360,   1360,     1360     },
	{ "smallest mss",     RULE_MSS,       88,     88,       88     },
	{ "largest mss",      RULE_MSS,    65495,  65495,    65495     },
	{ "mtu minus headers", RULE_MTU,    1400,   1360,     1340     },
	{ "smallest mtu",     RULE_MTU,      128,     88,       68     },
	{ "mtu 148",          RULE_MTU,      148,    108,       88     },
	{ "largest mtu",      RULE_MTU,    65535,  65495,    65475     },
	{ "ignore",           RULE_IGNORE,     0, MSS_NONE, MSS_NONE   },
	{ "ignore, whatever the value", RULE_IGNORE, 1360, MSS_NONE, MSS_NONE },
};

static void test_limit_of_each_action(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		const struct rule rule = { .action = limits[i].action, .value = limits[i].value };

		if (rule_mss(&rule, FAMILY_IPV4) != limits[i].mss4 ||
		    rule_mss(&rule, FAMILY_IPV6) != limits[i].mss6)
			fail_msg("%s", limits[i].name);
	}
}

static void test_copy_is_deep(void **state)
{
	char interface[] = "wg0", peer[] = "alice", text[] = "rules[0] interface=wg0 mss=1360";
	struct rule list[] = {
		{ .interface = interface, .peer = peer, .text = text, .action = RULE_MSS,
		  .value = 1360, .has_mark = true, .mark_value = 1, .mark_mask = 3 },
		{ .action = RULE_IGNORE },
	};
	struct rules rules = { list, COUNT(list) };
	struct rules *copy = rules_copy(&rules);

	(void)state;
	assert_non_null(copy);
	memset(interface, 'x', strlen(interface));
	memset(peer, 'x', strlen(peer));
	memset(text, 'x', strlen(text));
	list[0].value = 1;
	assert_int_equal(copy->count, 2);
	assert_string_equal(copy->list[0].interface, "wg0");
	assert_string_equal(copy->list[0].peer, "alice");
	assert_string_equal(copy->list[0].text, "rules[0] interface=wg0 mss=1360");
	assert_int_equal(copy->list[0].value, 1360);
	assert_int_equal(copy->list[0].mark_mask, 3);
	assert_int_equal(copy->list[1].action, RULE_IGNORE);
	assert_null(copy->list[1].interface);
	assert_null(copy->list[1].text);
	rules_free(copy);
}

static void test_where_a_rule_comes_from(void **state)
{
	const struct rule kept = { .value = 1360 }, tried = { .value = 1360, .until_ns = 1 };

	(void)state;
	assert_string_equal(rule_source_name(&kept), "config");
	assert_string_equal(rule_source_name(&tried), "override");
}

static void test_copy_of_nothing(void **state)
{
	const struct rules rules = { 0 };
	struct rules *copy = rules_copy(&rules);

	(void)state;
	assert_non_null(copy);
	assert_int_equal(copy->count, 0);
	rules_free(copy);
	rules_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches_by_all_keys),
		cmocka_unit_test(test_nobody_has_no_name),
		cmocka_unit_test(test_covers_looks_at_the_interface_alone),
		cmocka_unit_test(test_limit_of_each_action),
		cmocka_unit_test(test_copy_is_deep),
		cmocka_unit_test(test_where_a_rule_comes_from),
		cmocka_unit_test(test_copy_of_nothing),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
