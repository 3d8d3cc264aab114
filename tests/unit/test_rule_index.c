/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "policy/snapshot/rule_index.h"

enum list { PLAIN, PREFIXED, LITERAL, GLOB, SLOW, NAMED };

static const struct {
	const char *interface, *peer;
	bool prefix, mark;
	int family; /* 4, 6 or 0 */
	enum list list;
} kinds[] = {
	/* interface  peer     prefix mark  family list     */
	{ NULL,       NULL,    false, false, 6,    PLAIN    }, /* 0 */
	{ "wg0",      NULL,    false, false, 0,    LITERAL  }, /* 1 */
	{ "wg0",      NULL,    true,  false, 0,    LITERAL  }, /* 2 */
	{ "wg*",      NULL,    true,  false, 0,    GLOB     }, /* 3 */
	{ "wg?",      NULL,    false, false, 0,    GLOB     }, /* 4 */
	{ "wg[0-9]",  NULL,    false, false, 0,    GLOB     }, /* 5 */
	{ "w\\g0",    NULL,    false, false, 0,    GLOB     }, /* 6 */
	{ NULL,       NULL,    true,  false, 4,    PREFIXED }, /* 7 */
	{ NULL,       NULL,    false, true,  0,    SLOW     }, /* 8 */
	{ "wg0",      NULL,    true,  true,  0,    SLOW     }, /* 9 */
	{ NULL,       "alice", true,  false, 0,    SLOW     }, /* 10 */
	{ NULL,       "alice", false, true,  0,    SLOW     }, /* 11 */
	{ "tun*",     "alice", false, false, 0,    NAMED    }, /* 12 */
	{ "wg0",      "bob",   false, false, 0,    NAMED    }, /* 13 */
	{ NULL,       "alice", false, false, 6,    NAMED    }, /* 14 */
	{ NULL,       "alice", false, false, 0,    NAMED    }, /* 15 */
	{ NULL,       NULL,    false, false, 0,    PLAIN    }, /* 16 */
	{ NULL,       NULL,    false, false, 0,    PLAIN    }, /* 17 */
	{ "eth0",     NULL,    false, false, 0,    LITERAL  }, /* 18 */
};

static struct rule list[COUNT(kinds)];
static const struct rules rules = { .list = list, .count = COUNT(kinds) };
static struct rule_index index_;

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++)
		list[i] = (struct rule){
			.interface = (char *)(uintptr_t)kinds[i].interface,
			.peer = (char *)(uintptr_t)kinds[i].peer,
			.has_prefix = kinds[i].prefix,
			.has_mark = kinds[i].mark,
			.has_family = kinds[i].family,
			.family = kinds[i].family == 6 ? FAMILY_IPV6 : FAMILY_IPV4,
		};
	return rule_index_init(&index_, &rules);
}

static int teardown(void **state)
{
	(void)state;
	rule_index_done(&index_);
	return 0;
}

static bool holds(const struct place_list *places, size_t place)
{
	for (size_t i = 0; i < places->count; i++) {
		if (places->places[i] == place)
			return true;
	}
	return false;
}

static void test_each_rule_is_in_its_list(void **state)
{
	const struct { enum list list; const struct place_list *places; } lists[] = {
		{ PREFIXED, &index_.prefixed }, { LITERAL, &index_.literal },
		{ GLOB, &index_.glob }, { SLOW, &index_.slow },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		for (size_t l = 0; l < COUNT(lists); l++) {
			if (holds(lists[l].places, i) != (kinds[i].list == lists[l].list))
				fail_msg("rule %zu, list %zu", i, l);
		}
	}
	assert_int_equal(index_.named_count, 4);
	assert_int_equal(index_.plain[FAMILY_IPV4], 16);
	assert_int_equal(index_.plain[FAMILY_IPV6], 0);
	for (size_t i = 1; i < index_.slow.count; i++)
		assert_true(index_.slow.places[i - 1] < index_.slow.places[i]);
}

/* Against all of the rules, one by one. */
static void test_rules_of_an_interface(void **state)
{
	static const char *const names[] = { "wg0", "wg1", "wg", "eth0", "eth", "tun0", "a", "z",
					     NULL };

	(void)state;
	for (size_t n = 0; n < COUNT(names); n++) {
		uint32_t places[COUNT(kinds)];
		struct place_list found = { places, 0 };

		found.count = rule_index_of_interface(&index_, names[n], places);
		for (size_t i = 0; i < COUNT(kinds); i++) {
			bool want = (kinds[i].list == LITERAL || kinds[i].list == GLOB) &&
				    rule_covers_interface(&list[i], names[n]);

			if (holds(&found, i) != want)
				fail_msg("%s: rule %zu", names[n] ? names[n] : "no name", i);
		}
	}
}

static const struct {
	const char *peer, *interface;
	enum family family;
	uint32_t best, first;
} asked[] = {
	/* peer    interface family       before     first     */
	{ "alice", "tun0",   FAMILY_IPV4, RULE_NONE, 12        },
	{ "alice", "wg0",    FAMILY_IPV4, RULE_NONE, 15        },
	{ "alice", "wg0",    FAMILY_IPV6, RULE_NONE, 14        },
	{ "alice", "wg0",    FAMILY_IPV6, 14,        14        },
	{ "alice", "wg0",    FAMILY_IPV4, 15,        15        },
	{ "alice", "wg0",    FAMILY_IPV4, 3,         3         },
	{ "alice", NULL,     FAMILY_IPV4, RULE_NONE, 15        },
	{ "bob",   "wg0",    FAMILY_IPV4, RULE_NONE, 13        },
	{ "bob",   "wg1",    FAMILY_IPV4, RULE_NONE, RULE_NONE },
	{ "bob",   NULL,     FAMILY_IPV4, RULE_NONE, RULE_NONE },
	{ "carol", "wg0",    FAMILY_IPV4, RULE_NONE, RULE_NONE },
	{ "",      "wg0",    FAMILY_IPV4, RULE_NONE, RULE_NONE },
	{ NULL,    "wg0",    FAMILY_IPV4, 7,         7         },
};

static void test_first_rule_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		uint32_t named = rule_index_find_named(&index_, asked[i].peer);
		uint32_t first = rule_index_first_named(&index_, named, asked[i].interface,
							asked[i].family, asked[i].best);

		if (first != asked[i].first)
			fail_msg("row %zu: rule %u, not %u", i, first, asked[i].first);
	}
}

static void test_many_names(void **state)
{
	enum { MANY = 5000 };
	struct rule *many = calloc(MANY, sizeof(*many));
	char (*names)[8] = calloc(MANY, sizeof(*names));
	const struct rules all = { .list = many, .count = MANY };
	struct rule_index made;

	(void)state;
	assert_true(many && names);
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "n%u", i / 2);
		many[i].peer = names[i];
		many[i].has_family = true;
		many[i].family = i % 2 ? FAMILY_IPV4 : FAMILY_IPV6;
	}
	assert_int_equal(rule_index_init(&made, &all), 0);
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t named = rule_index_find_named(&made, names[i]);

		assert_int_equal(rule_index_first_named(&made, named, "wg0", many[i].family,
							RULE_NONE), i);
	}
	rule_index_done(&made);
	free(names);
	free(many);
}

static void test_no_rules(void **state)
{
	const struct rules none = { 0 };
	struct rule_index made;
	uint32_t places[1];

	(void)state;
	assert_int_equal(rule_index_init(&made, &none), 0);
	assert_int_equal(made.plain[FAMILY_IPV4], RULE_NONE);
	assert_int_equal(rule_index_of_interface(&made, "wg0", places), 0);
	assert_int_equal(rule_index_find_named(&made, "alice"), RULE_NONE);
	rule_index_done(&made);
	rule_index_done(&(struct rule_index){ 0 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_rule_is_in_its_list),
		cmocka_unit_test(test_rules_of_an_interface),
		cmocka_unit_test(test_first_rule_by_name),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_no_rules),
	};

	return cmocka_run_group_tests_name("rule_index", tests, setup, teardown);
}
