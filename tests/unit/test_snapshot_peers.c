/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "core/mss.h"
#include "policy/snapshot/snapshot.h"
#include "tunnel_set_fixture.h"

enum { ETH0 = 2, WG0 = 7, TUN0 = 9, STRAY = 12, UNKNOWN = 55 };
enum { ETH0_ID = 0, WG0_ID = 1, TUN0_ID = 2, STRAY_ID = 3, PEER_ID = 100 };

/* STRAY is a link that the set of tunnels does not know. */
static const struct snapshot_link links[] = {
	{ .link = { .ifindex = ETH0, .name = "eth0", .mtu = 1500 } },
	{ .link = { .ifindex = WG0, .name = "wg0", .mtu = 1420 }, .tunnel_id = WG0_ID },
	{ .link = { .ifindex = TUN0, .name = "tun0", .mtu = 1500 }, .tunnel_id = TUN0_ID },
	{ .link = { .ifindex = STRAY, .name = "stray0", .mtu = 1430 }, .tunnel_id = STRAY_ID },
};
static const uint32_t in_set[] = { ETH0, WG0, TUN0 };

static const struct fixture_peer peers[] = {
	/* 0 */ { "key0", "alice", WG0, { "10.9.0.0/16", "fd09::/32" }, .inner_mtu = 1380 },
	/* 1 */ { "key1", "bob", WG0, { "10.9.1.0/24", "fd09:0:1::/48" }, .inner_mtu = 1300 },
	/* 2 */ { "key2", NULL, WG0, { "10.9.2.0/24" }, .inner_mtu = 0 }, /* nobody knows his limit */
	/* 3 */ { "key3", "carol", WG0, { "10.9.3.0/24", "fd09:0:3::/48" }, .inner_mtu = 1310,
		  .carries = 4 },
	/* 4 */ { "key4", "wide", WG0, { "10.9.4.0/24" }, .inner_mtu = 1480 },
	/* 5 */ { "cn/5", "twin", TUN0, { "10.8.0.5/32" }, .inner_mtu = 1350 },
	/* 6 */ { "cn/6", "twin", TUN0, { "10.8.0.6/32", "10.8.0.5/32" }, .inner_mtu = 1340 },
	/* 7 */ { "a -> b", NULL, 0, { "10.2.0.0/16" }, "10.1.0.0/16", 10, .inner_mtu = 1438 },
	/* 8 */ { "a -> c", "branch", 0, { "10.2.9.0/24" }, "10.1.0.0/16", 10, .inner_mtu = 1400 },
	/* 9 */ { "bypass", NULL, 0, { "10.2.5.0/24" }, "10.1.0.0/16", 5, .clear = true },
	/* 10 */ { "equal", NULL, 0, { "10.3.0.0/16" }, "10.1.0.0/16", 5, .inner_mtu = 1500 },
	/* 11 */ { "blind", NULL, 0, { "10.4.0.0/16" }, "10.1.0.0/16", 5, .inner_mtu = 0 },
	/* 12 */ { "over", NULL, 0, { "10.9.1.0/24" }, "10.1.0.0/16", 5, .inner_mtu = 1200 },
	/* 13 */ { "lost", NULL, STRAY, { "0.0.0.0/0" }, .inner_mtu = 900 },
	/* 14 */ { "web", NULL, 0, { "10.5.0.0/16" }, "10.1.0.0/16", 5, .narrow = true,
		   .inner_mtu = 1440 },
	/* 15 */ { "mail", NULL, 0, { "10.5.0.0/16" }, "10.1.0.0/16", 6, .narrow = true,
		   .inner_mtu = 1430 },
	/* 16 */ { "rest", NULL, 0, { "10.5.0.0/17" }, "10.1.0.0/16", 7, .inner_mtu = 1410 },
	/* 17 */ { "open", NULL, 0, { "10.5.0.0/16" }, "10.1.0.0/16", 8, .clear = true },
	/* 18 */ { "late", NULL, 0, { "10.5.0.0/16" }, "10.1.0.0/16", 9, .inner_mtu = 1290 },
	/* IPsec policies of a link */
	/* 19 */ { "net", NULL, TUN0, { "10.11.0.0/16" }, .narrow = true, .inner_mtu = 1400 },
	/* 20 */ { "lan", NULL, TUN0, { "10.11.5.0/24" }, .narrow = true, .inner_mtu = 1438 },
	/* 21 */ { "dmz", NULL, TUN0, { "10.11.6.0/24" }, .narrow = true, .inner_mtu = 1390 },
};

/* What a rule asks for, what goes where, and what comes of it. */
struct row {
	const char *name;
	struct {
		const char *interface, *peer, *prefix;
		uint32_t mark;
		int family; /* 4, 6 or 0 */
		uint32_t mss;
	} rules[3];
	const char *route;
	uint32_t route_mtu;
	uint32_t tun_mtu; /* what tun0 comes to by itself */
	int tun_carries;
	uint32_t iif, oif, mark;
	const char *source, *destination;
	uint32_t mss;
	enum side_decided decided; /* on the side that decided */
	uint32_t tunnel_id, peer;
	enum flow_side side;
};

#define OUT_WG .oif = WG0, .source = "172.16.0.1", .side = SIDE_OUT
#define OUT_ETH .oif = ETH0, .source = "10.1.0.1", .side = SIDE_OUT
#define OUT_TUN .oif = TUN0, .source = "172.16.0.1", .side = SIDE_OUT

static const struct row rows[] = {
	{ "the peer behind the address", OUT_WG, .destination = "10.9.9.9",
	  .mss = 1340, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 0 },
	{ "its IPv6", .oif = WG0, .source = "fd00::1", .destination = "fd09::9", .side = SIDE_OUT,
	  .mss = 1320, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 0 },
	{ "the longest allowed prefix", OUT_WG, .destination = "10.9.1.9",
	  .mss = 1260, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 1 },
	{ "a narrower peer without a limit hides a wider one", OUT_WG, .destination = "10.9.2.9",
	  .mss = 1380, .decided = DECIDED_LINK, .tunnel_id = WG0_ID, .peer = 2 },
	{ "nobody's address", OUT_WG, .destination = "10.10.2.9",
	  .mss = 1380, .decided = DECIDED_LINK, .tunnel_id = WG0_ID, .peer = PEER_NONE },
	{ "a family the peer carries", OUT_WG, .destination = "10.9.3.9",
	  .mss = 1270, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 3 },
	{ "a family it does not carry", .oif = WG0, .source = "fd00::1", .destination = "fd09:0:3::9",
	  .side = SIDE_OUT,
	  .mss = 1360, .decided = DECIDED_LINK, .tunnel_id = WG0_ID, .peer = 3 },
	{ "a peer that takes more than the link", OUT_WG, .destination = "10.9.4.9",
	  .mss = 1380, .decided = DECIDED_LINK, .tunnel_id = WG0_ID, .peer = 4 },
	{ "a route that takes less than the peer", OUT_WG, .destination = "10.9.1.9",
	  .route = "10.9.0.0/16", .route_mtu = 1250,
	  .mss = 1210, .decided = DECIDED_ROUTE, .tunnel_id = WG0_ID, .peer = 1 },
	{ "a route that takes more than the peer", OUT_WG, .destination = "10.9.1.9",
	  .route = "10.9.1.9/32", .route_mtu = 1350,
	  .mss = 1260, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 1 },
	{ "from the peer: a SYN-ACK's way back", .iif = WG0, .oif = ETH0, .source = "10.9.1.9",
	  .destination = "172.16.0.1", .side = SIDE_IN,
	  .mss = 1260, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 1 },
	{ "two peers of one tunnel: the smaller, in", .iif = WG0, .oif = WG0, .source = "10.9.1.9",
	  .destination = "10.9.9.9", .side = SIDE_IN,
	  .mss = 1260, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 1 },
	{ "two peers of one tunnel: the smaller, out", .iif = WG0, .oif = WG0, .source = "10.9.9.9",
	  .destination = "10.9.1.9", .side = SIDE_OUT,
	  .mss = 1260, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 1 },
	{ "another link's peer", .oif = ETH0, .source = "172.16.0.1", .destination = "10.9.1.9",
	  .side = SIDE_OUT, .mss = 1460, .decided = DECIDED_LINK, .peer = PEER_NONE },
	{ "one prefix, two peers: the smaller limit", OUT_TUN, .destination = "10.8.0.5",
	  .mss = 1300, .decided = DECIDED_PEER, .tunnel_id = TUN0_ID, .peer = 6 },
	{ "the link's own limit", OUT_TUN, .destination = "10.8.0.7", .tun_mtu = 1360,
	  .mss = 1320, .decided = DECIDED_TUNNEL, .tunnel_id = TUN0_ID, .peer = PEER_NONE },
	{ "a smaller peer's before the link's own", OUT_TUN, .destination = "10.8.0.6",
	  .tun_mtu = 1360,
	  .mss = 1300, .decided = DECIDED_PEER, .tunnel_id = TUN0_ID, .peer = 6 },
	{ "the link's own where the peer has as much", OUT_TUN, .destination = "10.8.0.6",
	  .tun_mtu = 1340,
	  .mss = 1300, .decided = DECIDED_TUNNEL, .tunnel_id = TUN0_ID, .peer = 6 },
	{ "the link does not carry the family", OUT_TUN, .destination = "10.8.0.7",
	  .tun_mtu = 1360, .tun_carries = 6,
	  .mss = 1460, .decided = DECIDED_LINK, .tunnel_id = TUN0_ID, .peer = PEER_NONE },
	{ "a link that the set does not know has no peers", .oif = STRAY, .source = "172.16.0.1",
	  .destination = "10.9.1.9", .side = SIDE_OUT,
	  .mss = 1390, .decided = DECIDED_LINK, .tunnel_id = STRAY_ID, .peer = PEER_NONE },

	{ "an IPsec policy, out", OUT_ETH, .destination = "10.2.0.1",
	  .mss = 1398, .decided = DECIDED_SELECTOR, .tunnel_id = PEER_ID + 7, .peer = 7 },
	{ "an IPsec policy, in", .iif = ETH0, .oif = TUN0, .source = "10.2.0.1",
	  .destination = "10.1.0.1", .side = SIDE_IN,
	  .mss = 1398, .decided = DECIDED_SELECTOR, .tunnel_id = PEER_ID + 7, .peer = 7 },
	{ "another local side", .oif = ETH0, .source = "172.16.0.1", .destination = "10.2.0.1",
	  .side = SIDE_OUT, .mss = 1460, .decided = DECIDED_LINK, .peer = PEER_NONE },
	{ "of equal priorities the first policy", OUT_ETH, .destination = "10.2.9.1",
	  .mss = 1398, .decided = DECIDED_SELECTOR, .tunnel_id = PEER_ID + 7, .peer = 7 },
	{ "on a link nobody has announced", .oif = UNKNOWN, .source = "10.1.0.1",
	  .destination = "10.2.0.1", .side = SIDE_OUT,
	  .mss = 1398, .decided = DECIDED_SELECTOR, .tunnel_id = PEER_ID + 7, .peer = 7 },
	{ "in the clear: no limit from it", OUT_ETH, .destination = "10.2.5.1",
	  .mss = 1460, .decided = DECIDED_LINK, .peer = PEER_NONE },
	{ "a policy of a link may leave it to a wider one", OUT_TUN, .destination = "10.11.5.1",
	  .mss = 1360, .decided = DECIDED_PEER, .tunnel_id = TUN0_ID, .peer = 19 },
	{ "a smaller one does not", OUT_TUN, .destination = "10.11.6.1",
	  .mss = 1350, .decided = DECIDED_PEER, .tunnel_id = TUN0_ID, .peer = 21 },
	{ "policies for some ports alone hide none behind them", OUT_ETH, .destination = "10.5.0.1",
	  .mss = 1370, .decided = DECIDED_SELECTOR, .tunnel_id = PEER_ID + 16, .peer = 16 },
	{ "of policies for some ports the smallest", OUT_ETH, .destination = "10.5.128.1",
	  .mss = 1390, .decided = DECIDED_SELECTOR, .tunnel_id = PEER_ID + 15, .peer = 15 },
	{ "a tie with the link is the policy's", OUT_ETH, .destination = "10.3.0.1",
	  .mss = 1460, .decided = DECIDED_SELECTOR, .tunnel_id = PEER_ID + 10, .peer = 10 },
	{ "a policy whose limit nobody knows", OUT_ETH, .destination = "10.4.0.1",
	  .mss = 1460, .decided = DECIDED_LINK, .peer = 11 },
	{ "a policy inside a tunnel: the policy is smaller", .oif = WG0, .source = "10.1.0.1",
	  .destination = "10.9.1.1", .side = SIDE_OUT,
	  .mss = 1160, .decided = DECIDED_SELECTOR, .tunnel_id = PEER_ID + 12, .peer = 12 },
	{ "a policy inside a tunnel: the route is smaller", .oif = WG0, .source = "10.1.0.1",
	  .destination = "10.9.1.1", .side = SIDE_OUT, .route = "10.9.0.0/16", .route_mtu = 1100,
	  .mss = 1060, .decided = DECIDED_ROUTE, .tunnel_id = WG0_ID, .peer = 1 },

	{ "a rule by a peer's name", { { .peer = "bob", .mss = 1111 } }, OUT_WG,
	  .destination = "10.9.1.9",
	  .mss = 1111, .decided = DECIDED_RULE, .tunnel_id = WG0_ID, .peer = 1 },
	{ "a rule by a peer's id", { { .peer = "key2", .mss = 1111 } }, OUT_WG,
	  .destination = "10.9.2.9",
	  .mss = 1111, .decided = DECIDED_RULE, .tunnel_id = WG0_ID, .peer = 2 },
	{ "a wider peer's rule does not reach a narrower one", { { .peer = "alice", .mss = 1111 } },
	  OUT_WG, .destination = "10.9.1.9",
	  .mss = 1260, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 1 },
	{ "the name of a peer on another side", { { .peer = "bob", .mss = 1111 } }, OUT_WG,
	  .destination = "10.9.9.9",
	  .mss = 1340, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 0 },
	{ "peers that share a name", { { .peer = "twin", .mss = 1111 } }, OUT_TUN,
	  .destination = "10.8.0.6",
	  .mss = 1111, .decided = DECIDED_RULE, .tunnel_id = TUN0_ID, .peer = 6 },
	{ "a rule by peer for the other family", { { .peer = "bob", .family = 6, .mss = 1111 } },
	  OUT_WG, .destination = "10.9.1.9",
	  .mss = 1260, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 1 },
	{ "a rule by peer and interface", { { "wg*", "bob", .mss = 1111 } }, OUT_WG,
	  .destination = "10.9.1.9",
	  .mss = 1111, .decided = DECIDED_RULE, .tunnel_id = WG0_ID, .peer = 1 },
	{ "a rule by peer and another interface", { { "tun*", "bob", .mss = 1111 } }, OUT_WG,
	  .destination = "10.9.1.9",
	  .mss = 1260, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 1 },
	{ "of a peer's rules the first that fits",
	  { { "tun*", "bob", .mss = 1111 }, { .peer = "bob", .mss = 1122 },
	    { .peer = "key1", .mss = 1133 } },
	  OUT_WG, .destination = "10.9.1.9",
	  .mss = 1122, .decided = DECIDED_RULE, .tunnel_id = WG0_ID, .peer = 1 },
	{ "by id before by name", { { .peer = "key1", .mss = 1133 }, { .peer = "bob", .mss = 1122 } },
	  OUT_WG, .destination = "10.9.1.9",
	  .mss = 1133, .decided = DECIDED_RULE, .tunnel_id = WG0_ID, .peer = 1 },
	{ "an earlier rule by interface", { { "wg0", .mss = 1144 }, { .peer = "bob", .mss = 1122 } },
	  OUT_WG, .destination = "10.9.1.9",
	  .mss = 1144, .decided = DECIDED_RULE, .tunnel_id = WG0_ID, .peer = 1 },
	{ "an earlier rule by peer", { { .peer = "bob", .mss = 1122 }, { "wg0", .mss = 1144 } },
	  OUT_WG, .destination = "10.9.1.9",
	  .mss = 1122, .decided = DECIDED_RULE, .tunnel_id = WG0_ID, .peer = 1 },
	{ "a rule by peer and prefix", { { .peer = "bob", .prefix = "10.9.1.8/29", .mss = 1122 } },
	  OUT_WG, .destination = "10.9.1.9",
	  .mss = 1122, .decided = DECIDED_RULE, .tunnel_id = WG0_ID, .peer = 1 },
	{ "a rule by peer and another prefix",
	  { { .peer = "bob", .prefix = "10.9.1.0/29", .mss = 1122 } },
	  OUT_WG, .destination = "10.9.1.9",
	  .mss = 1260, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 1 },
	{ "a rule by peer and mark", { { .peer = "bob", .mark = 3, .mss = 1122 } },
	  OUT_WG, .mark = 3, .destination = "10.9.1.9",
	  .mss = 1122, .decided = DECIDED_RULE, .tunnel_id = WG0_ID, .peer = 1 },
	{ "a rule by peer and another mark", { { .peer = "bob", .mark = 3, .mss = 1122 } },
	  OUT_WG, .mark = 2, .destination = "10.9.1.9",
	  .mss = 1260, .decided = DECIDED_PEER, .tunnel_id = WG0_ID, .peer = 1 },
	{ "a rule that names a policy", { { .peer = "a -> b", .mss = 1111 } }, OUT_ETH,
	  .destination = "10.2.0.1",
	  .mss = 1111, .decided = DECIDED_RULE, .tunnel_id = PEER_ID + 7, .peer = 7 },
	{ "a rule that names a policy that is not asked", { { .peer = "branch", .mss = 1111 } },
	  OUT_ETH, .destination = "10.2.9.1",
	  .mss = 1398, .decided = DECIDED_SELECTOR, .tunnel_id = PEER_ID + 7, .peer = 7 },
	{ "a rule that names a policy, on another interface",
	  { { "tun*", "a -> b", .mss = 1111 } }, OUT_ETH, .destination = "10.2.0.1",
	  .mss = 1398, .decided = DECIDED_SELECTOR, .tunnel_id = PEER_ID + 7, .peer = 7 },
	{ "a rule that names a policy and a prefix",
	  { { .peer = "a -> b", .prefix = "10.2.0.0/24", .mss = 1111 } }, OUT_ETH,
	  .destination = "10.2.0.1",
	  .mss = 1111, .decided = DECIDED_RULE, .tunnel_id = PEER_ID + 7, .peer = 7 },
	{ "a rule that names a policy in the clear", { { .peer = "bypass", .mss = 1111 } }, OUT_ETH,
	  .destination = "10.2.5.1",
	  .mss = 1111, .decided = DECIDED_RULE, .tunnel_id = PEER_ID + 9, .peer = 9 },
	{ "a rule that names both: the link's", { { .peer = "bob", .mss = 1111 } }, .oif = WG0,
	  .source = "10.1.0.1", .destination = "10.9.1.1", .side = SIDE_OUT,
	  .mss = 1111, .decided = DECIDED_RULE, .tunnel_id = WG0_ID, .peer = 1 },
	{ "a rule that names nobody", { { "eth0", .mss = 1111 } }, OUT_ETH,
	  .destination = "10.2.0.1",
	  .mss = 1111, .decided = DECIDED_RULE, .tunnel_id = ETH0_ID, .peer = 7 },
};

static size_t make_rules(const struct row *row, struct rule *list)
{
	size_t count = 0;

	for (; count < COUNT(row->rules) && row->rules[count].mss; count++) {
		list[count] = (struct rule){
			.interface = (char *)(uintptr_t)row->rules[count].interface,
			.peer = (char *)(uintptr_t)row->rules[count].peer,
			.has_prefix = row->rules[count].prefix,
			.has_mark = row->rules[count].mark,
			.mark_value = row->rules[count].mark,
			.mark_mask = UINT32_MAX,
			.has_family = row->rules[count].family,
			.family = row->rules[count].family == 6 ? FAMILY_IPV6 : FAMILY_IPV4,
			.action = RULE_MSS,
			.value = row->rules[count].mss,
			.text = (char *)"rule",
		};
		if (row->rules[count].prefix)
			list[count].prefix = fixture_prefix(row->rules[count].prefix);
	}
	return count;
}

static void check_row(const struct row *row, const struct snapshot *snapshot)
{
	struct address source = fixture_prefix(row->source).address;
	struct address destination = fixture_prefix(row->destination).address;
	const struct flow flow = {
		.family = source.family, .in_ifindex = row->iif, .out_ifindex = row->oif,
		.mark = row->mark, .source = source.bytes, .destination = destination.bytes,
	};
	struct limit limit = snapshot_lookup(snapshot, &flow);
	struct side_limit side = snapshot_lookup_side(snapshot, &flow, row->side);

	if (limit.mss != row->mss || limit.decided != row->side ||
	    limit.tunnel_id != row->tunnel_id || limit.peer != row->peer)
		fail_msg("%s: MSS %u side %d tunnel %u peer %d, not %u %d %u %d", row->name,
			 limit.mss, (int)limit.decided, limit.tunnel_id, (int)limit.peer, row->mss,
			 (int)row->side, row->tunnel_id, (int)row->peer);
	if (side.mss != row->mss || side.decided != row->decided)
		fail_msg("%s: that side has MSS %u by %d, not %d", row->name, side.mss,
			 (int)side.decided, (int)row->decided);
}

static void test_rows(void **state)
{
	static uint32_t ids[COUNT(peers)];

	(void)state;
	for (uint32_t i = 0; i < COUNT(ids); i++)
		ids[i] = PEER_ID + i;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct rule list[COUNT(row->rules)];
		struct rules rules = { .list = list, .count = make_rules(row, list) };
		struct route routes[2];
		struct snapshot_input input = {
			.links = links, .link_count = COUNT(links), .rules = &rules,
			.routes = routes,
			.tunnels = fixture_set_of(peers, COUNT(peers), in_set, COUNT(in_set)),
			.peer_tunnel_ids = ids,
		};
		struct snapshot *snapshot;

		input.tunnels->link_limits[2] = fixture_limit(row->tun_mtu, row->tun_carries);
		for (; row->route && input.route_count < 2; input.route_count++)
			routes[input.route_count] = (struct route){
				.prefix = fixture_prefix(row->route),
				.ifindex = input.route_count ? ETH0 : WG0,
				.mtu = row->route_mtu + 400 * (uint32_t)input.route_count,
			};
		assert_int_equal(snapshot_build(&input, &snapshot), 0);
		assert_ptr_equal(snapshot_tunnels(snapshot), input.tunnels);
		check_row(row, snapshot);
		snapshot_free(snapshot);
	}
}

/* All that one side tells, whoever decided. */
static void test_a_side_tells_all(void **state)
{
	const struct route route = { .prefix = fixture_prefix("10.9.0.0/16"), .ifindex = WG0,
				     .mtu = 1390 };
	struct snapshot_input input = {
		.links = links, .link_count = COUNT(links), .routes = &route, .route_count = 1,
		.tunnels = fixture_set_of(peers, COUNT(peers), in_set, COUNT(in_set)),
	};
	struct address source = fixture_prefix("10.1.0.1").address;
	struct address destination = fixture_prefix("10.9.1.1").address;
	struct flow flow = { .family = FAMILY_IPV4, .out_ifindex = WG0, .source = source.bytes,
			     .destination = destination.bytes };
	struct snapshot *snapshot;
	struct side_limit side;

	(void)state;
	input.tunnels->link_limits[1].inner_mtu = 1410;
	assert_int_equal(snapshot_build(&input, &snapshot), 0);
	side = snapshot_lookup_side(snapshot, &flow, SIDE_OUT);
	assert_int_equal(side.link_mtu, 1420);
	assert_int_equal(side.tunnel_mtu, 1410);
	assert_int_equal(side.route_mtu, 1390);
	assert_int_equal(side.route.length, 16);
	assert_int_equal(side.peer, 1);
	assert_int_equal(side.peer_mtu, 1300);
	assert_int_equal(side.selector, 12);
	assert_int_equal(side.selector_mtu, 1200);
	assert_false(side.host);
	/* Without ids of its own the policy counts for its link. */
	assert_int_equal(snapshot_lookup(snapshot, &flow).tunnel_id, WG0_ID);
	side = snapshot_lookup_side(snapshot, &flow, SIDE_IN);
	assert_true(side.host);
	assert_int_equal(side.decided, DECIDED_NONE);
	assert_int_equal(side.peer, PEER_NONE);
	assert_int_equal(side.selector, SELECTOR_NONE);

	flow.out_ifindex = ETH0;
	destination = fixture_prefix("10.2.5.1").address;
	side = snapshot_lookup_side(snapshot, &flow, SIDE_OUT);
	assert_int_equal(side.selector, 9);
	assert_int_equal(side.selector_mtu, 0);
	flow.out_ifindex = UNKNOWN;
	side = snapshot_lookup_side(snapshot, &flow, SIDE_OUT);
	assert_int_equal(side.decided, DECIDED_NONE);
	assert_int_equal(side.mss, MSS_NONE);
	snapshot_free(snapshot);
}

/* What has come in by a port has come in by the VRF: the port's peers and routes hold for it. */
static void test_a_vrf_is_its_ports(void **state)
{
	static const struct {
		const char *source;
		uint32_t mss;
	} rows_of_vrf[] = {
		{ "10.9.9.9", 1340 }, { "10.9.1.9", 1210 }, { "10.9.3.9", 1270 },
		{ "10.8.0.6", 65535 }, { "172.16.0.1", 65535 },
	};
	enum { VRF0 = 20 };
	const uint32_t ifindexes[] = { WG0, TUN0, VRF0 };
	struct snapshot_link with_vrf[] = {
		links[1], links[2],
		{ .link = { .ifindex = VRF0, .name = "vrf0", .kind = "vrf", .mtu = 65575 } },
	};
	const struct route route = { .prefix = fixture_prefix("10.9.1.0/24"), .ifindex = WG0,
				     .mtu = 1250 };
	struct snapshot_input input = {
		.links = with_vrf, .link_count = COUNT(with_vrf), .routes = &route,
		.route_count = 1,
		.tunnels = fixture_set_of(peers, COUNT(peers), ifindexes, COUNT(ifindexes)),
	};
	struct address destination = fixture_prefix("192.0.2.1").address;
	struct snapshot *snapshot;

	(void)state;
	input.tunnels->links[0].master_ifindex = VRF0; /* wg0, and tun0 is no port */
	snprintf(input.tunnels->links[2].kind, LINK_KIND_MAX, "vrf");
	assert_int_equal(snapshot_build(&input, &snapshot), 0);
	for (size_t i = 0; i < COUNT(rows_of_vrf); i++) {
		struct address source = fixture_prefix(rows_of_vrf[i].source).address;
		const struct flow flow = { .family = FAMILY_IPV4, .in_ifindex = VRF0,
					   .source = source.bytes,
					   .destination = destination.bytes };

		assert_int_equal(snapshot_lookup(snapshot, &flow).mss, rows_of_vrf[i].mss);
	}
	snapshot_free(snapshot);
}

static void test_an_empty_set_changes_nothing(void **state)
{
	struct snapshot_input input = {
		.links = links, .link_count = COUNT(links),
		.tunnels = fixture_set_of(NULL, 0, NULL, 0),
	};
	struct address address = fixture_prefix("10.9.1.1").address;
	const struct flow flow = { .family = FAMILY_IPV4, .out_ifindex = WG0,
				   .source = address.bytes, .destination = address.bytes };
	struct snapshot *snapshot;

	(void)state;
	assert_int_equal(snapshot_build(&input, &snapshot), 0);
	assert_int_equal(snapshot_lookup(snapshot, &flow).mss, 1380);
	assert_int_equal(snapshot_lookup(snapshot, &flow).peer, PEER_NONE);
	snapshot_free(snapshot);
	input.tunnels = NULL;
	assert_int_equal(snapshot_build(&input, &snapshot), 0);
	assert_null(snapshot_tunnels(snapshot));
	snapshot_free(snapshot);
}

static uint32_t seed = 1;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* Few bits vary, so that prefixes nest and meet. */
static struct address random_address(enum family family)
{
	struct address address = { .family = family };

	address.bytes[0] = family == FAMILY_IPV4 ? 10 : 0x20;
	address.bytes[1] = (uint8_t)random_below(3);
	address.bytes[2] = (uint8_t)(random_below(4) << 6);
	address.bytes[address_bytes(family) - 1] = (uint8_t)random_below(4);
	return address;
}

static struct prefix random_prefix(enum family family)
{
	static const uint8_t lengths[] = { 0, 8, 14, 15, 16, 17, 18, 24, 30, 31, 32, 64, 127, 128 };
	struct address address = random_address(family);
	uint8_t length;

	do
		length = lengths[random_below(COUNT(lengths))];
	while (length > address_bits(family));
	return prefix_make(&address, length);
}

static enum family random_family(void)
{
	return random_below(2) ? FAMILY_IPV6 : FAMILY_IPV4;
}

/* Names that peers and rules share: of ids, of people, of nobody, and none. */
static char *random_name(void)
{
	static char names[8][4];
	uint32_t i = random_below(10);

	if (i >= 8)
		return NULL;
	snprintf(names[i], sizeof(names[i]), "n%u", i);
	return names[i];
}

static const uint32_t ifindexes[] = { 0, ETH0, WG0, TUN0, STRAY, UNKNOWN };

static struct tunnel_set *random_set(size_t count)
{
	static const uint8_t protocols[] = { 0, 0, IPPROTO_TCP, IPPROTO_UDP };
	struct peer_list *list = peer_list_new();
	struct tunnel_set *set;

	assert_non_null(list);
	for (size_t i = 0; i < count; i++) {
		struct peer peer = {
			.id = fixture_text(random_name()),
			.name = fixture_text(random_name()),
			.selector = random_below(3) == 0,
			.clear = random_below(5) == 0,
			.priority = random_below(3),
			.mark_mask = random_below(4) == 0,
			.mark_value = random_below(2),
			.protocol = protocols[random_below(COUNT(protocols))],
		};
		enum family family = random_family();

		peer.ifindex = peer.selector ? 0 : ifindexes[1 + random_below(5)];
		peer.local = random_prefix(family);
		for (uint32_t a = random_below(3) + peer.selector; a > 0; a--) {
			struct prefix prefix = random_prefix(peer.selector ? family :
									     random_family());

			assert_int_equal(peer_allow(&peer, &prefix), 0);
		}
		assert_int_equal(peer_list_append(list, &peer), 0);
	}
	set = fixture_set(list, in_set, COUNT(in_set));
	for (size_t i = 0; i < count; i++)
		set->limits[i] = fixture_limit(random_below(4) ? 1300 + random_below(8) * 10 : 0,
					       random_below(5) ? 0 : random_below(2) ? 4 : 6);
	for (size_t i = 0; i < set->link_count; i++)
		set->link_limits[i] = fixture_limit(random_below(2) ? 1340 + random_below(8) * 10 : 0,
						    random_below(5) ? 0 : random_below(2) ? 4 : 6);
	return set;
}

static void random_rules(struct rule *list, size_t count)
{
	static const char *const names[] = { NULL, NULL, NULL, "wg0", "eth0", "*0", "tun*", "eth1" };

	for (size_t i = 0; i < count; i++)
		list[i] = (struct rule){
			.interface = (char *)(uintptr_t)names[random_below(COUNT(names))],
			.peer = random_below(2) ? random_name() : NULL,
			.has_prefix = random_below(2),
			.prefix = random_prefix(random_family()),
			.has_mark = random_below(5) == 0,
			.mark_value = random_below(2),
			.mark_mask = 1,
			.has_family = random_below(4) == 0,
			.family = random_family(),
			.action = (enum rule_action)random_below(3),
			.value = 600 + (uint32_t)i,
			.text = (char *)"rule",
		};
}

/* One side by the header's sentences, told slowly. */
struct naive {
	uint32_t mss, tunnel_id, peer;
	uint32_t link_peer, selector;
	size_t rule;
	enum side_decided decided;
};

static uint32_t naive_mtu(const struct tunnel_set *set, uint32_t place, enum family family)
{
	return set->limits[place].carries[family] ? set->limits[place].inner_mtu : 0;
}

static uint32_t naive_peer(const struct tunnel_set *set, uint32_t ifindex, enum family family,
			   const uint8_t *address)
{
	uint32_t found = PEER_NONE, found_mtu = 0;
	int longest = -1;

	for (uint32_t i = 0; i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];
		uint32_t mtu = naive_mtu(set, i, family);

		if (peer->selector || peer->ifindex != ifindex)
			continue;
		for (size_t a = 0; a < peer->allowed_count; a++) {
			const struct prefix *prefix = &peer->allowed[a];

			if (prefix->address.family != family || !prefix_contains(prefix, address))
				continue;
			if (prefix->length > longest ||
			    (prefix->length == longest && mtu && (!found_mtu || mtu < found_mtu))) {
				longest = prefix->length;
				found = i;
				found_mtu = mtu;
			}
		}
	}
	return found;
}

static uint32_t naive_selector(const struct tunnel_set *set, enum family family,
			       const uint8_t *remote, const uint8_t *local, uint32_t mark)
{
	uint32_t found = SELECTOR_NONE;

	for (uint32_t i = 0; i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];

		if (!peer->selector || peer->local.address.family != family ||
		    !prefix_contains(&peer->allowed[0], remote) ||
		    !prefix_contains(&peer->local, local) ||
		    (peer->mark_mask && (mark & peer->mark_mask) != peer->mark_value) ||
		    peer->protocol == IPPROTO_UDP)
			continue;
		if (found == SELECTOR_NONE || peer->priority < set->peers[found]->priority)
			found = i;
	}
	return found;
}

static uint32_t naive_route(const struct snapshot_input *input, uint32_t ifindex,
			    enum family family, const uint8_t *address)
{
	uint32_t mtu = 0;
	int longest = -1;

	for (size_t i = 0; i < input->route_count; i++) {
		const struct route *route = &input->routes[i];

		if (route->ifindex != ifindex || route->prefix.address.family != family ||
		    !prefix_contains(&route->prefix, address) || route->prefix.length < longest)
			continue;
		if (route->prefix.length > longest)
			mtu = 0;
		longest = route->prefix.length;
		if (route->mtu && (!mtu || route->mtu < mtu))
			mtu = route->mtu;
	}
	return mtu;
}

static void naive_take(struct naive *side, enum family family, uint32_t mtu,
		       enum side_decided who)
{
	uint32_t mss = mss_from_mtu(family, mtu);
	bool tie = mss == side->mss && who == DECIDED_SELECTOR;

	if (mss == MSS_NONE || (side->mss != MSS_NONE && mss > side->mss) ||
	    (mss == side->mss && !tie))
		return;
	side->mss = mss;
	side->decided = who;
}

static struct rule_peer naive_names(const struct tunnel_set *set, uint32_t place)
{
	if (place == PEER_NONE)
		return (struct rule_peer){ 0 };
	return (struct rule_peer){ set->peers[place]->id, set->peers[place]->name };
}

static struct naive naive_side(const struct snapshot_input *input, const struct flow *flow,
			       enum flow_side which)
{
	const struct tunnel_set *set = input->tunnels;
	uint32_t ifindex = which == SIDE_IN ? flow->in_ifindex : flow->out_ifindex;
	const uint8_t *address = which == SIDE_IN ? flow->source : flow->destination;
	const uint8_t *other = which == SIDE_IN ? flow->destination : flow->source;
	struct naive side = { .peer = PEER_NONE, .link_peer = PEER_NONE, .selector = SELECTOR_NONE,
			      .rule = SIZE_MAX };
	const struct snapshot_link *link = NULL;
	enum family family = flow->family;
	bool by_policy = false;
	struct rule_side asked;
	size_t at;

	if (ifindex == 0)
		return side;
	for (size_t i = 0; i < input->link_count; i++) {
		if (input->links[i].link.ifindex == ifindex)
			link = &input->links[i];
	}
	side.selector = naive_selector(set, family, address, other, flow->mark);
	if (link && tunnel_set_find_link(set, ifindex, &at))
		side.link_peer = naive_peer(set, ifindex, family, address);
	asked = (struct rule_side){
		.interface = link ? link->link.name : NULL, .family = family, .address = address,
		.mark = flow->mark,
		.peers = { naive_names(set, side.link_peer), naive_names(set, side.selector) },
	};
	for (size_t i = 0; i < input->rules->count && side.rule == SIZE_MAX; i++) {
		if (rule_matches(&input->rules->list[i], &asked))
			side.rule = i;
	}
	if (side.rule != SIZE_MAX) {
		const struct rule *rule = &input->rules->list[side.rule];

		side.mss = rule_mss(rule, family);
		side.decided = DECIDED_RULE;
		by_policy = rule_names_peer(rule, &asked.peers[1]) &&
			    !rule_names_peer(rule, &asked.peers[0]);
	} else {
		naive_take(&side, family, link ? link_mtu(&link->link, family) : 0, DECIDED_LINK);
		if (link)
			naive_take(&side, family, naive_route(input, ifindex, family, address),
				   DECIDED_ROUTE);
		if (link && tunnel_set_find_link(set, ifindex, &at) &&
		    set->link_limits[at].carries[family])
			naive_take(&side, family, set->link_limits[at].inner_mtu, DECIDED_TUNNEL);
		if (side.link_peer != PEER_NONE)
			naive_take(&side, family, naive_mtu(set, side.link_peer, family),
				   DECIDED_PEER);
		if (side.selector != SELECTOR_NONE && !set->peers[side.selector]->clear)
			naive_take(&side, family, naive_mtu(set, side.selector, family),
				   DECIDED_SELECTOR);
		by_policy = side.decided == DECIDED_SELECTOR;
	}
	side.tunnel_id = link ? link->tunnel_id : TUNNEL_ID_NONE;
	side.peer = side.link_peer;
	if (by_policy)
		side.tunnel_id = input->peer_tunnel_ids[side.selector];
	if (by_policy || (side.peer == PEER_NONE && side.selector != SELECTOR_NONE &&
			  !set->peers[side.selector]->clear))
		side.peer = side.selector;
	return side;
}

static size_t decided_by[DECIDED_SELECTOR + 1];

static void compare_side(const struct snapshot_input *input, const struct snapshot *snapshot,
			 const struct flow *flow, enum flow_side which)
{
	struct naive want = naive_side(input, flow, which);
	struct side_limit side = snapshot_lookup_side(snapshot, flow, which);

	assert_int_equal(side.mss, want.mss);
	assert_int_equal(side.decided, want.decided);
	assert_int_equal(side.rule ? side.rule_index : SIZE_MAX, want.rule);
	assert_int_equal(side.peer, want.link_peer);
	assert_int_equal(side.selector, want.selector);
	decided_by[side.decided]++;
}

static void compare(const struct snapshot_input *input, const struct snapshot *snapshot,
		    const struct flow *flow)
{
	struct naive in = naive_side(input, flow, SIDE_IN), out = naive_side(input, flow, SIDE_OUT);
	struct limit limit = snapshot_lookup(snapshot, flow);
	struct naive *want = &out;

	compare_side(input, snapshot, flow, SIDE_IN);
	compare_side(input, snapshot, flow, SIDE_OUT);
	if (in.mss && (!out.mss || in.mss < out.mss))
		want = &in;
	assert_int_equal(limit.mss, want->mss);
	assert_int_equal(limit.decided, want == &in ? SIDE_IN : SIDE_OUT);
	if (limit.mss == MSS_NONE) {
		assert_int_equal(limit.tunnel_id, TUNNEL_ID_NONE);
		assert_int_equal(limit.peer, PEER_NONE);
		return;
	}
	assert_int_equal(limit.tunnel_id, want->tunnel_id);
	assert_int_equal(limit.peer, want->peer);
}

static void test_against_naive(void **state)
{
	enum { ROUNDS = 400, FLOWS = 500, PEERS = 40, ROUTES = 20, RULES = 14 };
	uint32_t ids[PEERS];

	(void)state;
	for (uint32_t i = 0; i < PEERS; i++)
		ids[i] = PEER_ID + i;
	for (int round = 0; round < ROUNDS; round++) {
		struct rule list[RULES];
		struct rules rules = { .list = list, .count = random_below(RULES + 1) };
		struct route routes[ROUTES];
		struct snapshot_input input = {
			.links = links, .link_count = COUNT(links), .routes = routes,
			.route_count = random_below(ROUTES + 1), .rules = &rules,
			.tunnels = random_set(random_below(PEERS + 1)), .peer_tunnel_ids = ids,
		};
		struct snapshot *snapshot;

		random_rules(list, rules.count);
		for (size_t i = 0; i < input.route_count; i++)
			routes[i] = (struct route){
				.prefix = random_prefix(random_family()),
				.ifindex = ifindexes[1 + random_below(5)],
				.mtu = random_below(3) ? 1300 + random_below(16) * 10 : 0,
			};
		assert_int_equal(snapshot_build(&input, &snapshot), 0);
		for (int i = 0; i < FLOWS; i++) {
			enum family family = random_family();
			struct address source = random_address(family);
			struct address target = random_address(family);
			struct flow flow = {
				.family = family, .in_ifindex = ifindexes[random_below(6)],
				.out_ifindex = ifindexes[random_below(6)], .mark = random_below(3),
				.source = source.bytes, .destination = target.bytes,
			};

			compare(&input, snapshot, &flow);
		}
		snapshot_free(snapshot);
	}
	/* Everybody has decided often enough to have been tried. */
	for (enum side_decided who = DECIDED_NONE; who <= DECIDED_SELECTOR; who++) {
		if (decided_by[who] < ROUNDS * FLOWS / 200)
			fail_msg("%zu sides decided by %d", decided_by[who], (int)who);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_a_side_tells_all),
		cmocka_unit_test(test_a_vrf_is_its_ports),
		cmocka_unit_test(test_an_empty_set_changes_nothing),
		cmocka_unit_test(test_against_naive),
	};

	return cmocka_run_group_tests_name("snapshot_peers", tests, NULL, NULL);
}
