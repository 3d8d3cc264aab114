/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tunnel/peer.h"

static struct prefix prefix(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

static struct peer make_peer(void)
{
	struct prefix first = prefix("10.8.0.7/32"), second = prefix("fd00::7/128");
	struct peer peer = {
		.id = strdup("key"), .name = strdup("alice"), .ifindex = 7, .has_endpoint = true,
		.endpoint_port = 51820, .layer_count = 1, .handshake = 1000,
		.layer = { { .kind = ENCAP_WIREGUARD } },
	};

	assert_int_equal(address_parse("192.0.2.7", &peer.way.destination), 0);
	assert_int_equal(peer_allow(&peer, &first), 0);
	assert_int_equal(peer_allow(&peer, &second), 0);
	return peer;
}

static struct peer_list *make_list(void)
{
	struct peer_list *peers = peer_list_new();
	struct peer peer = make_peer();

	assert_non_null(peers);
	assert_int_equal(peer_list_append(peers, &peer), 0);
	assert_null(peer.id); /* taken */
	return peers;
}

static void test_a_list_lives_as_long_as_somebody_holds_it(void **state)
{
	struct peer_list *peers = make_list();

	(void)state;
	assert_ptr_equal(peer_list_ref(peers), peers);
	peer_list_unref(peers);
	assert_string_equal(peers->list[0].name, "alice");
	peer_list_unref(peers);
	peer_list_unref(NULL);
}

static void test_a_peer_takes_many_prefixes(void **state)
{
	struct peer peer = { 0 };

	(void)state;
	for (uint8_t i = 0; i < 100; i++) {
		struct address address = { .family = FAMILY_IPV4, .bytes = { 10, 0, 0, i } };
		struct prefix one = prefix_make(&address, 32);

		assert_int_equal(peer_allow(&peer, &one), 0);
	}
	assert_int_equal(peer.allowed_count, 100);
	for (uint8_t i = 0; i < 100; i++)
		assert_int_equal(peer.allowed[i].address.bytes[3], i);
	peer_done(&peer);
	assert_null(peer.allowed);
}

static void set_id(struct peer *peer) { free(peer->id); peer->id = strdup("other"); }
static void set_name(struct peer *peer) { free(peer->name); peer->name = NULL; }
static void set_warning(struct peer *peer) { peer->warning = strdup("odd"); }
static void set_tunnel(struct peer *peer) { peer->tunnel = strdup("ipsec:192.0.2.7"); }
static void set_link(struct peer *peer) { peer->ifindex = 8; }
static void set_endpoint(struct peer *peer) { peer->way.destination.bytes[3] = 8; }
static void set_port(struct peer *peer) { peer->endpoint_port = 1; }
static void set_mark(struct peer *peer) { peer->way.mark = 1; }
static void set_unproven(struct peer *peer) { peer->unproven = true; }
static void set_unknown(struct peer *peer) { peer->has_endpoint = false; }
static void set_layer(struct peer *peer) { encap_set(&peer->layer[0], ENCAP_KEY_OUTER, 6); }
static void set_layers(struct peer *peer) { peer->layer_count = 2; }
static void set_allowed(struct peer *peer) { peer->allowed[1].length = 64; }
static void set_fewer(struct peer *peer) { peer->allowed_count = 1; }
static void set_selector(struct peer *peer) { peer->selector = true; }
static void set_handshake(struct peer *peer) { peer->handshake = 2000; }

static const struct { const char *name; void (*change)(struct peer *peer); bool equal; } changes[] = {
	{ "another id",            set_id,        false },
	{ "another name",          set_name,      false },
	{ "a warning",             set_warning,   false },
	{ "another tunnel",        set_tunnel,    false },
	{ "another link",          set_link,      false },
	{ "another endpoint",      set_endpoint,  false },
	{ "another port",          set_port,      false },
	{ "another mark outside",  set_mark,      false },
	{ "no endpoint",           set_unknown,   false },
	{ "not proven",            set_unproven,  false },
	{ "another layer",         set_layer,     false },
	{ "more layers",           set_layers,    false },
	{ "another prefix",        set_allowed,   false },
	{ "fewer prefixes",        set_fewer,     false },
	{ "a policy",              set_selector,  false },
	{ "a later handshake",     set_handshake, true  },
};

static void test_what_makes_lists_different(void **state)
{
	struct peer_list *a = make_list(), *none = peer_list_new();

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct peer_list *b = make_list();

		assert_true(peer_list_equal(a, b));
		changes[i].change(&b->list[0]);
		if (peer_list_equal(a, b) != changes[i].equal)
			fail_msg("%s: %s", changes[i].name, changes[i].equal ? "differs" : "equal");
		peer_list_unref(b);
	}
	assert_false(peer_list_equal(a, none));
	peer_list_unref(none);
	peer_list_unref(a);
}

/* PPPoE: nobody to send to, only a link to leave by. */
static void test_the_link_below_counts_without_endpoint(void **state)
{
	struct peer_list *a = make_list(), *b = make_list();

	(void)state;
	a->list[0].has_endpoint = b->list[0].has_endpoint = false;
	a->list[0].way.oif = b->list[0].way.oif = 2;
	assert_true(peer_list_equal(a, b));
	b->list[0].way.oif = 3;
	assert_false(peer_list_equal(a, b));
	b->list[0].way.oif = 2;
	b->list[0].way.mark ^= 1;
	assert_false(peer_list_equal(a, b));
	peer_list_unref(a);
	peer_list_unref(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_list_lives_as_long_as_somebody_holds_it),
		cmocka_unit_test(test_a_peer_takes_many_prefixes),
		cmocka_unit_test(test_what_makes_lists_different),
		cmocka_unit_test(test_the_link_below_counts_without_endpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
