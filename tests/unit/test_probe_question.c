/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words, and whom they mean. Ways to strangers are asked of the kernel, in a network namespace of
 * this process alone. Needs root and ip(8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/explain/probe_question.h"
#include "tunnel_world.h"

#define KEY_ALICE "w8Kx00Alice0000000000000000000000000000000000="
#define KEY_BOB "w8Kx00Bob00000000000000000000000000000000000="

/* eth0 is the world's second link, of 1500 bytes there. */
static const char *const setup[] = {
	"ip link set lo up",
	"ip link add eth0 index 2 type veth peer name far0 index 102 && ip link set far0 up",
	"ip addr add 192.0.2.1/24 dev eth0",
	"ip addr add 2001:db8::1/64 dev eth0 nodad",
	"ip link set eth0 up",
	"ip route add 198.51.100.0/24 via 192.0.2.254 mtu 1400",
	"ip route add 203.0.113.0/24 via 192.0.2.254 mtu 9000",
	"ip link add eth9 index 9 type veth peer name far9 index 109 && ip link set far9 up",
	"ip addr add 192.0.9.1/24 dev eth9",
	"ip link set eth9 up",
};

static int enter_namespace(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0) {
		perror("a network namespace of our own (are you root?)");
		return -1;
	}
	for (size_t i = 0; i < COUNT(setup); i++) {
		if (system(setup[i]) != 0) {
			fprintf(stderr, "failed: %s\n", setup[i]);
			return -1;
		}
	}
	return 0;
}

/* What a call was told. */
static struct {
	enum control_error error; /* 0: nothing */
	char message[256];
} told;

json_t *control_fail(struct control_call *call, enum control_error error, const char *hint,
		     const char *format, ...)
{
	va_list arguments;

	(void)call;
	(void)hint;
	told.error = error;
	va_start(arguments, format);
	vsnprintf(told.message, sizeof(told.message), format, arguments);
	va_end(arguments);
	return NULL;
}

static struct peer *name(struct peer *peer, const char *id, const char *name)
{
	free(peer->id);
	peer->id = id ? strdup(id) : NULL;
	peer->name = name ? strdup(name) : NULL;
	return peer;
}

static void allow(struct peer *peer, const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	assert_int_equal(peer_allow(peer, &prefix), 0);
}

static struct peer *policy(struct world *w, const char *remote, const char *gateway)
{
	struct peer *peer = add_policy(w, "10.1.0.0/16", remote, gateway, false);
	char tunnel[64];

	snprintf(tunnel, sizeof(tunnel), "ipsec:%s", gateway);
	free(peer->tunnel);
	peer->tunnel = strdup(tunnel);
	return peer;
}

/* Policies of one interface that lead to two gateways. */
static void add_hub(struct world *w)
{
	add_link(w, 14, "xfrm0", "xfrm", 1500);
	name(add_peer(w, 14, "203.0.113.21", "10.21.0.0/16", ENCAP_ESP), "hub-one", NULL);
	name(add_peer(w, 14, "203.0.113.22", "10.22.0.0/16", ENCAP_ESP), "hub-two", NULL);
}

static void make_peers(struct world *w)
{
	struct peer *peer;

	add_link(w, 7, "wg0", "wireguard", 1420);
	allow(name(add_peer(w, 7, "203.0.113.1", "10.8.0.0/24", ENCAP_WIREGUARD), KEY_ALICE,
		   "alice"), "0.0.0.0/0");
	name(add_peer(w, 7, "203.0.113.2", "10.8.0.64/26", ENCAP_WIREGUARD), KEY_BOB, "bob");
	name(add_peer(w, 7, NULL, "10.8.1.0/24", ENCAP_WIREGUARD), "never-came", NULL);
	add_link(w, 8, "wg1", "wireguard", 1420);
	name(add_peer(w, 8, "203.0.113.3", "fd00:3::/64", ENCAP_WIREGUARD), "only-one", NULL);
	add_link(w, 10, "tun0", "tun", 1500);
	peer = name(add_peer(w, 10, "203.0.113.4", "10.9.0.2/32", ENCAP_OPENVPN), "tcp-client",
		    NULL);
	encap_set(&peer->layer[0], ENCAP_KEY_PROTO, ENCAP_PROTO_TCP);
	add_link(w, 11, "wg2", "wireguard", 1420);
	name(add_peer(w, 11, "203.0.113.5", "10.10.0.0/24", ENCAP_WIREGUARD), "is-fixed", NULL);
	policy(w, "10.2.0.0/16", "203.0.113.9");
	policy(w, "10.3.0.0/16", "203.0.113.9");
	add_hub(w);
}

static void make_devices(struct world *w)
{
	struct tunnel_override *fixed;
	struct link *link = add_link(w, 12, "gre1", "gre", 1476);

	link->has_remote = true;
	link->remote = address("203.0.113.6");
	link->encap.kind = ENCAP_GRE;
	add_link(w, 13, "gre2", "gre", 1476);
	add_link(w, 15, "vxlan0", "vxlan", 1450);
	name(add_peer(w, 15, "203.0.113.7", NULL, ENCAP_VXLAN), "learned", NULL)->unproven = true;
	fixed = add_override(w, "wg2");
	fixed->path_mtu = 1400;
}

/* All that a question is asked of. */
struct known {
	struct world world;
	struct snapshot *snapshot;
	struct tunnel_views views;
	struct probe_plan *plan;
};

static void open_known(struct known *known)
{
	const struct probe_plan_config config = { .interval_ns = NS_PER_SECOND, .rate_pps = 10,
						  .floor = { 576, 1280 } };
	struct snapshot_link links[MOST] = { 0 };
	struct probe_target_input input = { .find_way = find_way, .userdata = &known->world };
	struct probe_target_list targets;

	*known = (struct known){ 0 };
	open_world(&known->world);
	make_peers(&known->world);
	make_devices(&known->world);
	build(&known->world);
	input.set = known->world.set;
	assert_int_equal(probe_targets_make(&input, &targets), 0);
	known->plan = probe_plan_new(&config);
	assert_non_null(known->plan);
	assert_int_equal(probe_plan_update(known->plan, &targets, 1), 0);
	assert_int_equal(tunnel_views_init(&known->views, known->world.set), 0);
	for (size_t i = 0; i < known->world.set->link_count; i++)
		links[i].link = known->world.set->links[i];
	assert_int_equal(snapshot_build(&(const struct snapshot_input){
		.links = links, .link_count = known->world.set->link_count,
		.tunnels = known->world.set }, &known->snapshot), 0);
}

static void close_known(struct known *known)
{
	tunnel_views_done(&known->views);
	snapshot_free(known->snapshot);
	probe_plan_free(known->plan);
	peer_list_unref(known->world.peers);
}

static int ask(const struct known *known, const char *word, struct probe_question *question)
{
	told.error = 0;
	told.message[0] = '\0';
	return probe_question_read(NULL, word, known->snapshot, &known->views, known->plan,
				   question);
}

static const struct { const char *name, *word, *tunnel, *peer, *endpoint; } meant[] = {
	{ "whole id",             KEY_ALICE, "wg0", KEY_ALICE, NULL },
	{ "name",                 "bob", "wg0", KEY_BOB, NULL },
	{ "head of an id",        "w8Kx00A", "wg0", KEY_ALICE, NULL },
	{ "head with dots",       "w8Kx00Bob...", "wg0", KEY_BOB, NULL },
	{ "tunnel of one peer",   "wg1", "wg1", "only-one", NULL },
	{ "device of one far end", "gre1", "gre1", "", NULL },
	{ "a device's endpoint",  "203.0.113.6", "gre1", "", NULL },
	{ "a peer's endpoint",    "203.0.113.2", "wg0", KEY_BOB, NULL },
	{ "as peers shows it",    "203.0.113.2:51820", "wg0", KEY_BOB, NULL },
	{ "an address behind",    "10.8.0.7", "wg0", KEY_ALICE, NULL },
	{ "the longest prefix",   "10.8.0.70", "wg0", KEY_BOB, NULL },
	{ "IPv6 behind",          "fd00:3::9", "wg1", "only-one", NULL },
	{ "gateway of policies",  "ipsec:203.0.113.9", "ipsec:203.0.113.9", "", NULL },
	{ "one of its policies",  "10.3.0.0/16", "ipsec:203.0.113.9", "", NULL },
	{ "behind a policy",      "10.3.0.9", "ipsec:203.0.113.9", "", NULL },
	{ "its endpoint",         "203.0.113.9", "ipsec:203.0.113.9", "", NULL },
	{ "first of two gateways", "hub-one", "xfrm0", "", "203.0.113.21" },
	{ "second of two gateways", "hub-two", "xfrm0", "", "203.0.113.22" },
	{ "the second's endpoint", "203.0.113.22", "xfrm0", "", "203.0.113.22" },
};

static void test_whom_a_word_means(void **state)
{
	struct known known;
	char text[PREFIX_TEXT_MAX];

	(void)state;
	open_known(&known);
	for (size_t i = 0; i < COUNT(meant); i++) {
		struct probe_question question;
		int r = ask(&known, meant[i].word, &question);

		if (r < 0 || told.error || !question.target || question.once.tunnel)
			fail_msg("%s: %d, %s", meant[i].name, r, told.message);
		if (strcmp(question.target->tunnel, meant[i].tunnel) != 0 ||
		    strcmp(question.target->peer, meant[i].peer) != 0)
			fail_msg("%s: %s of %s", meant[i].name, question.target->peer,
				 question.target->tunnel);
		if (meant[i].endpoint)
			assert_string_equal(address_format(&question.target->way.destination, text),
					    meant[i].endpoint);
	}
	close_known(&known);
}

/* Addresses that are nobody's: outside alone. */
static const struct { const char *name, *word; uint32_t assumed; } strangers[] = {
	{ "on the link",             "192.0.2.9", 1500 },
	{ "a route's own MTU",       "198.51.100.9", 1400 },
	{ "more than the link's",    "203.0.113.77", 1500 },
	{ "IPv6",                    "2001:db8::9", 1500 },
	/* alice has 0.0.0.0/0, which makes nobody hers */
	{ "behind a default route",  "198.51.100.10", 1400 },
	{ "endpoint that is fixed",  "203.0.113.5", 1500 },
};

static void test_addresses_that_are_nobodys(void **state)
{
	struct known known;

	(void)state;
	open_known(&known);
	for (size_t i = 0; i < COUNT(strangers); i++) {
		struct probe_question question;
		char text[PREFIX_TEXT_MAX];
		int r = ask(&known, strangers[i].word, &question);

		if (r < 0 || told.error || question.target)
			fail_msg("%s: %d, %s", strangers[i].name, r, told.message);
		address_format(&question.once.way.destination, text);
		assert_string_equal(text, strangers[i].word);
		assert_string_equal(question.once.tunnel, "");
		assert_string_equal(question.once.peer, strangers[i].word);
		assert_int_equal(question.once.inside_count, 0);
		assert_int_equal(question.once.exit_ifindex, 2);
		if (question.once.assumed != strangers[i].assumed)
			fail_msg("%s: %u bytes", strangers[i].name, question.once.assumed);
		probe_target_done(&question.once);
	}
	close_known(&known);
}

static const struct {
	const char *name, *word;
	int r;
	enum control_error error;
	const char *message; /* a part of it */
} refused[] = {
	{ "nobody",              "mallory", -ENOENT, CONTROL_NOT_FOUND,
	  "no peer is called \"mallory\"" },
	{ "no word",             "", -ENOENT, CONTROL_NOT_FOUND, "no peer is called" },
	{ "head of two ids",     "w8Kx00", -ENOTUNIQ, CONTROL_INVALID_ARGUMENT, "ids of 2 peers" },
	{ "tunnel of three",     "wg0", -ENOTUNIQ, CONTROL_INVALID_ARGUMENT, "wg0 has 3 peers" },
	{ "tunnel of two gateways", "xfrm0", -ENOTUNIQ, CONTROL_INVALID_ARGUMENT,
	  "xfrm0 has 2 peers" },
	{ "device without far end", "gre2", -ENODATA, CONTROL_UNKNOWN, "no far end of gre2" },
	{ "no tunnel",           "eth0", -ENOENT, CONTROL_NOT_FOUND, "eth0 is an interface" },
	{ "never came",          "never-came", -ENODATA, CONTROL_UNKNOWN, "no endpoint is known" },
	{ "in TCP",              "tcp-client", -ENODATA, CONTROL_UNKNOWN, "carried in TCP" },
	{ "learned",             "learned", -ENODATA, CONTROL_UNKNOWN, "learned from packets" },
	{ "tunnel of a learned one", "vxlan0", -ENODATA, CONTROL_UNKNOWN, "learned from packets" },
	{ "fixed",               "is-fixed", -ENODATA, CONTROL_UNKNOWN, "set to 1400 bytes" },
	{ "this host",           "192.0.2.1", -EHOSTUNREACH, CONTROL_UNKNOWN, "no route leads to" },
	{ "loopback",            "127.0.0.1", -EHOSTUNREACH, CONTROL_UNKNOWN, "or it is this host" },
	{ "no route",            "8.8.8.8", -EHOSTUNREACH, CONTROL_UNKNOWN, "no route leads to" },
	{ "no route, IPv6",      "2001:db9::1", -EHOSTUNREACH, CONTROL_UNKNOWN, "no route leads to" },
	{ "multicast",           "224.0.0.1", -EHOSTUNREACH, CONTROL_UNKNOWN, "no route leads to" },
	{ "IPv6 multicast",      "ff02::1", -EHOSTUNREACH, CONTROL_UNKNOWN, "no route leads to" },
	{ "broadcast",           "192.0.2.255", -EHOSTUNREACH, CONTROL_UNKNOWN, "no route leads to" },
	{ "all of them",         "255.255.255.255", -EHOSTUNREACH, CONTROL_UNKNOWN, "no route" },
	{ "no address",          "0.0.0.0", -EHOSTUNREACH, CONTROL_UNKNOWN, "no route leads to" },
	{ "a link not seen yet", "192.0.9.9", -EHOSTUNREACH, CONTROL_UNKNOWN, "no route leads to" },
};

static void test_what_is_refused(void **state)
{
	struct known known;

	(void)state;
	open_known(&known);
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct probe_question question;
		int r = ask(&known, refused[i].word, &question);

		if (r != refused[i].r || told.error != refused[i].error ||
		    !strstr(told.message, refused[i].message))
			fail_msg("%s: %d, error %d: %s", refused[i].name, r, told.error,
				 told.message);
		assert_null(question.once.tunnel);
	}
	close_known(&known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whom_a_word_means),
		cmocka_unit_test(test_addresses_that_are_nobodys),
		cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests_name("probe_question", tests, enter_namespace, NULL);
}
