/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "daemon/replies/tunnel_warnings.h"
#include "tunnel_world.h"

static char rule_text[] = "rules[0] (interface=wg0 mss=1400)";
static const struct rule raising = { .text = rule_text };

#define NO_RULE { .mss = { 0 } }
#define RULE(four, six) { .rule = { &raising, &raising }, .mss = { four, six } }

static void add_wireguard(struct world *w, uint32_t mtu)
{
	add_link(w, 7, "wg0", "wireguard", mtu);
	add_peer(w, 7, "192.0.2.7", "10.8.0.7/32", ENCAP_WIREGUARD);
}

static void fits(struct world *w) { add_wireguard(w, 1420); }
static void narrow_path(struct world *w) { fits(w); w->links[0].mtu = 1400; }
static void no_room_for_ipv6(struct world *w) { fits(w); w->links[0].mtu = 1330; }
static void ipv6_without_room(struct world *w)
{
	no_room_for_ipv6(w);
	w->links[w->link_count - 1].mtu6 = 1420;
}
static void least_of_ipv6(struct world *w)
{
	ipv6_without_room(w);
	w->links[w->link_count - 1].mtu = w->links[w->link_count - 1].mtu6 = 1280;
}
static void vti(struct world *w)
{
	struct peer *peer;

	add_link(w, 7, "vti0", "vti", 1480);
	peer = add_peer(w, 7, "192.0.2.7", "10.1.0.0/24", ENCAP_ESP);
	assert_int_equal(encap_set_esp_cipher(&peer->layer[0], "AES-GCM-16", NULL), 0);
}
static void openvpn(struct world *w)
{
	add_link(w, 7, "tun0", "tun", 1500);
	add_peer(w, 7, "192.0.2.7", "10.9.0.2/32", ENCAP_OPENVPN);
}
static void unknown_path(struct world *w) { fits(w); w->route_count = 0; }
static void hinted(struct world *w) { fits(w); add_hint(w, "192.0.2.7", 2, 1400); }
static void small_link(struct world *w) { add_wireguard(w, 1300); }
static void policy(struct world *w)
{
	add_policy(w, "10.1.0.0/24", "10.2.0.0/24", "203.0.113.9", false);
}
static void over_nothing(struct world *w) { fits(w); add_override(w, "wg*")->over = "lte0"; }
static void over_itself(struct world *w) { fits(w); add_override(w, "wg0")->over = "wg0"; }
static void over_a_link(struct world *w) { fits(w); add_override(w, "wg0")->over = "eth0"; }
static void add_program(struct world *w)
{
	add_link(w, 7, "tun0", "tun", 1500);
	add_override(w, "tun0")->path_mtu = 1400;
}
static void odd_peers(struct world *w, size_t count)
{
	static const char *const names[] = { "alice", NULL, NULL, "dave", "eve" };

	add_link(w, 7, "wg0", "wireguard", 1420);
	for (size_t i = 0; i < count; i++) {
		struct peer *peer = add_peer(w, 7, "192.0.2.7", "10.8.0.7/32", ENCAP_WIREGUARD);

		peer->name = names[i] ? strdup(names[i]) : NULL;
		peer->warning = strdup("the ends differ");
	}
	if (count > 2) {
		free(w->peers->list[2].id);
		w->peers->list[2].id = NULL;
	}
}
static void down(struct world *w)
{
	fits(w);
	w->links[w->link_count - 1].up = false;
}

static void three_odd(struct world *w) { odd_peers(w, 3); }
static void four_odd(struct world *w) { odd_peers(w, 4); }
static void five_odd(struct world *w) { odd_peers(w, 5); }
static void odd_bytes(struct world *w)
{
	odd_peers(w, 1);
	strcpy(w->peers->list[0].name, "a\xff");
}

#define CLAMPED " TCP is clamped, UDP and QUIC are not: ip link set "
#define DIFFER ": the ends differ"

static const struct {
	const char *name;
	void (*make)(struct world *world);
	struct peer_mss mss;
	const char *warnings[5];
} cases[] = {
	{ "all is well", fits, NO_RULE, { NULL } },
	{ "an interface that is down", down, NO_RULE,
	  { "the interface is down, nothing passes: ip link set wg0 up" } },
	{ "narrow path", narrow_path, NO_RULE,
	  { "interface MTU 1420, but 1328 bytes fit: the path outside is smaller." CLAMPED
	    "wg0 mtu 1328" } },
	{ "no room for IPv6, which it has not", no_room_for_ipv6, NO_RULE,
	  { "interface MTU 1420, but 1264 bytes fit: the path outside is smaller." CLAMPED
	    "wg0 mtu 1264" } },
	{ "no room for IPv6, which it has", ipv6_without_room, NO_RULE,
	  { "interface MTU 1420, but 1264 bytes fit: the path outside is smaller." CLAMPED
	    "wg0 mtu 1264, which takes IPv6 off it (below 1280; where IPv6 goes by it, 1280)" } },
	{ "as small as IPv6 lets it be", least_of_ipv6, NO_RULE,
	  { "interface MTU 1280, the least that carries IPv6, but 1264 bytes fit: the path "
	    "outside is smaller. TCP is clamped, UDP and QUIC are not" } },
	{ "VTI", vti, NO_RULE,
	  { "interface MTU 1480, but 1446 bytes fit: it does not count ESP." CLAMPED
	    "vti0 mtu 1446" } },
	{ "OpenVPN", openvpn, NO_RULE,
	  { "interface MTU 1500, but 1448 bytes fit: tun-mtu exceeds the path." CLAMPED
	    "tun0 mtu 1448" } },
	{ "nobody knows the path", unknown_path, NO_RULE, { NULL } },
	{ "rule above the link", fits, RULE(1400, 1200),
	  { "rules[0] (interface=wg0 mss=1400) allows IPv4 MSS 1400, but the interface MTU of "
	    "1420 carries 1380" } },
	{ "rule above the path", policy, RULE(1407, 1386),
	  { "rules[0] (interface=wg0 mss=1400) allows IPv4 MSS 1407, but the path to "
	    "10.2.0.0/24 carries 1406" } },
	{ "rule at the path", policy, RULE(1406, 1386), { NULL } },
	{ "both families", small_link, RULE(1261, 1241),
	  { "rules[0] (interface=wg0 mss=1400) allows IPv4 MSS 1261, but the interface MTU of "
	    "1300 carries 1260",
	    "rules[0] (interface=wg0 mss=1400) allows IPv6 MSS 1241, but the interface MTU of "
	    "1300 carries 1240" } },
	{ "rule of the other family", narrow_path,
	  { .rule = { &raising, NULL }, .mss = { 1280, 1360 } },
	  { "interface MTU 1420, but 1328 bytes fit: the path outside is smaller." CLAMPED
	    "wg0 mtu 1328" } },
	{ "rule above the path below the link", narrow_path,
	  { .rule = { &raising, NULL }, .mss = { 1300, 1360 } },
	  { "rules[0] (interface=wg0 mss=1400) allows IPv4 MSS 1300, but the path to "
	    "10.8.0.7/32 carries 1288",
	    "interface MTU 1420, but 1328 bytes fit: the path outside is smaller." CLAMPED
	    "wg0 mtu 1328" } },
	{ "no rule", fits, { .mss = { 1400, 1400 } }, { NULL } },
	{ "peers' own", three_odd, NO_RULE,
	  { "alice" DIFFER, "10.8.0.7/32" DIFFER, "unknown peers" DIFFER } },
	{ "four of them", four_odd, NO_RULE,
	  { "alice" DIFFER, "10.8.0.7/32" DIFFER, "unknown peers" DIFFER,
	    "1 more peer has a warning: mssclampctl peers wg0" } },
	{ "five of them", five_odd, NO_RULE,
	  { "alice" DIFFER, "10.8.0.7/32" DIFFER, "unknown peers" DIFFER,
	    "2 more peers have warnings: mssclampctl peers wg0" } },
	{ "over no interface", over_nothing, NO_RULE,
	  { "over = \"lte0\" in tunnels names no interface: the route to the far end counts" } },
	{ "over itself", over_itself, NO_RULE,
	  { "over = \"wg0\" in tunnels names the tunnel itself: the route to the far end counts" } },
	{ "over a link", over_a_link, NO_RULE, { NULL } },
	{ "a name that is no text", odd_bytes, NO_RULE, { "a?" DIFFER } },
	{ "an exception of the kernel", hinted, NO_RULE,
	  { "interface MTU 1420, but an ICMP message says that 1328 bytes fit: unconfirmed" } },
};

static void test_warnings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *warnings = json_array();
		struct tunnel_views views;
		struct tunnel_told told;
		struct world world;
		size_t count = 0;

		open_world(&world);
		cases[i].make(&world);
		build(&world);
		assert_int_equal(tunnel_views_init(&views, world.set), 0);
		assert_int_equal(views.count, 1);
		told = (struct tunnel_told){ .mss = cases[i].mss,
					     .confidence = world.set->limits[0].confidence };
		tunnel_warnings_raise(told.raised, views.list[0].ifindex ?
				      &world.set->links[views.list[0].link] : NULL,
				      world.set->peers[0], &world.set->limits[0], &cases[i].mss);
		tunnel_warnings_add(warnings, world.set, &views, 0, &told);
		for (; count < COUNT(cases[i].warnings) && cases[i].warnings[count]; count++) {
			const char *got = json_string_value(json_array_get(warnings, count));

			if (!got || strcmp(got, cases[i].warnings[count]) != 0)
				fail_msg("%s: %s", cases[i].name, got ? got : "no warning");
		}
		if (json_array_size(warnings) != count)
			fail_msg("%s: %zu warnings", cases[i].name, json_array_size(warnings));
		json_decref(warnings);
		tunnel_views_done(&views);
		close_world(&world);
	}
}

/* Where routes of ours tell UDP what fits, nothing is left to do. */
static void test_with_routes(void **state)
{
	const struct tunnel_told told = { .routed = true };
	json_t *warnings = json_array();
	struct tunnel_views views;
	struct world world;

	(void)state;
	open_world(&world);
	narrow_path(&world);
	build(&world);
	assert_int_equal(tunnel_views_init(&views, world.set), 0);
	tunnel_warnings_add(warnings, world.set, &views, 0, &told);
	assert_int_equal(json_array_size(warnings), 1);
	assert_string_equal(json_string_value(json_array_get(warnings, 0)),
			    "interface MTU 1420, but 1328 bytes fit: the path outside is smaller. "
			    "TCP is clamped, routes tell UDP and QUIC (path.set_route_mtu)");
	json_decref(warnings);
	tunnel_views_done(&views);
	close_world(&world);
}

/* Then nothing is clamped, and no text says so. */
static void test_in_mode_audit(void **state)
{
	static const struct {
		void (*make)(struct world *world);
		const char *warning;
	} rows[] = {
		{ narrow_path, "interface MTU 1420, but 1328 bytes fit: the path outside is smaller. "
			       "Mode audit clamps nothing: TCP, UDP and QUIC are too large: ip link "
			       "set wg0 mtu 1328" },
		{ least_of_ipv6, "interface MTU 1280, the least that carries IPv6, but 1264 bytes "
				 "fit: the path outside is smaller. Mode audit clamps nothing: TCP, "
				 "UDP and QUIC are too large" },
	};
	const struct tunnel_told told = { .audit = true };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_t *warnings = json_array();
		struct tunnel_views views;
		struct world world;

		open_world(&world);
		rows[i].make(&world);
		build(&world);
		assert_int_equal(tunnel_views_init(&views, world.set), 0);
		tunnel_warnings_add(warnings, world.set, &views, 0, &told);
		assert_int_equal(json_array_size(warnings), 1);
		assert_string_equal(json_string_value(json_array_get(warnings, 0)),
				    rows[i].warning);
		json_decref(warnings);
		tunnel_views_done(&views);
		close_world(&world);
	}
}

static void test_an_entry_without_kind(void **state)
{
	const struct tunnel_told told = { .confidence = CONFIDENCE_ASSUMED };
	json_t *warnings = json_array();
	struct tunnel_views views;
	struct world world;

	(void)state;
	open_world(&world);
	add_program(&world);
	build(&world);
	assert_int_equal(tunnel_views_init(&views, world.set), 0);
	tunnel_warnings_add(warnings, world.set, &views, 0, &told);
	assert_int_equal(json_array_size(warnings), 1);
	assert_string_equal(json_string_value(json_array_get(warnings, 0)),
			    "its entry in tunnels does nothing: what encapsulates is not known. "
			    "A kind tells it");
	json_decref(warnings);
	tunnel_views_done(&views);
	close_world(&world);
}

/* Of two peers the one that the rule is worse for is told. */
static void test_the_worst_is_told(void **state)
{
	const struct peer alice = { .name = "alice" }, bob = { .name = "bob" };
	const struct peer_mss mss = RULE(1400, 1300);
	const struct tunnel_limit wide = { .inner_mtu = 1430 }, narrow = { .inner_mtu = 1380 };
	struct raised_mss raised[FAMILY_COUNT] = { { 0 } };

	(void)state;
	tunnel_warnings_raise(raised, NULL, &alice, &wide, &mss);
	tunnel_warnings_raise(raised, NULL, &bob, &narrow, &mss);
	tunnel_warnings_raise(raised, NULL, &alice, &wide, &mss);
	assert_string_equal(raised[FAMILY_IPV4].peer, "bob");
	assert_int_equal(raised[FAMILY_IPV4].most, 1340);
	assert_null(raised[FAMILY_IPV6].rule);
}

#define DIFFERS "the ends differ: this end allows "

static const struct { const char *name; uint32_t four, six; const char *warning; } far_ends[] = {
	{ "less", 1240, 1360,
	  DIFFERS "IPv4 MSS 1380, the far end announces at most 1240, an MTU of 1280" },
	{ "less in IPv6", 0, 1220,
	  DIFFERS "IPv6 MSS 1360, the far end announces at most 1220, an MTU of 1280" },
	{ "as much", 1380, 1360, NULL },
	{ "more", 1460, 1440, NULL },
	{ "nothing yet", 0, 0, NULL },
};

static void test_what_far_ends_announce(void **state)
{
	struct tunnel_views views;
	struct world world;

	(void)state;
	open_world(&world);
	fits(&world);
	build(&world);
	assert_int_equal(tunnel_views_init(&views, world.set), 0);
	for (size_t i = 0; i < COUNT(far_ends); i++) {
		json_t *warnings = json_array();
		const char *got;

		tunnel_warnings_add(warnings, world.set, &views, 0, &(struct tunnel_told){
			.mss = { .mss = { 1380, 1360 } },
			.announced = { { far_ends[i].four, far_ends[i].six } },
		});
		got = json_string_value(json_array_get(warnings, 0));
		if (!got != !far_ends[i].warning || (got && strcmp(got, far_ends[i].warning) != 0))
			fail_msg("%s: %s", far_ends[i].name, got ? got : "no warning");
		json_decref(warnings);
	}
	tunnel_views_done(&views);
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_with_routes),
		cmocka_unit_test(test_in_mode_audit),
		cmocka_unit_test(test_an_entry_without_kind),
		cmocka_unit_test(test_the_worst_is_told),
		cmocka_unit_test(test_what_far_ends_announce),
	};

	return cmocka_run_group_tests_name("tunnel_warnings", tests, NULL, NULL);
}
