/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "daemon/tries/try_list.h"

#define NONE SIZE_MAX

/* tunnel, peer, name, mss, until: what each is for, in the order in which they came. */
static const struct row {
	const char *tunnel, *peer, *name;
	uint32_t mss;
	uint64_t until_ns;
} rows[] = {
	{ "wg0",               NULL,    NULL,    1300, 500 },
	{ "wg0",               "KEY1=", "alice", 1200, 300 },
	{ "w*[\\",             NULL,    NULL,    1100, 900 },
	{ "ipsec:203.0.113.9", "a===b", NULL,    1000, 400 },
};

static char *copy(const char *text)
{
	char *made = text ? strdup(text) : NULL;

	assert_true(made || !text);
	return made;
}

static struct try make(const struct row *row)
{
	return (struct try){ .tunnel = copy(row->tunnel), .peer = copy(row->peer),
			     .name = copy(row->name), .mss = row->mss, .until_ns = row->until_ns };
}

static void put(struct try_list *tries, const struct row *row, uint32_t replaced)
{
	struct try old = try_list_put(tries, make(row));

	if (old.mss != replaced)
		fail_msg("%s: replaced %u, not %u", row->tunnel, old.mss, replaced);
	try_done(&old);
}

static void fill(struct try_list *tries)
{
	*tries = (struct try_list){ 0 };
	for (size_t i = 0; i < COUNT(rows); i++)
		put(tries, &rows[i], 0);
}

static void empty(struct try_list *tries)
{
	while (tries->count > 0) {
		struct try one = try_list_take(tries, 0);

		try_done(&one);
	}
}

static void test_one_for_each_interface_and_peer(void **state)
{
	static const struct {
		const char *name;
		struct row row;
		uint32_t replaced;
		size_t count;
	} cases[] = {
		/* name                         what is put                              replaces */
		{ "the same interface",         { "wg0", NULL, NULL, 900, 1 },           1300, 4 },
		{ "the same peer",              { "wg0", "KEY1=", "alice", 900, 1 },     1200, 4 },
		{ "who moved and has no name",  { "wg9", "KEY1=", NULL, 900, 1 },        1200, 4 },
		{ "another interface",          { "wg1", NULL, NULL, 900, 1 },           0,    5 },
		{ "another peer of that name",  { "wg0", "KEY2=", "alice", 900, 1 },     0,    5 },
		{ "an interface like a peer",   { "KEY1=", NULL, NULL, 900, 1 },         0,    5 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct try_list tries;

		fill(&tries);
		put(&tries, &cases[i].row, cases[i].replaced);
		if (tries.count != cases[i].count)
			fail_msg("%s: %zu", cases[i].name, tries.count);
		empty(&tries);
	}
}

static void test_find_by_word(void **state)
{
	static const struct {
		const char *word;
		size_t interface, peer;
	} cases[] = {
		{ "wg0",   0,    NONE },
		{ "w*[\\", 2,    NONE },
		{ "wgx",   NONE, NONE },
		{ "KEY1=", NONE, 1    },
		{ "alice", NONE, 1    },
		{ "KEY1",  NONE, NONE },
		{ "a===b", NONE, 3    },
		/* a peer's tunnel is no interface that somebody limits */
		{ "ipsec:203.0.113.9", NONE, NONE },
	};
	struct try_list tries;

	(void)state;
	fill(&tries);
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t interface = cases[i].interface == NONE ? tries.count : cases[i].interface;
		size_t peer = cases[i].peer == NONE ? tries.count : cases[i].peer;

		if (try_list_find_interface(&tries, cases[i].word) != interface ||
		    try_list_find_peer(&tries, cases[i].word) != peer)
			fail_msg("%s", cases[i].word);
	}
	empty(&tries);
}

static void test_each_ends_at_its_time(void **state)
{
	static const struct {
		uint64_t now_ns;
		size_t left;
		uint64_t next_ns;
	} cases[] = {
		{ 299, 4, 300        },
		{ 300, 3, 400        },
		{ 450, 2, 500        },
		{ 899, 1, 900        },
		{ 900, 0, UINT64_MAX },
	};
	struct try_list tries;

	(void)state;
	fill(&tries);
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t place;

		while ((place = try_list_find_ended(&tries, cases[i].now_ns)) < tries.count) {
			struct try one = try_list_take(&tries, place);

			assert_true(one.until_ns <= cases[i].now_ns);
			try_done(&one);
		}
		assert_int_equal(tries.count, cases[i].left);
		assert_int_equal(try_list_next_end(&tries), cases[i].next_ns);
	}
}

static void test_as_rules(void **state)
{
	static const struct {
		const char *interface, *peer, *text;
		uint32_t mss;
		uint64_t until_ns;
	} expected[] = {
		{ NULL, "KEY1=", "try (peer=alice mss=1200)", 1200, 300 },
		{ NULL, "a===b", "try (peer=a===b mss=1000)", 1000, 400 },
		{ "wg0", NULL, "try (interface=wg0 mss=1300)", 1300, 500 },
		{ "w\\*\\[\\\\", NULL, "try (interface=w*[\\ mss=1100)", 1100, 900 },
	};
	struct try_list tries;
	struct rules *rules;

	(void)state;
	fill(&tries);
	rules = try_list_rules(&tries);
	assert_non_null(rules);
	assert_int_equal(rules->count, COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++) {
		const struct rule *rule = &rules->list[i];

		assert_int_equal(rule->action, RULE_MSS);
		assert_int_equal(rule->value, expected[i].mss);
		assert_int_equal(rule->until_ns, expected[i].until_ns);
		assert_string_equal(rule->text, expected[i].text);
		assert_false(rule->has_family || rule->has_mark || rule->has_prefix);
		assert_string_equal(rule->interface ? rule->interface : "-",
				    expected[i].interface ? expected[i].interface : "-");
		assert_string_equal(rule->peer ? rule->peer : "-",
				    expected[i].peer ? expected[i].peer : "-");
	}
	assert_true(rule_covers_interface(&rules->list[3], "w*[\\"));
	assert_false(rule_covers_interface(&rules->list[3], "wx[\\"));
	rules_free(rules);
	empty(&tries);
	rules = try_list_rules(&tries);
	assert_non_null(rules);
	assert_int_equal(rules->count, 0);
	rules_free(rules);
}

static void test_as_many_as_there_is_room_for(void **state)
{
	struct try_list tries = { 0 };
	char name[16];

	(void)state;
	for (size_t i = 0; i < TRIES_MAX; i++) {
		snprintf(name, sizeof(name), "wg%zu", i);
		put(&tries, &(const struct row){ .tunnel = name, .mss = 1000, .until_ns = i }, 0);
	}
	put(&tries, &(const struct row){ .tunnel = "wg63", .mss = 999, .until_ns = 1 }, 1000);
	assert_int_equal(tries.count, TRIES_MAX);
	assert_int_equal(tries.list[TRIES_MAX - 1].mss, 999);
	empty(&tries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_for_each_interface_and_peer),
		cmocka_unit_test(test_find_by_word),
		cmocka_unit_test(test_each_ends_at_its_time),
		cmocka_unit_test(test_as_rules),
		cmocka_unit_test(test_as_many_as_there_is_room_for),
	};

	return cmocka_run_group_tests_name("try_list", tests, NULL, NULL);
}
