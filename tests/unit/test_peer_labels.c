/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/metrics/peer_labels.h"

#define PEERS_MAX 6

static const struct {
	const char *name;
	size_t most;
	struct {
		const char *tunnel, *id, *name, *label; /* NULL: one of the others */
	} peers[PEERS_MAX];
} cases[] = {
	{ "names", 9, { { "wg0", "key1", "alice", "alice" }, { "wg0", "key2", "bob", "bob" } } },
	{ "without a name the id", 9, { { "wg0", "key1", NULL, "key1" },
					{ "wg0", "key2", "", "key2" } } },
	{ "the same name", 9, { { "wg0", "k1", "phone", "phone (k1)" },
				{ "wg0", "k2", "phone", "phone (k2)" },
				{ "wg0", "k3", "pc", "pc" } } },
	{ "the same name in two tunnels", 9, { { "tun0", "a", "phone", "phone" },
					       { "wg0", "a", "phone", "phone" } } },
	{ "a name that is another's id", 9, { { "wg0", "k1", NULL, "k1 (k1)" },
					      { "wg0", "k2", "k1", "k1 (k2)" } } },
	{ "a name like what two would get", 9, { { "wg0", "k1", "a", "a (k1) 2" },
						 { "wg0", "k2", "a", "a (k2)" },
						 { "wg0", "k3", "a (k1)", "a (k1)" } } },
	{ "who is called as the rest", 9, { { "wg0", "k1", "_other", "_other (k1)" } } },
	{ "the same twice", 9, { { "wg0", "k1", "x", "x (k1)" },
				 { "wg0", "k1", "x", "x (k1) 2" } } },
	{ "the first of them by id", 2, { { "tun0", "k9", "z", "z" }, { "wg0", "k1", "b", "b" },
					  { "wg0", "k2", "a", NULL } } },
	{ "none", 0, { { "wg0", "k1", "a", NULL } } },
	{ "bytes that are no text", 9, { { "wg0", "k1", "\xff", "? (k1)" },
					 { "wg0", "k2", "\xfe", "? (k2)" } } },
	{ "control characters", 9, { { "wg0", "k1", "a\tb\n", "a?b?" },
				     { "wg0", "k2", "\xc2\x9b", "??" } } },
};

static size_t fill(struct peer_label peers[PEERS_MAX], size_t which)
{
	size_t count = 0;

	while (count < PEERS_MAX && cases[which].peers[count].tunnel)
		count++;
	for (size_t i = 0; i < count; i++) /* backwards, so that sorting has work */
		peers[i] = (struct peer_label){
			.tunnel = cases[which].peers[count - 1 - i].tunnel,
			.id = cases[which].peers[count - 1 - i].id,
			.name = cases[which].peers[count - 1 - i].name,
			.place = count - 1 - i,
		};
	return count;
}

static void test_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer_label peers[PEERS_MAX];
		size_t count = fill(peers, i);

		print_message("%s\n", cases[i].name);
		assert_int_equal(peer_labels_make(peers, count, cases[i].most), 0);
		for (size_t p = 0; p < count; p++) {
			const char *expected = cases[i].peers[p].label;

			if (expected)
				assert_string_equal(peers[p].label, expected);
			else
				assert_null(peers[p].label);
		}
		peer_labels_done(peers, count);
	}
}

static void test_long_names_are_cut(void **state)
{
	char name[1000];
	struct peer_label peer = { .tunnel = "wg0", .id = "k", .name = name };

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_int_equal(peer_labels_make(&peer, 1, 1), 0);
	assert_int_equal(strlen(peer.label), PEER_LABEL_MAX);
	peer_labels_done(&peer, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_long_names_are_cut),
	};

	return cmocka_run_group_tests_name("peer_labels", tests, NULL, NULL);
}
