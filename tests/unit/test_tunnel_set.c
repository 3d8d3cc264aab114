/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tunnel_world.h"

/* One WireGuard tunnel, and how the way to its peer is made. */
static struct peer *wireguard(struct world *world, const char *endpoint)
{
	add_link(world, 7, "wg0", "wireguard", 1420);
	return add_peer(world, 7, endpoint, "10.8.0.7/32", ENCAP_WIREGUARD);
}

static void plain4(struct world *w) { wireguard(w, "192.0.2.7"); }
static void plain6(struct world *w) { wireguard(w, "2001:db8::7"); }
static void link_1492_v6(struct world *w) { wireguard(w, "2001:db8::7"); w->links[0].mtu = 1492; }
static void link_1472(struct world *w) { wireguard(w, "192.0.2.7"); w->links[0].mtu = 1472; }
static void link_mtu6(struct world *w) { wireguard(w, "2001:db8::7"); w->links[0].mtu6 = 1400; }
static void metric(struct world *w)
{
	wireguard(w, "192.0.2.7");
	add_route(w, "192.0.2.0/24", 2)->mtu = 1400;
}
static void metric_above_link(struct world *w)
{
	wireguard(w, "192.0.2.7");
	add_route(w, "192.0.2.0/24", 2)->mtu = 9000;
}
static void by_mark(struct world *w)
{
	wireguard(w, "192.0.2.7")->way.mark = 0xca6c;
	add_link(w, 3, "eth1", "", 1400);
	add_route(w, "0.0.0.0/0", 3);
	w->routes[w->route_count - 1].mark = 0xca6c;
}
static void nobody_by_mark(struct world *w)
{
	by_mark(w);
	add_route(w, "::/0", 3);
	w->routes[w->route_count - 1].mark = 0xca6c;
	w->peers->list[0].has_endpoint = false;
	w->peers->list[0].way.destination = (struct address){ 0 };
}
static void hint(struct world *w)
{
	wireguard(w, "192.0.2.7");
	add_hint(w, "192.0.2.8", 2, 1290);
	add_hint(w, "192.0.2.7", 2, 1400);
	add_hint(w, "192.0.2.6", 2, 1290);
}
static void hint_elsewhere(struct world *w)
{
	wireguard(w, "192.0.2.7");
	add_hint(w, "192.0.2.7", 3, 1400);
}
static void hint_forged(struct world *w) { wireguard(w, "192.0.2.7"); add_hint(w, "192.0.2.7", 2, 552); }
static void hint_above(struct world *w) { wireguard(w, "192.0.2.7"); add_hint(w, "192.0.2.7", 2, 1500); }
static void hint_locked(struct world *w)
{
	hint(w);
	w->routes[0].answer.mtu_locked = true;
	w->routes[0].answer.mtu = 1500;
}
static void no_route(struct world *w)
{
	wireguard(w, "192.0.2.7");
	w->route_count = 0;
}
static void fixed_path(struct world *w)
{
	wireguard(w, "192.0.2.7");
	add_override(w, "tun*")->path_mtu = 1300;
	add_override(w, "wg*")->path_mtu = 1472;
}
static void extra(struct world *w)
{
	wireguard(w, "192.0.2.7");
	w->links[0].mtu = 1472;
	add_override(w, "wg0")->extra = 12;
}
static void over(struct world *w)
{
	wireguard(w, "192.0.2.7");
	add_link(w, 9, "ppp0", "ppp", 1492);
	add_link(w, 3, "lte0", "", 1358);
	add_override(w, "wg0")->over = "lte0";
}
static void over_pppoe(struct world *w)
{
	wireguard(w, "2001:db8::7");
	add_link(w, 9, "ppp0", "ppp", 1500); /* somebody believed in 1500 */
	w->routes[1].answer.ifindex = 9;
	add_peer(w, 9, NULL, "::/0", ENCAP_PPPOE)->way.oif = 2;
}
static void over_wireguard(struct world *w)
{
	wireguard(w, "10.9.0.1");
	add_link(w, 8, "wg1", "wireguard", 1420);
	add_route(w, "10.9.0.0/24", 8);
	add_peer(w, 8, "192.0.2.9", "10.9.0.0/24", ENCAP_WIREGUARD);
}
static void itself(struct world *w)
{
	wireguard(w, "10.8.0.7");
	add_route(w, "10.8.0.0/24", 7);
}
static void each_other(struct world *w)
{
	wireguard(w, "10.9.0.1");
	add_link(w, 8, "wg1", "wireguard", 1420);
	add_route(w, "10.9.0.0/24", 8);
	add_route(w, "10.8.0.0/24", 7);
	add_peer(w, 8, "10.8.0.7", "10.9.0.0/24", ENCAP_WIREGUARD);
}
static void another_kind(struct world *w)
{
	struct tunnel_override *override;

	wireguard(w, "192.0.2.7");
	w->links[0].mtu = 1472;
	override = add_override(w, "wg0");
	override->has_encap = true;
	override->encap.kind = ENCAP_AMNEZIAWG;
	encap_set(&override->encap, ENCAP_KEY_S4, 20);
}

static void hint_in_tunnel(struct world *w)
{
	over_wireguard(w);
	w->links[2].mtu = 1328; /* what fits through 1400, so the link says the same */
	add_hint(w, "192.0.2.9", 2, 1400);
}
static void hint_below_link(struct world *w)
{
	over_wireguard(w);
	add_hint(w, "192.0.2.9", 2, 1400);
}

static const struct {
	const char *name;
	void (*make)(struct world *world);
	uint32_t outer, inner, overhead;
	enum path_source source;
	enum path_confidence confidence;
} paths[] = {
	/* the peer is the first one, behind wg0 of MTU 1420 */
	{ "IPv4 outside",            plain4,            1500, 1420, 60, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "IPv6 outside",            plain6,            1500, 1420, 80, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "1492, IPv6 outside",      link_1492_v6,      1492, 1408, 80, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "1472",                    link_1472,         1472, 1408, 60, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "IPv6 MTU of the link",    link_mtu6,         1400, 1312, 80, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "route metric",            metric,            1400, 1328, 60, PATH_ROUTE, CONFIDENCE_ASSUMED },
	{ "metric above the link",   metric_above_link, 1500, 1420, 60, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "route by mark",           by_mark,           1400, 1328, 60, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "nobody, by mark",         nobody_by_mark,    1400, 1312, 80, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "exception",               hint,              1400, 1328, 60, PATH_HINT, CONFIDENCE_HINT },
	{ "exception of another way", hint_elsewhere,   1500, 1420, 60, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "exception below floor",   hint_forged,       1280, 1216, 60, PATH_HINT, CONFIDENCE_HINT },
	{ "exception above link",    hint_above,        1500, 1420, 60, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "locked metric",           hint_locked,       1500, 1420, 60, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "no route",                no_route,             0,    0, 60, PATH_UNKNOWN, CONFIDENCE_ASSUMED },
	{ "path_mtu",                fixed_path,        1472, 1408, 60, PATH_CONFIG, CONFIDENCE_ASSUMED },
	{ "extra",                   extra,             1472, 1392, 72, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "over",                    over,              1358, 1296, 60, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "over PPPoE",              over_pppoe,        1492, 1408, 80, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "over WireGuard",          over_wireguard,    1420, 1360, 60, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "exception around it",     hint_below_link,   1328, 1264, 60, PATH_HINT, CONFIDENCE_HINT },
	{ "link says the same",      hint_in_tunnel,    1328, 1264, 60, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "leads to itself",         itself,            1420, 1360, 60, PATH_LINK, CONFIDENCE_ASSUMED },
	{ "kind and key",            another_kind,      1472, 1392, 80, PATH_LINK, CONFIDENCE_ASSUMED },
};

static void test_the_path_outside(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		const struct tunnel_limit *limit;
		struct tunnel_steps steps;
		struct world world;

		open_world(&world);
		paths[i].make(&world);
		build(&world);
		limit = &world.set->limits[0];
		if (limit->outer_mtu != paths[i].outer || limit->inner_mtu != paths[i].inner ||
		    limit->overhead != paths[i].overhead || limit->source != paths[i].source ||
		    limit->confidence != paths[i].confidence)
			fail_msg("%s: outer %u, inner %u, overhead %u, source %d, confidence %d",
				 paths[i].name, limit->outer_mtu, limit->inner_mtu, limit->overhead,
				 limit->source, limit->confidence);
		tunnel_set_explain_peer(world.set, 0, &steps);
		assert_true(steps.count > 0 && steps.count < TUNNEL_STEPS_MAX);
		if (limit->inner_mtu && steps.list[steps.count - 1].value != limit->inner_mtu)
			fail_msg("%s: the story ends with %u", paths[i].name,
				 steps.list[steps.count - 1].value);
		close_world(&world);
	}
}

static void test_a_circle_ends(void **state)
{
	struct tunnel_steps steps;
	struct world world;

	(void)state;
	open_world(&world);
	each_other(&world);
	build(&world);
	assert_in_range(world.set->limits[0].inner_mtu, 1, 1420);
	assert_in_range(world.set->limits[1].inner_mtu, 1, 1420);
	for (uint32_t i = 0; i < 2; i++) {
		tunnel_set_explain_peer(world.set, i, &steps);
		assert_int_equal(steps.list[steps.count - 1].value,
				 world.set->limits[i].inner_mtu);
	}
	close_world(&world);
}

static void add_vxlan(struct world *world, const char *remote)
{
	struct link *link = add_link(world, 10, "vx0", "vxlan", 1450);

	link->encap.kind = ENCAP_VXLAN;
	if (remote) {
		link->has_remote = true;
		link->remote = address(remote);
	}
}

static void vxlan(struct world *w) { add_vxlan(w, "192.0.2.7"); }
static void vxlan6(struct world *w) { add_vxlan(w, "2001:db8::7"); }
static void vxlan_over_wireguard(struct world *w)
{
	plain4(w);
	add_route(w, "10.8.0.0/24", 7);
	add_vxlan(w, "10.8.0.7");
}
static void vxlan_learns(struct world *w)
{
	add_vxlan(w, NULL);
	add_peer(w, 10, "192.0.2.7", NULL, ENCAP_VXLAN);
	add_peer(w, 10, "192.0.2.8", NULL, ENCAP_VXLAN);
	add_route(w, "192.0.2.8/32", 2)->mtu = 1400;
}
static void vxlan_learns_with_hint(struct world *w)
{
	struct link *link;

	add_vxlan(w, NULL);
	add_peer(w, 10, "192.0.2.7", NULL, ENCAP_VXLAN);
	add_hint(w, "192.0.2.7", 2, 1400);
	w->links[1].mtu = 1350; /* what fits through 1400 */
	add_route(w, "10.8.0.0/24", 10);
	link = add_link(w, 11, "gre1", "gre", 1326);
	link->encap.kind = ENCAP_GRE;
	link->has_remote = true;
	link->remote = address("10.8.0.7");
}
static void vxlan_of_known_path(struct world *w)
{
	add_vxlan(w, NULL);
	add_override(w, "vx*")->path_mtu = 1400;
}
static void gre_to_any(struct world *w)
{
	struct link *link = add_link(w, 10, "gre1", "gre", 1476);

	w->links[0].mtu = 1400;
	link->encap.kind = ENCAP_GRE;
	encap_set(&link->encap, ENCAP_KEY_OUTER, 4);
	link->per_flow = true;
}
static void gre_to_any_by_link(struct world *w)
{
	gre_to_any(w);
	add_link(w, 3, "lte0", "", 1358);
	w->links[1].lower_ifindex = 3;
}
static void gre_elsewhere(struct world *w) { gre_to_any(w); w->links[1].elsewhere = true; }
static void vxlan_external(struct world *w)
{
	add_vxlan(w, NULL);
	w->links[1].mtu = 1500;
	w->links[1].per_flow = true;
}
static void gre_over_named_link(struct world *w)
{
	struct link *link = add_link(w, 10, "gre1", "gre", 1476);

	link->encap.kind = ENCAP_GRE;
	encap_set(&link->encap, ENCAP_KEY_OUTER, 4);
	add_link(w, 3, "lte0", "", 1358);
	add_override(w, "gre1")->over = "lte0";
}
static void vlan_on_vxlan(struct world *w)
{
	struct link *link;

	vxlan(w);
	link = add_link(w, 11, "vx0.5", "vlan", 1450);
	link->lower_ifindex = 10;
	link->encap.kind = ENCAP_VLAN;
	encap_set(&link->encap, ENCAP_KEY_TAGS, 1);
}
static void vlan_on_eth(struct world *w)
{
	struct link *link = add_link(w, 11, "eth0.5", "vlan", 1500);

	link->lower_ifindex = 2;
	link->encap.kind = ENCAP_VLAN;
	encap_set(&link->encap, ENCAP_KEY_TAGS, 1);
}
static void bridge(struct world *w)
{
	vxlan(w);
	add_link(w, 11, "br0", "bridge", 1500);
	w->links[w->link_count - 2].master_ifindex = 11;
	w->links[0].master_ifindex = 11;
}
static void bridge_of_tap(struct world *w)
{
	add_link(w, 10, "tap0", "tun", 1500)->master_ifindex = 11;
	add_link(w, 11, "br0", "bridge", 1500);
	encap_set(&add_peer(w, 10, "192.0.2.7", "10.8.0.7/32", ENCAP_OPENVPN)->layer[0],
		  ENCAP_KEY_TAP, 1);
}
static void vrf(struct world *w)
{
	vxlan(w);
	add_link(w, 11, "vrf0", "vrf", 65575);
	add_link(w, 12, "lan0", "", 1480)->master_ifindex = 11;
	add_link(w, 13, "lan1", "", 1300)->master_ifindex = 11;
	w->links[w->link_count - 1].up = false;
	add_link(w, 14, "lan2", "", 1200);
	w->links[1].master_ifindex = 11; /* vx0: 1450 as a link and by its path */
	w->links[1].mtu = 1500;
}
static void vrf_of_a_narrow_link(struct world *w)
{
	vrf(w);
	w->links[3].mtu = 1440;
	w->links[3].mtu6 = 1400;
}
static void gre_in_circle(struct world *w)
{
	struct link *link = add_link(w, 10, "gre1", "gre", 1476);

	link->encap.kind = ENCAP_GRE;
	link->has_remote = true;
	link->remote = address("10.8.0.7");
	add_route(w, "10.8.0.0/24", 10);
}
static void configured_tun(struct world *w)
{
	struct tunnel_override *override = add_override(w, "tun*");

	add_link(w, 10, "tun0", "tun", 1500);
	override->has_encap = true;
	override->encap.kind = ENCAP_OPENVPN;
	assert_int_equal(encap_set_openvpn_cipher(&override->encap, "AES-256-GCM", NULL), 0);
}
static void configured_tun_ipv4(struct world *w) { configured_tun(w); w->route_count = 1; }
static void configured_tun_no_route(struct world *w)
{
	configured_tun(w);
	add_link(w, 3, "eth1", "", 1480);
	add_link(w, 4, "eth2", "", 1400)->up = false;
	w->route_count = 0;
}
static void configured_tun_two_ways(struct world *w)
{
	configured_tun(w);
	add_link(w, 3, "ppp0", "", 1400);
	w->routes[0].answer.ifindex = 3;
}
static void plain_tun(struct world *w) { add_link(w, 10, "tun0", "tun", 1500); }

static const struct {
	const char *name;
	void (*make)(struct world *world);
	const char *link;
	uint32_t outer, inner;
} devices[] = {
	{ "VXLAN",                     vxlan,                "vx0",    1500, 1450 },
	{ "VXLAN, IPv6 outside",       vxlan6,               "vx0",    1500, 1430 },
	{ "VXLAN over WireGuard",      vxlan_over_wireguard, "vx0",    1420, 1370 },
	{ "VXLAN that learns",         vxlan_learns,         "vx0",    1400, 1350 },
	{ "VXLAN of a known path",     vxlan_of_known_path,  "vx0",    1400, 1330 },
	{ "VXLAN with metadata",       vxlan_external,       "vx0",    1500, 1430 },
	{ "GRE to any",                gre_to_any,           "gre1",   1400, 1376 },
	{ "GRE to any by one link",    gre_to_any_by_link,   "gre1",   1358, 1334 },
	{ "GRE in another namespace",  gre_elsewhere,        "gre1",      0,    0 },
	{ "GRE over a named link",     gre_over_named_link,  "gre1",   1358, 1334 },
	{ "VLAN on VXLAN",             vlan_on_vxlan,        "vx0.5",  1500, 1446 },
	{ "VLAN on Ethernet",          vlan_on_eth,          "eth0.5",    0,    0 },
	{ "bridge with a VXLAN port",  bridge,               "br0",    1500, 1450 },
	{ "bridge with OpenVPN",       bridge_of_tap,        "br0",    1500, 1434 },
	{ "VRF with a VXLAN port",     vrf,                  "vrf0",   1500, 1450 },
	{ "VRF with a narrower link",  vrf_of_a_narrow_link, "vrf0",      0, 1400 },
	{ "GRE through itself",        gre_in_circle,        "gre1",   1476, 1452 },
	{ "tun, OpenVPN configured",   configured_tun,       "tun0",   1500, 1428 },
	{ "the same, IPv4 alone",      configured_tun_ipv4,  "tun0",   1500, 1448 },
	{ "the same, IPv4 is narrower", configured_tun_two_ways, "tun0", 1400, 1348 },
	{ "the same without a route",  configured_tun_no_route, "tun0", 1480, 1428 },
	{ "tun of nobody knows what",  plain_tun,            "tun0",      0,    0 },
	{ "Ethernet",                  vxlan,                "eth0",      0,    0 },
};

static void test_what_links_come_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(devices); i++) {
		const struct tunnel_limit *limit;
		struct tunnel_steps steps;
		struct world world;
		size_t place;

		open_world(&world);
		devices[i].make(&world);
		build(&world);
		limit = link_limit(&world, devices[i].link);
		if (limit->outer_mtu != devices[i].outer || limit->inner_mtu != devices[i].inner)
			fail_msg("%s: outer %u, inner %u", devices[i].name, limit->outer_mtu,
				 limit->inner_mtu);
		place = (size_t)(limit - world.set->link_limits);
		tunnel_set_explain_link(world.set, place, &steps);
		if (limit->inner_mtu)
			assert_int_equal(steps.list[steps.count - 1].value, limit->inner_mtu);
		close_world(&world);
	}
}

/* MACsec on a VXLAN of 1450 whose path is guessed to be 1400. */
static void test_macsec_is_as_sure_as_what_it_stands_on(void **state)
{
	const struct tunnel_limit *limit;
	struct tunnel_steps steps;
	struct world world;
	struct link *link;

	(void)state;
	open_world(&world);
	vxlan(&world);
	add_hint(&world, "192.0.2.7", 2, 1400);
	link = add_link(&world, 11, "macsec0", "macsec", 1418);
	link->lower_ifindex = 10;
	link->encap.kind = ENCAP_MACSEC;
	build(&world);
	limit = link_limit(&world, "macsec0");
	assert_int_equal(limit->outer_mtu, 1350);
	assert_int_equal(limit->source, PATH_HINT);
	assert_int_equal(limit->confidence, CONFIDENCE_HINT);
	tunnel_set_explain_link(world.set, 2, &steps);
	assert_string_equal(steps.list[0].what, "outside: inside tunnel vx0");
	assert_string_equal(steps.list[0].source, "kernel_hint");
	close_world(&world);
}

/* What a link's own MTU says is no guess, even where a guess says the same. */
static void test_link_is_as_sure_as_a_hint_is_not(void **state)
{
	const struct tunnel_limit *limit;
	struct world world;

	(void)state;
	open_world(&world);
	vxlan_learns_with_hint(&world);
	build(&world);
	assert_int_equal(link_limit(&world, "vx0")->confidence, CONFIDENCE_HINT);
	limit = link_limit(&world, "gre1");
	assert_int_equal(limit->outer_mtu, 1350);
	assert_int_equal(limit->source, PATH_LINK);
	assert_int_equal(limit->confidence, CONFIDENCE_ASSUMED);
	close_world(&world);
}

static void test_gre_in_ipsec(void **state)
{
	struct world world;
	struct link *link;

	(void)state;
	open_world(&world);
	world.routes[0].answer.has_source = true;
	world.routes[0].answer.source = address("198.51.100.1");
	link = add_link(&world, 10, "gre1", "gre", 1476);
	link->encap.kind = ENCAP_GRE;
	link->has_remote = true;
	link->remote = address("203.0.113.9");
	add_policy(&world, "198.51.100.1/32", "203.0.113.9/32", "203.0.113.9", true);
	build(&world);
	/* 1500 - IPv4 20 - ESP 8 - IV 8 - ICV 16 = 1448, down to 4, less 2 = 1446 behind the IP
	 * header: an IP packet of 1466; GRE takes 24 */
	assert_int_equal(world.set->limits[0].inner_mtu, 1466);
	assert_int_equal(link_limit(&world, "gre1")->inner_mtu, 1442);
	close_world(&world);
}

/* A cipher without a kind, in the words that OpenVPN and ESP share. */
static void test_cipher_of_ipsec_without_kind(void **state)
{
	struct tunnel_override *override;
	struct world world;

	(void)state;
	open_world(&world);
	add_policy(&world, "10.1.0.0/24", "10.2.0.0/24", "203.0.113.9", false);
	override = add_override(&world, "ipsec:*");
	override->has_encap = true;
	assert_int_equal(encap_set_openvpn_cipher(&override->encap, "AES-256-CBC", "SHA256"), 0);
	assert_int_equal(encap_set_esp_cipher(&override->esp, "AES-256-CBC", "SHA256"), 0);
	build(&world);
	/* 1500 - IPv4 20 - ESP 8 - IV 16 - ICV 16 = 1440, a multiple of 16, less 2 */
	assert_int_equal(world.set->limits[0].inner_mtu, 1438);
	close_world(&world);
}

static void test_whoever_is_not_known_comes_by_the_default_route(void **state)
{
	struct tunnel_steps steps;
	struct world world;

	(void)state;
	open_world(&world);
	world.links[0].mtu = 1492;
	add_link(&world, 10, "tun0", "tun", 1500);
	add_peer(&world, 10, NULL, "0.0.0.0/0", ENCAP_WIREGUARD);
	free(world.peers->list[0].id);
	world.peers->list[0].id = NULL;
	build(&world);
	assert_int_equal(world.set->limits[0].outer_mtu, 1492);
	tunnel_set_explain_peer(world.set, 0, &steps);
	assert_non_null(strstr(steps.list[0].what, "not known yet"));
	assert_int_equal(world.asked, 2); /* one for each family */
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_path_outside),
		cmocka_unit_test(test_a_circle_ends),
		cmocka_unit_test(test_what_links_come_to),
		cmocka_unit_test(test_link_is_as_sure_as_a_hint_is_not),
		cmocka_unit_test(test_macsec_is_as_sure_as_what_it_stands_on),
		cmocka_unit_test(test_gre_in_ipsec),
		cmocka_unit_test(test_cipher_of_ipsec_without_kind),
		cmocka_unit_test(test_whoever_is_not_known_comes_by_the_default_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
