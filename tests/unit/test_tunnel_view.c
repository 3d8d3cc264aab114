/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "policy/tunnel/tunnel_view.h"
#include "tunnel_world.h"

static struct peer *stranger(struct world *w, uint32_t ifindex, enum encap_kind kind)
{
	struct peer *peer = add_peer(w, ifindex, NULL, "0.0.0.0/0", kind);

	free(peer->id);
	peer->id = NULL;
	return peer;
}

static void nothing(struct world *w) { (void)w; }
static void bare_tun(struct world *w) { add_link(w, 7, "tun0", "tun", 1500); }
static void bare_tap(struct world *w) { add_link(w, 7, "tap0", "tun", 1500)->tap = true; }
static void openvpn(struct world *w)
{
	bare_tun(w);
	add_peer(w, 7, "192.0.2.7", "10.9.0.2/32", ENCAP_OPENVPN);
}
static void openvpn_tap(struct world *w)
{
	bare_tap(w);
	encap_set(&add_peer(w, 7, "192.0.2.7", "10.9.0.2/32", ENCAP_OPENVPN)->layer[0],
		  ENCAP_KEY_TAP, 1);
}
static void pppoe(struct world *w)
{
	add_link(w, 7, "ppp0", "ppp", 1492);
	add_peer(w, 7, NULL, "0.0.0.0/0", ENCAP_PPPOE)->way.oif = 2;
}
static void wireguard(struct world *w)
{
	add_link(w, 7, "wg0", "wireguard", 1420);
	add_peer(w, 7, "192.0.2.7", "10.8.0.7/32", ENCAP_WIREGUARD);
}
static void two_peers(struct world *w)
{
	wireguard(w);
	w->links[0].mtu = 1472;
	add_peer(w, 7, "2001:db8::7", "10.8.0.8/32", ENCAP_WIREGUARD)->warning = strdup("odd");
}
static void strangers(struct world *w)
{
	bare_tun(w);
	stranger(w, 7, ENCAP_OPENVPN);
}
static void strangers_beside_somebody(struct world *w)
{
	wireguard(w);
	stranger(w, 7, ENCAP_WIREGUARD)->way = (struct path_question){ 0 };
	w->links[0].mtu6 = 1300; /* by which strangers may come */
}
static void vti(struct world *w)
{
	add_link(w, 7, "vti0", "vti", 1480);
	add_peer(w, 7, "192.0.2.7", "10.1.0.0/24", ENCAP_ESP);
}
static void policy(struct world *w)
{
	add_policy(w, "10.1.0.0/24", "10.2.0.0/24", "203.0.113.9", false);
}
static void two_policies(struct world *w)
{
	policy(w);
	add_policy(w, "10.1.0.0/24", "10.3.0.0/24", "203.0.113.9", false)->warning = strdup("odd");
}
static void policy_in_the_clear(struct world *w)
{
	add_policy(w, "10.1.0.0/24", "10.1.0.0/24", NULL, false)->clear = true;
}
static void policy_without_state(struct world *w)
{
	policy(w);
	w->peers->list[0].layer_count = 0;
}
static void link_that_is_gone(struct world *w)
{
	add_peer(w, 9, "192.0.2.7", "10.8.0.7/32", ENCAP_WIREGUARD);
}
static void link_that_is_no_tunnel(struct world *w)
{
	add_peer(w, 2, "192.0.2.7", "10.8.0.7/32", ENCAP_WIREGUARD);
}
static void idle_fallback(struct world *w) { add_link(w, 7, "gre0", "gre", 1476)->up = false; }

static const struct {
	const char *name;
	void (*make)(struct world *world);
	const char *view, *kind; /* NULL: there is none */
	uint32_t ifindex, inner;
	size_t peers, warnings;
} cases[] = {
	/* eth0 of 1500 is the way out; of several views the first */
	{ "no tunnel",            nothing,             NULL,   NULL,        0, 0,    0, 0 },
	{ "tun of somebody",      bare_tun,            "tun0", "tun",       7, 0,    0, 0 },
	{ "tap of somebody",      bare_tap,            "tap0", "tap",       7, 0,    0, 0 },
	{ "tun of OpenVPN",       openvpn,             "tun0", "openvpn",   7, 1448, 1, 0 },
	{ "tap of OpenVPN",       openvpn_tap,         "tap0", "openvpn",   7, 1434, 1, 0 },
	{ "PPPoE",                pppoe,               "ppp0", "pppoe",     7, 1492, 1, 0 },
	{ "WireGuard",            wireguard,           "wg0",  "wireguard", 7, 1420, 1, 0 },
	{ "the narrower of two",  two_peers,           "wg0",  "wireguard", 7, 1392, 2, 1 },
	{ "strangers alone",      strangers,           "tun0", "openvpn",   7, 1428, 0, 0 },
	{ "strangers beside one", strangers_beside_somebody, "wg0", "wireguard", 7, 1420, 1, 0 },
	{ "VTI",                  vti,                 "vti0", "vti",       7, 1470, 1, 0 },
	{ "a policy",             policy,    "ipsec:203.0.113.9", "esp",    0, 1446, 1, 0 },
	{ "two of one gateway",   two_policies, "ipsec:203.0.113.9", "esp", 0, 1446, 2, 1 },
	{ "one in the clear",     policy_in_the_clear, NULL,   NULL,        0, 0,    0, 0 },
	{ "one without state",    policy_without_state, "ipsec:203.0.113.9", "esp", 0, 0, 1, 0 },
	{ "peer of no link",      link_that_is_gone,   NULL,   NULL,        0, 0,    0, 0 },
	{ "peer of hardware",     link_that_is_no_tunnel, NULL, NULL,       0, 0,    0, 0 },
	{ "fallback device",      idle_fallback,       NULL,   NULL,        0, 0,    0, 0 },
};

static void test_one_tunnel(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct tunnel_view *view;
		struct tunnel_views views;
		struct world world;

		open_world(&world);
		cases[i].make(&world);
		build(&world);
		assert_int_equal(tunnel_views_init(&views, world.set), 0);
		if (views.count != (cases[i].view ? 1 : 0))
			fail_msg("%s: %zu views", cases[i].name, views.count);
		view = views.list;
		if (view && (strcmp(view->name, cases[i].view) != 0 ||
			     strcmp(view->kind, cases[i].kind) != 0 ||
			     view->ifindex != cases[i].ifindex ||
			     view->inner_mtu != cases[i].inner ||
			     view->peer_count != cases[i].peers ||
			     view->warning_count != cases[i].warnings))
			fail_msg("%s: %s, %s, %u, inner MTU %u, %zu peers, %zu warnings",
				 cases[i].name, view->name, view->kind, view->ifindex,
				 view->inner_mtu, view->peer_count, view->warning_count);
		for (size_t k = 0; k < world.set->peer_count; k++)
			assert_int_equal(views.of_peer[k], view ? 0 : VIEW_NONE);
		tunnel_views_done(&views);
		close_world(&world);
	}
}

static void test_interfaces_first_then_gateways(void **state)
{
	static const char *const names[] = { "wg0", "tun0", "ipsec:203.0.113.9", "ipsec:%any" };
	static const uint32_t of_peer[] = { 2, 0, VIEW_NONE, 3, 0, 2, 1 };
	struct tunnel_views views;
	struct world world;

	(void)state;
	open_world(&world);
	policy(&world);
	add_link(&world, 10, "tun0", "tun", 1500);
	wireguard(&world); /* a smaller ifindex than tun0's */
	policy_in_the_clear(&world);
	free(add_policy(&world, "10.1.0.0/24", "10.9.0.0/24", NULL, false)->tunnel);
	world.peers->list[3].tunnel = strdup("ipsec:%any");
	add_peer(&world, 7, "192.0.2.8", "10.8.0.8/32", ENCAP_WIREGUARD);
	add_policy(&world, "10.1.0.0/24", "10.3.0.0/24", "203.0.113.9", false);
	add_peer(&world, 10, "192.0.2.9", "10.9.0.2/32", ENCAP_OPENVPN);
	build(&world);
	assert_int_equal(tunnel_views_init(&views, world.set), 0);
	assert_int_equal(views.count, COUNT(names));
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(views.list[i].name, names[i]);
	for (size_t i = 0; i < COUNT(of_peer); i++)
		assert_int_equal(views.of_peer[i], of_peer[i]);
	assert_string_equal(world.set->links[views.list[1].link].name, "tun0");
	tunnel_views_done(&views);
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_tunnel),
		cmocka_unit_test(test_interfaces_first_then_gateways),
	};

	return cmocka_run_group_tests_name("tunnel_view", tests, NULL, NULL);
}
