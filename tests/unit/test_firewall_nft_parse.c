/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libnftables lists, the state it means, and the transaction that repairs it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/firewall/firewall_backend.h"

#define LIST(entries) "{\"nftables\": [{\"metainfo\": {\"version\": \"1.0.6\"}}" entries "]}"
#define TABLE ", {\"table\": {\"family\": \"inet\", \"name\": \"mssclamp\", \"handle\": 2}}"
#define SLEEPING ", {\"table\": {\"family\": \"inet\", \"name\": \"mssclamp\", \"flags\": \"x\"}}"
#define BASE(name, hook, prio, policy)                                                  \
	", {\"chain\": {\"family\": \"inet\", \"table\": \"mssclamp\", \"name\": \"" name \
	"\", \"handle\": 1, \"type\": \"filter\", \"hook\": \"" hook "\", \"prio\": " prio \
	", \"policy\": \"" policy "\"}}"
#define CHAIN(name) BASE(name, name, "-150", "accept")
#define RULE(chain, handle, expr)                                                       \
	", {\"rule\": {\"family\": \"inet\", \"table\": \"mssclamp\", \"chain\": \"" chain \
	"\", \"handle\": " handle ", \"expr\": [" expr "]}}"
#define SYN_AS(mask, value)                                                             \
	"{\"match\": {\"op\": \"==\", \"left\": {\"&\": [{\"payload\": {\"protocol\": \"tcp\", " \
	"\"field\": \"flags\"}}, " mask "]}, \"right\": " value "}}, "
#define SYN SYN_AS("[\"fin\", \"syn\", \"rst\"]", "\"syn\"")
#define COUNTER "{\"counter\": {\"packets\": 12, \"bytes\": 720}}, "
#define QUEUES                                                                          \
	"{\"queue\": {\"num\": {\"range\": [5000, 5003]}, "                              \
	"\"flags\": [\"bypass\", \"fanout\"]}}"
#define QUEUE "{\"queue\": {\"num\": 5000, \"flags\": \"bypass\"}}"
#define GOOD(chain) CHAIN(chain) RULE(chain, "2", SYN COUNTER QUEUES)
#define WHOLE GOOD("forward") GOOD("output") GOOD("input")

#define TEXT_CHAIN(hook)                                                                \
	"add chain inet mssclamp " hook " { type filter hook " hook " priority -150; "  \
	"policy accept; }\n"
#define TEXT_RULE(hook)                                                                 \
	"add rule inet mssclamp " hook " tcp flags & (fin|syn|rst) == syn counter "     \
	"queue flags bypass,fanout to 5000-5003\n"
#define TEXT_FLUSH(hook) "flush chain inet mssclamp " hook "\n"
#define TEXT_HOOK(hook) TEXT_CHAIN(hook) TEXT_FLUSH(hook) TEXT_RULE(hook)
#define TEXT_WHOLE TEXT_HOOK("forward") TEXT_HOOK("output") TEXT_HOOK("input")
#define DIFF_HOOK(hook) "- " TEXT_CHAIN(hook) "- " TEXT_RULE(hook)

static const struct {
	const char *name;
	const char *json;
	unsigned int hooks;
	enum firewall_state state;
	const char *diff;
	const char *repair; /* NULL: the state is OK */
} cases[] = {
	{ "as planned", LIST(TABLE WHOLE), 7, FIREWALL_STATE_OK, "", NULL },
	{ "flags in the words of another version", LIST(TABLE CHAIN("forward")
	  RULE("forward", "2", SYN_AS("{\"|\": [{\"|\": [\"fin\", \"syn\"]}, 4]}", "2")
	       COUNTER QUEUES)), 1, FIREWALL_STATE_OK, "", NULL },
	{ "an unplanned chain may be there, empty", LIST(TABLE GOOD("forward") CHAIN("input")), 1,
	  FIREWALL_STATE_OK, "", NULL },
	{ "chains with other names are not ours", LIST(TABLE GOOD("forward")
	  BASE("fallback", "forward", "-149", "accept") RULE("fallback", "9", "{\"drop\": null}")),
	  1, FIREWALL_STATE_OK, "", NULL },
	{ "nothing", LIST(""), 1, FIREWALL_STATE_MISSING,
	  "- add table inet mssclamp\n" DIFF_HOOK("forward"),
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "table only", LIST(TABLE), 1, FIREWALL_STATE_DIFFERENT, DIFF_HOOK("forward"),
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "one chain is gone", LIST(TABLE GOOD("forward") GOOD("output")), 7,
	  FIREWALL_STATE_DIFFERENT, DIFF_HOOK("input"), "add table inet mssclamp\n" TEXT_WHOLE },
	{ "a chain was flushed", LIST(TABLE GOOD("forward") GOOD("output") CHAIN("input")), 7,
	  FIREWALL_STATE_DIFFERENT, "- " TEXT_RULE("input"),
	  "add table inet mssclamp\n" TEXT_WHOLE },
	{ "the hook is not planned any more", LIST(TABLE GOOD("forward") GOOD("input")), 1,
	  FIREWALL_STATE_DIFFERENT, "+ " TEXT_RULE("input"),
	  "add table inet mssclamp\n" TEXT_HOOK("forward") TEXT_CHAIN("input")
	  TEXT_FLUSH("input") },
	{ "the rule is there twice", LIST(TABLE GOOD("forward")
	  RULE("forward", "3", SYN COUNTER QUEUES)), 1, FIREWALL_STATE_DIFFERENT,
	  "+ " TEXT_RULE("forward"), "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "another queue, no fanout", LIST(TABLE CHAIN("forward")
	  RULE("forward", "2", SYN COUNTER QUEUE)), 1, FIREWALL_STATE_DIFFERENT,
	  "- " TEXT_RULE("forward") "+ add rule inet mssclamp forward tcp flags & (fin|syn|rst) == "
	  "syn counter queue flags bypass to 5000\n",
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "queue without flags", LIST(TABLE CHAIN("forward")
	  RULE("forward", "2", SYN COUNTER "{\"queue\": {\"num\": 5}}")), 1,
	  FIREWALL_STATE_DIFFERENT,
	  "- " TEXT_RULE("forward") "+ add rule inet mssclamp forward tcp flags & (fin|syn|rst) == "
	  "syn counter queue to 5\n",
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "somebody's rule in our chain", LIST(TABLE GOOD("forward")
	  RULE("forward", "12", "{\"counter\": {\"packets\": 1, \"bytes\": 2}}, {\"drop\": null}")),
	  1, FIREWALL_STATE_DIFFERENT, "+ add rule inet mssclamp forward ip saddr 10.0.0.1 drop\n",
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "matches SYN-ACK alone", LIST(TABLE CHAIN("forward") RULE("forward", "12",
	  SYN_AS("[\"fin\", \"syn\", \"rst\"]", "[\"syn\", \"ack\"]") COUNTER QUEUES)), 1,
	  FIREWALL_STATE_DIFFERENT, "- " TEXT_RULE("forward")
	  "+ add rule inet mssclamp forward ip saddr 10.0.0.1 drop\n",
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "another mask", LIST(TABLE CHAIN("forward") RULE("forward", "12",
	  SYN_AS("[\"syn\", \"ack\"]", "\"syn\"") COUNTER QUEUES)), 1,
	  FIREWALL_STATE_DIFFERENT, "- " TEXT_RULE("forward")
	  "+ add rule inet mssclamp forward ip saddr 10.0.0.1 drop\n",
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "something behind the queue", LIST(TABLE CHAIN("forward") RULE("forward", "12",
	  SYN COUNTER QUEUES ", {\"drop\": null}")), 1,
	  FIREWALL_STATE_DIFFERENT, "- " TEXT_RULE("forward")
	  "+ add rule inet mssclamp forward ip saddr 10.0.0.1 drop\n",
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "another statement in place of the counter", LIST(TABLE CHAIN("forward")
	  RULE("forward", "12", SYN "{\"limit\": {\"rate\": 1, \"per\": \"second\"}}, " QUEUES)),
	  1, FIREWALL_STATE_DIFFERENT, "- " TEXT_RULE("forward")
	  "+ add rule inet mssclamp forward ip saddr 10.0.0.1 drop\n",
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "no counter", LIST(TABLE CHAIN("forward") RULE("forward", "12", SYN QUEUES)), 1,
	  FIREWALL_STATE_DIFFERENT, "- " TEXT_RULE("forward")
	  "+ add rule inet mssclamp forward ip saddr 10.0.0.1 drop\n",
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "policy drop is set back", LIST(TABLE BASE("forward", "forward", "-150", "drop")
	  RULE("forward", "2", SYN COUNTER QUEUES)), 1, FIREWALL_STATE_DIFFERENT,
	  "- " TEXT_CHAIN("forward") "+ add chain inet mssclamp forward { type filter hook forward "
	  "priority -150; policy drop; }\n",
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "another priority: the chain is made anew", LIST(TABLE
	  BASE("forward", "forward", "0", "accept") RULE("forward", "2", SYN COUNTER QUEUES)), 1,
	  FIREWALL_STATE_DIFFERENT,
	  "- " TEXT_CHAIN("forward") "+ add chain inet mssclamp forward { type filter hook forward "
	  "priority 0; policy accept; }\n",
	  "flush chain inet mssclamp forward\ndelete chain inet mssclamp forward\n"
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "a chain without a hook", LIST(TABLE
	  ", {\"chain\": {\"family\": \"inet\", \"table\": \"mssclamp\", \"name\": \"forward\"}}"),
	  1, FIREWALL_STATE_DIFFERENT,
	  DIFF_HOOK("forward") "+ add chain inet mssclamp forward\n",
	  "flush chain inet mssclamp forward\ndelete chain inet mssclamp forward\n"
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
	{ "the table is dormant", LIST(SLEEPING GOOD("forward")), 1, FIREWALL_STATE_DIFFERENT,
	  "- add table inet mssclamp\n+ add table inet mssclamp { flags dormant; }\n",
	  "add table inet mssclamp\n" TEXT_HOOK("forward") },
};

typedef void (*write_fn)(const struct firewall_lines *expected, const struct firewall_lines *live,
			 FILE *out);

static char *text_of(const struct firewall_lines *expected, const struct firewall_lines *live,
		     write_fn write)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	write(expected, live, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_states(void **state)
{
	static const char plain[] =
		"table inet mssclamp { # handle 2\n\tchain forward { # handle 1\n"
		"\t\tip saddr 10.0.0.1 drop # handle 12\n\t}\n}\n";

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct firewall_plan plan = { cases[i].hooks, 5000, 4, 0 };
		struct firewall_lines expected = { 0 }, live = { 0 };
		size_t alien = 0;
		char *text;

		print_message("  %s\n", cases[i].name);
		assert_int_equal(firewall_nft_expect(&plan, &expected), 0);
		assert_int_equal(firewall_nft_parse(cases[i].json, plain, &live, &alien), 0);
		assert_int_equal(firewall_lines_match(&expected, &live), cases[i].state);
		text = text_of(&expected, &live, firewall_lines_diff);
		assert_string_equal(text, cases[i].diff);
		free(text);
		text = text_of(&expected, &live, firewall_nft_write);
		if (cases[i].repair)
			assert_string_equal(text, cases[i].repair);
		free(text);
		firewall_lines_done(&expected);
		firewall_lines_done(&live);
	}
}

/* Handles of tables and of rules are counted apart: equal ones are no surprise. */
static void test_rule_with_the_handle_of_its_table(void **state)
{
	static const char json[] = LIST(TABLE CHAIN("input") RULE("input", "2", COUNTER
								  "{\"accept\": null}"));
	static const struct { const char *plain, *text; } lists[] = {
		{ "table inet mssclamp { # handle 2\n\tchain output { # handle 4\n\t}\n\n"
		  "\tchain input { # handle 1\n\t\tcounter accept # handle 2\n\t}\n}\n",
		  "add rule inet mssclamp input counter accept" },
		{ "table inet mssclamp { # handle 2\n\tchain output { # handle 4\n\t}\n}\n",
		  "add rule inet mssclamp input # handle 2" },
		{ "table inet mssclamp { # handle 2\n\tchain input {",
		  "add rule inet mssclamp input # handle 2" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct firewall_lines live = { 0 };
		size_t alien = 0;

		assert_int_equal(firewall_nft_parse(json, lists[i].plain, &live, &alien), 0);
		assert_int_equal(live.count, 3);
		assert_string_equal(live.line[2].text, lists[i].text);
		firewall_lines_done(&live);
	}
}

/* Which chains are deleted to be made anew: the caller tells people of each. */
static void test_misplaced_chains(void **state)
{
	static const struct { const char *name, *json; const char *misplaced; } places[] = {
		{ "as planned", LIST(TABLE WHOLE), "" },
		{ "not there", LIST(TABLE), "" },
		{ "another policy", LIST(TABLE BASE("output", "output", "-150", "drop")), "" },
		{ "another priority", LIST(TABLE BASE("output", "output", "-15", "accept")),
		  "output " },
		{ "another hook", LIST(TABLE BASE("input", "forward", "-150", "accept")
				       GOOD("forward")), "input " },
		{ "all", LIST(TABLE BASE("forward", "input", "-150", "accept")
			      BASE("output", "input", "-150", "accept")
			      BASE("input", "output", "-150", "accept")), "forward output input " },
	};
	static const struct firewall_plan plan = { FIREWALL_FORWARD, 5000, 4, 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		struct firewall_lines expected = { 0 }, live = { 0 };
		char found[64] = "";
		size_t alien;

		assert_int_equal(firewall_nft_expect(&plan, &expected), 0);
		assert_int_equal(firewall_nft_parse(places[i].json, NULL, &live, &alien), 0);
		for (size_t hook = 0; hook < FIREWALL_HOOKS; hook++) {
			if (!firewall_nft_misplaced(&expected, &live, hook))
				continue;
			strcat(found, firewall_hooks[hook].nft);
			strcat(found, " ");
		}
		if (strcmp(found, places[i].misplaced) != 0)
			fail_msg("%s: %s", places[i].name, found);
		firewall_lines_done(&expected);
		firewall_lines_done(&live);
	}
}

static void test_counters(void **state)
{
	static const char json[] = LIST(TABLE GOOD("input") RULE("input", "12", COUNTER
							       "{\"accept\": null}"));
	struct firewall_lines live = { 0 };
	size_t alien = 0;

	(void)state;
	assert_int_equal(firewall_nft_parse(json, NULL, &live, &alien), 0);
	assert_int_equal(live.count, 4);
	assert_int_equal(live.line[2].hook, FIREWALL_INPUT);
	assert_int_equal(live.line[2].packets, 12);
	/* A rule that is not ours counts no SYNs; without the text its handle stands for it. */
	assert_int_equal(live.line[3].packets, 0);
	assert_string_equal(live.line[3].text, "add rule inet mssclamp input # handle 12");
	assert_int_equal(alien, 1);
	firewall_lines_done(&live);
}

#define LIMIT_RULE(row, key, flags, rate, burst)                                        \
	SYN_AS("[\"fin\", \"syn\", \"rst\", \"ack\"]", flags) UPDATE(row, key, rate, burst, "") \
	COUNTER "{\"accept\": null}"
#define UPDATE(set, key, rate, burst, more)                                             \
	"{\"set\": {\"op\": \"update\", \"elem\": " key ", \"set\": \"@" set "\", \"stmt\": [" \
	"{\"limit\": {\"rate\": " rate ", \"burst\": " burst ", \"per\": \"second\", "     \
	"\"inv\": true}}" more "]}}, "
#define KEY(protocol, field)                                                            \
	"{\"payload\": {\"protocol\": \"" protocol "\", \"field\": \"" field "\"}}"
#define NET6(field) "{\"&\": [" KEY("ip6", field) ", \"ffff:ffff:ffff:ffff::\"]}"
#define SYN_ACK "[\"syn\", \"ack\"]"
#define LIMIT_SET(name, type, size)                                                     \
	", {\"set\": {\"family\": \"inet\", \"name\": \"" name "\", \"table\": \"mssclamp\", "  \
	"\"type\": \"" type "\", \"handle\": 1, \"size\": " size ", \"flags\": [\"timeout\"], "  \
	"\"timeout\": 2}}"
#define LIMIT_SETS(size)                                                                \
	LIMIT_SET("from4_50", "ipv4_addr", size) LIMIT_SET("to4_50", "ipv4_addr", "16384") \
	LIMIT_SET("from6_50", "ipv6_addr", "16384") LIMIT_SET("to6_50", "ipv6_addr", "16384")
#define LIMIT_RULES(rate, burst)                                                        \
	RULE("forward", "12", LIMIT_RULE("from4_50", KEY("ip", "saddr"), "\"syn\"", rate, burst)) \
	RULE("forward", "13", LIMIT_RULE("to4_50", KEY("ip", "daddr"), SYN_ACK, "50", "100"))  \
	RULE("forward", "14", LIMIT_RULE("from6_50", NET6("saddr"), "\"syn\"", "50", "100"))   \
	RULE("forward", "15", LIMIT_RULE("to6_50", NET6("daddr"), SYN_ACK, "50", "100"))
#define SYN4 SYN_AS("[\"fin\", \"syn\", \"rst\", \"ack\"]", "\"syn\"")
#define UPDATE4(more) UPDATE("from4_50", KEY("ip", "saddr"), "50", "100", more)
#define QUEUED RULE("forward", "16", SYN COUNTER QUEUES)
#define LIMITED(size, rate, burst)                                                      \
	LIST(TABLE LIMIT_SETS(size) CHAIN("forward") LIMIT_RULES(rate, burst) QUEUED)
#define TEXT_LIMIT \
	"add rule inet mssclamp forward tcp flags & (fin|syn|rst|ack) == syn update @from4_50 " \
	"{ ip saddr limit rate over 50/second burst 100 packets } counter accept\n"

/* What a plan with a limit of 50 makes of what is live, and what it would cost to mend. */
static void test_limit(void **state)
{
	static const struct {
		const char *name, *json;
		uint32_t per_source;
		enum firewall_state state;
		const char *diff, *repair_start;
	} rows[] = {
		{ "as planned", LIMITED("16384", "50", "100"), 50, FIREWALL_STATE_OK, "", "" },
		{ "another rate in the rule", LIMITED("16384", "51", "100"), 50,
		  FIREWALL_STATE_DIFFERENT, "- " TEXT_LIMIT
		  "+ add rule inet mssclamp forward tcp flags & (fin|syn|rst|ack) == syn update "
		  "@from4_50 { ip saddr limit rate over 51/second burst 100 packets } counter "
		  "accept\n", "add table inet mssclamp\nadd set inet mssclamp from4_50 { type "
		  "ipv4_addr; size 16384; flags dynamic,timeout; timeout 2s; }\n" },
		{ "a set of another size", LIMITED("7", "50", "100"), 50, FIREWALL_STATE_DIFFERENT,
		  "- add set inet mssclamp from4_50 { type ipv4_addr; size 16384; flags "
		  "dynamic,timeout; timeout 2s; }\n+ add set inet mssclamp from4_50 { type "
		  "ipv4_addr; size 7; flags dynamic,timeout; timeout 2s; }\n",
		  "flush chain inet mssclamp forward\ndelete set inet mssclamp from4_50\n" },
		{ "no limit is planned any more",
		  LIST(TABLE LIMIT_SET("from4_50", "ipv4_addr", "16384") CHAIN("forward")
		       RULE("forward", "12",
			    LIMIT_RULE("from4_50", KEY("ip", "saddr"), "\"syn\"", "50", "100"))
		       QUEUED), 0, FIREWALL_STATE_DIFFERENT,
		  "+ add set inet mssclamp from4_50 { type ipv4_addr; size 16384; flags "
		  "dynamic,timeout; timeout 2s; }\n+ " TEXT_LIMIT,
		  "flush chain inet mssclamp forward\ndelete set inet mssclamp from4_50\n"
		  "add table inet mssclamp\n" TEXT_HOOK("forward") },
		{ "sets of other names are not ours",
		  LIST(TABLE LIMIT_SET("offload_from4_50", "ipv4_addr", "1")
		       LIMIT_SET("from4_", "ipv4_addr", "1") LIMIT_SET("from4_5x", "ipv4_addr", "1")
		       LIMIT_SET("from4_50; delete table ip filter", "ipv4_addr", "1")
		       GOOD("forward")), 0,
		  FIREWALL_STATE_OK, "", "" },
		{ "the wrong address, a second statement, another verdict: not ours",
		  LIST(TABLE CHAIN("forward") RULE("forward", "12",
		  LIMIT_RULE("from4_50", KEY("ip", "daddr"), "\"syn\"", "50", "100"))
		  RULE("forward", "12", SYN4 UPDATE4(", {}") COUNTER "{\"accept\": null}")
		  RULE("forward", "12", SYN4 UPDATE4("") COUNTER "{\"drop\": null}")
		  QUEUED), 0, FIREWALL_STATE_DIFFERENT,
		  "+ add rule inet mssclamp forward # handle 12\n"
		  "+ add rule inet mssclamp forward # handle 12\n"
		  "+ add rule inet mssclamp forward # handle 12\n", "add table" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct firewall_plan plan = { 1, 5000, 4, rows[i].per_source };
		struct firewall_lines expected = { 0 }, live = { 0 };
		size_t alien = 0;
		char *text;

		assert_int_equal(firewall_nft_expect(&plan, &expected), 0);
		assert_int_equal(firewall_nft_parse(rows[i].json, NULL, &live, &alien), 0);
		assert_int_equal(firewall_lines_match(&expected, &live), rows[i].state);
		text = text_of(&expected, &live, firewall_lines_diff);
		assert_string_equal(text, rows[i].diff);
		free(text);
		text = text_of(&expected, &live, firewall_nft_write);
		if (strncmp(text, rows[i].repair_start, strlen(rows[i].repair_start)) != 0)
			fail_msg("%s: %s", rows[i].name, text);
		free(text);
		firewall_lines_done(&expected);
		firewall_lines_done(&live);
	}
}

static void test_no_list(void **state)
{
	static const char *const broken[] = { "", "{", "[]", "{\"nftables\": 5}", "null" };
	struct firewall_lines live = { 0 };
	size_t alien = 77;

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++)
		assert_int_equal(firewall_nft_parse(broken[i], NULL, &live, &alien), -EBADMSG);
	assert_int_equal(live.count, 0);
	assert_int_equal(alien, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_rule_with_the_handle_of_its_table),
		cmocka_unit_test(test_misplaced_chains),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_no_list),
	};

	return cmocka_run_group_tests_name("firewall_nft_parse", tests, NULL, NULL);
}
