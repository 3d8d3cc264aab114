/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/l2tp.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/peers/l2tp.h"
#include "l2tp_messages.h"
#include "peer_text.h"
#include "rtnl_message.h"

#define ALL " allowed 0.0.0.0/0,::/0"

static const struct { const uint8_t *bytes; size_t len; } recorded[] = {
	{ RECORDED(l2tp_session_15_17) }, { RECORDED(l2tp_session_1_3) },
	{ RECORDED(l2tp_session_1_5) },   { RECORDED(l2tp_session_7_9) },
	{ RECORDED(l2tp_session_11_13) }, { RECORDED(l2tp_session_12_0) },
	{ RECORDED(l2tp_session_12_35) }, { RECORDED(l2tp_session_12_36) },
	{ RECORDED(l2tp_session_12_34) }, { RECORDED(l2tp_session_12_34) }, /* told twice */
	{ RECORDED(l2tp_tunnel_15) },     { RECORDED(l2tp_tunnel_1) },
	{ RECORDED(l2tp_tunnel_7) },      { RECORDED(l2tp_tunnel_11) },
	{ RECORDED(l2tp_tunnel_12) },
};

/* As rtnetlink told them, in no order that helps. */
static const struct link links[] = {
	{ .ifindex = 1, .name = "lo" },   { .ifindex = 13, .name = "ppp1", .kind = "ppp" },
	{ .ifindex = 12, .name = "ppp0", .kind = "ppp" }, { .ifindex = 9, .name = "l2d" },
	{ .ifindex = 6, .name = "l2a" },  { .ifindex = 7, .name = "l2b" },
	{ .ifindex = 11, .name = "l2e" }, { .ifindex = 8, .name = "l2c" },
};

/* ppp0 is of session 34; session 36 has no link yet, nor has 0, which holds the tunnel. */
static struct pppol2tp_session ppp_sessions[] = {
	{ "ppp1", 12, 35 }, { "ppp0", 12, 34 }, { "ppp0", 11, 36 },
};

static const char *const lines[] = {
	"192.0.2.7/1/3 link 6 l2tp3eth outer=4 udp=1 cookie=8 l2spec=1 to 192.0.2.7 port 6000 "
	"from 192.0.2.1 sport 5000 protocol 17" ALL,
	"192.0.2.7/1/5 link 7 l2tp3eth outer=4 udp=1 cookie=0 l2spec=1 to 192.0.2.7 port 6000 "
	"from 192.0.2.1 sport 5000 protocol 17" ALL,
	"192.0.2.8/7/9 link 8 l2tp3eth outer=4 udp=0 cookie=4 l2spec=1 to 192.0.2.8 "
	"from 192.0.2.1 protocol 115" ALL,
	"2001:db8::7/11/13 link 9 l2tp3eth outer=6 udp=1 cookie=0 l2spec=1 to 2001:db8::7 "
	"port 6001 from 2001:db8::1 sport 5001 protocol 17" ALL,
	"192.0.2.9/12/34 link 12 l2tp2 outer=4 ppp=4 seq=0 to 192.0.2.9 port 1701 "
	"from 192.0.2.1 sport 1701 protocol 17" ALL,
	"192.0.2.9/12/35 link 13 l2tp2 outer=4 ppp=4 seq=1 to 192.0.2.9 port 1701 "
	"from 192.0.2.1 sport 1701 protocol 17" ALL,
	"2001:db8::8/15/17 link 11 l2tp3eth outer=6 udp=0 cookie=0 l2spec=1 to 2001:db8::8 "
	"from 2001:db8::1 protocol 115" ALL,
};

static struct peer_list *new_list(void)
{
	struct peer_list *peers = peer_list_new();

	assert_non_null(peers);
	return peers;
}

static void test_join(void **state)
{
	struct l2tp_tunnel_list tunnels = { 0 };
	struct l2tp_session_list sessions = { 0 };
	struct pppol2tp_list ppp = { ppp_sessions, COUNT(ppp_sessions), COUNT(ppp_sessions) };
	struct peer_list *peers = new_list();

	(void)state;
	for (size_t i = 0; i < COUNT(recorded); i++) {
		struct nlmsghdr *message = copy_message(recorded[i].bytes, recorded[i].len);

		assert_int_equal(l2tp_parse_tunnel(message, &tunnels), 0);
		assert_int_equal(l2tp_parse_session(message, &sessions), 0);
		free(message);
	}
	assert_int_equal(l2tp_join(&tunnels, &sessions, &ppp, links, COUNT(links), peers), 0);
	assert_peers(peers, 0, lines, COUNT(lines));
	/* Another source's peers stay in front. */
	assert_int_equal(l2tp_join(&tunnels, &sessions, &ppp, links, COUNT(links), peers), 0);
	assert_peers(peers, COUNT(lines), lines, COUNT(lines));
	l2tp_tunnel_list_done(&tunnels);
	l2tp_session_list_done(&sessions);
	peer_list_unref(peers);
}

/* One tunnel and one session, and what they become. */
static const struct {
	const char *name;
	struct l2tp_tunnel tunnel;
	struct l2tp_session session;
	const char *line; /* NULL: no peer */
} rows[] = {
	{ "not connected", { .id = 1, .version = 2, .udp = true },
	  { 1, 2, L2TP_PWTYPE_PPP, "", 0, false },
	  "l2tp/1/2 link 12 l2tp2 ppp=4 seq=0" ALL },
	{ "of another tunnel", { .id = 2, .version = 3 },
	  { 1, 2, L2TP_PWTYPE_ETH, "l2a", 0, false }, NULL },
	{ "of no link", { .id = 1, .version = 3 },
	  { 1, 2, L2TP_PWTYPE_ETH, "l2z", 0, false }, NULL },
	{ "of no name", { .id = 1, .version = 3 },
	  { 1, 2, L2TP_PWTYPE_ETH, "", 0, false }, NULL },
	{ "version 2 over IP", { .id = 1, .version = 2 },
	  { 1, 2, L2TP_PWTYPE_PPP, "", 0, false }, NULL },
	{ "version 2 with Ethernet", { .id = 1, .version = 2, .udp = true },
	  { 1, 2, L2TP_PWTYPE_ETH, "l2a", 0, false }, NULL },
	{ "version 3 with PPP", { .id = 1, .version = 3, .udp = true },
	  { 1, 2, L2TP_PWTYPE_PPP, "", 0, false }, NULL },
	{ "version 4", { .id = 1, .version = 4, .udp = true },
	  { 1, 2, L2TP_PWTYPE_ETH, "l2a", 0, false }, NULL },
	{ "VLAN", { .id = 1, .version = 3, .udp = true },
	  { 1, 2, L2TP_PWTYPE_ETH_VLAN, "l2a", 0, false }, NULL },
};

static void test_kinds(void **state)
{
	struct pppol2tp_session told = { "ppp0", 1, 2 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct l2tp_tunnel tunnel = rows[i].tunnel;
		struct l2tp_session session = rows[i].session;
		struct l2tp_tunnel_list tunnels = { &tunnel, 1, 1 };
		struct l2tp_session_list sessions = { &session, 1, 1 };
		struct pppol2tp_list ppp = { &told, 1, 1 };
		struct peer_list *peers = new_list();
		char text[PEER_TEXT_MAX] = "";

		assert_int_equal(l2tp_join(&tunnels, &sessions, &ppp, links, COUNT(links), peers),
				 0);
		if (peers->count > 0)
			peer_text(&peers->list[0], text);
		if (peers->count != (rows[i].line ? 1 : 0) ||
		    strcmp(text, rows[i].line ? rows[i].line : "") != 0)
			fail_msg("%s: %s", rows[i].name, text);
		peer_list_unref(peers);
	}
}

static void test_nothing(void **state)
{
	struct l2tp_tunnel_list tunnels = { 0 };
	struct l2tp_session session = rows[0].session;
	struct l2tp_session_list none = { 0 }, one = { &session, 1, 1 };
	struct pppol2tp_list ppp = { 0 };
	struct peer_list *peers = new_list();

	(void)state;
	assert_int_equal(l2tp_join(&tunnels, &none, &ppp, NULL, 0, peers), 0);
	assert_int_equal(l2tp_join(&tunnels, &one, &ppp, NULL, 0, peers), 0);
	assert_int_equal(peers->count, 0);
	peer_list_unref(peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests_name("l2tp_join", tests, NULL, NULL);
}
