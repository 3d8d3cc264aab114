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
#include "daemon/discovery/hints.h"

#define MOST 4

static struct address address_of(const char *text)
{
	struct address address;

	if (address_parse(text, &address) < 0)
		fail_msg("%s", text);
	return address;
}

struct word {
	const char *destination; /* NULL: no more */
	uint32_t ifindex, mtu;
};

/* A peer at 192.0.2.7, one at 2001:db8::7, one without endpoint; a link to 198.51.100.7. */
static const struct { const char *name; struct word told[MOST]; const char *kept; } cases[] = {
	{ "none",                { { .mtu = 0 } },                     ""                  },
	{ "of a peer",           { { "192.0.2.7", 2, 1400 } },     "192.0.2.7 2 1400, " },
	{ "of the other one",    { { "2001:db8::7", 2, 1400 } },   "2001:db8::7 2 1400, " },
	{ "of a link",           { { "198.51.100.7", 2, 1400 } },  "198.51.100.7 2 1400, " },
	{ "of somebody else",    { { "192.0.2.8", 2, 1400 } },     ""                  },
	{ "of nobody's address", { { "0.0.0.0", 2, 1400 } },       ""                  },
	{ "the other family",    { { "c000:207::", 2, 1400 } },    ""                  },
	{ "by two links",        { { "192.0.2.7", 3, 1400 }, { "192.0.2.6", 3, 1300 },
				   { "192.0.2.7", 2, 1450 } },
	  "192.0.2.7 2 1450, 192.0.2.7 3 1400, " },
	{ "in whatever order",   { { "198.51.100.7", 2, 1400 }, { "2001:db8::7", 2, 1400 },
				   { "203.0.113.1", 2, 1400 }, { "192.0.2.7", 2, 1400 } },
	  "192.0.2.7 2 1400, 198.51.100.7 2 1400, 2001:db8::7 2 1400, " },
};

static struct peer_list *make_peers(void)
{
	struct peer_list *list = peer_list_new();
	struct peer peers[] = {
		{ .has_endpoint = true, .way.destination = address_of("192.0.2.7") },
		{ .has_endpoint = true, .way.destination = address_of("2001:db8::7") },
		{ .has_endpoint = false },
	};

	assert_non_null(list);
	for (size_t i = 0; i < COUNT(peers); i++)
		assert_int_equal(peer_list_append(list, &peers[i]), 0);
	return list;
}

static void fill(const struct word *words, struct path_hint *list, struct hint_list *ret_hints)
{
	*ret_hints = (struct hint_list){ .list = list };
	for (size_t i = 0; i < MOST && words[i].destination; i++)
		list[ret_hints->count++] = (struct path_hint){
			.destination = address_of(words[i].destination),
			.ifindex = words[i].ifindex, .mtu = words[i].mtu,
		};
}

static void keep(struct hint_list *hints)
{
	struct peer_list *const peers = make_peers();
	struct link list[] = {
		{ .ifindex = 8 },
		{ .ifindex = 9, .has_remote = true, .remote = address_of("198.51.100.7") },
	};
	const struct link_list links = { list, COUNT(list), COUNT(list) };

	assert_int_equal(hints_keep(hints, &peers, 1, &links), 0);
	peer_list_unref(peers);
}

static void test_whose_are_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[256] = "", address[PREFIX_TEXT_MAX];
		struct path_hint list[MOST];
		struct hint_list hints;
		size_t len = 0;

		fill(cases[i].told, list, &hints);
		keep(&hints);
		for (size_t k = 0; k < hints.count; k++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %u %u, ",
						address_format(&list[k].destination, address),
						list[k].ifindex, list[k].mtu);
		if (strcmp(text, cases[i].kept) != 0)
			fail_msg("%s: %s", cases[i].name, text);
	}
}

static const struct { const char *name; struct word a[MOST], b[MOST]; bool equal; } pairs[] = {
	{ "both none",        { { .mtu = 0 } }, { { .mtu = 0 } }, true },
	{ "others change",    { { "192.0.2.7", 2, 1400 }, { "192.0.2.8", 2, 1400 } },
	  { { "192.0.2.9", 2, 1300 }, { "192.0.2.7", 2, 1400 } }, true },
	{ "another MTU",      { { "192.0.2.7", 2, 1400 } }, { { "192.0.2.7", 2, 1401 } }, false },
	{ "another link",     { { "192.0.2.7", 2, 1400 } }, { { "192.0.2.7", 3, 1400 } }, false },
	{ "another one's",    { { "192.0.2.7", 2, 1400 } }, { { "198.51.100.7", 2, 1400 } },
	  false },
	{ "it has expired",   { { "192.0.2.7", 2, 1400 } }, { { .mtu = 0 } }, false },
};

static void test_what_is_news(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct path_hint first[MOST], second[MOST];
		struct hint_list a, b;

		fill(pairs[i].a, first, &a);
		fill(pairs[i].b, second, &b);
		keep(&a);
		keep(&b);
		if (hints_equal(&a, &b) != pairs[i].equal || hints_equal(&b, &a) != pairs[i].equal)
			fail_msg("%s", pairs[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose_are_kept),
		cmocka_unit_test(test_what_is_news),
	};

	return cmocka_run_group_tests_name("hints", tests, NULL, NULL);
}
