/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mss.h"
#include "policy/snapshot/snapshot.h"

enum { ETH0 = 2, WG0 = 7, TUN0 = 9, PPP0 = 1000, UNKNOWN = 55 };

static const struct snapshot_link links[] = {
	{ .link = { .ifindex = PPP0, .name = "ppp0", .mtu = 1492, .mtu6 = 1480 }, .tunnel_id = 3 },
	{ .link = { .ifindex = ETH0, .name = "eth0", .mtu = 1500 } },
	{ .link = { .ifindex = WG0, .name = "wg0", .mtu = 1420 }, .tunnel_id = 1 },
	{ .link = { .ifindex = TUN0, .name = "tun0", .mtu = 1400 }, .tunnel_id = 2 },
};
#define LINK_COUNT (sizeof(links) / sizeof(links[0]))

static struct prefix parse(const char *text)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix) < 0)
		fail_msg("%s is no prefix", text);
	return prefix;
}

static struct address parse_address(const char *text)
{
	return parse(text).address;
}

/* name, routes and rules of the host, flow, and what comes out of it */
struct row {
	const char *name;
	struct {
		const char *prefix;
		uint32_t ifindex, mtu;
	} routes[4];
	struct {
		const char *interface, *prefix;
		uint32_t mark, mask;
		int family; /* 4, 6 or 0 */
		enum rule_action action;
		uint32_t value;
	} rules[4];
	uint32_t iif, oif, mark;
	const char *source, *destination;
	uint32_t mss;
	enum flow_side decided;
	uint32_t tunnel_id;
};

static const struct row rows[] = {
	{ .name = "the smaller link MTU of the two sides, out",
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1380, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "the smaller link MTU of the two sides, in",
	  .iif = WG0, .oif = ETH0, .source = "10.9.0.1", .destination = "10.0.0.1",
	  .mss = 1380, .decided = SIDE_IN, .tunnel_id = 1 },
	{ .name = "a tie is the out side's",
	  .iif = WG0, .oif = WG0, .source = "10.9.0.1", .destination = "10.9.0.2",
	  .mss = 1380, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "IPv6 takes 60 off, and the link's IPv6 MTU",
	  .iif = ETH0, .oif = PPP0, .source = "2001:db8::1", .destination = "2001:db8:9::1",
	  .mss = 1420, .decided = SIDE_OUT, .tunnel_id = 3 },
	{ .name = "no in side: this host",
	  .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1380, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "no out side: this host",
	  .iif = WG0, .source = "10.9.0.1", .destination = "10.0.0.1",
	  .mss = 1380, .decided = SIDE_IN, .tunnel_id = 1 },
	{ .name = "an unknown link has no limit",
	  .iif = UNKNOWN, .oif = UNKNOWN, .source = "10.9.0.1", .destination = "10.0.0.1",
	  .mss = MSS_NONE, .decided = SIDE_OUT },
	{ .name = "route MTU of the destination",
	  .routes = { { "10.9.0.0/16", WG0, 1300 } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1260, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "route MTU of the source, by the in-interface: a SYN-ACK's",
	  .routes = { { "10.9.0.0/16", WG0, 1300 } },
	  .iif = WG0, .oif = ETH0, .source = "10.9.0.1", .destination = "10.0.0.1",
	  .mss = 1260, .decided = SIDE_IN, .tunnel_id = 1 },
	{ .name = "a route by another interface says nothing",
	  .routes = { { "10.9.0.0/16", TUN0, 1300 } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1380, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "the longest prefix counts, larger too",
	  .routes = { { "10.0.0.0/8", WG0, 1300 }, { "10.9.0.0/16", WG0, 1350 } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1310, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "a longer prefix without a metric hides a shorter one that has it",
	  .routes = { { "10.0.0.0/8", WG0, 1300 }, { "10.9.0.0/16", WG0, 0 } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1380, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "of equal prefixes the smallest MTU",
	  .routes = { { "10.9.0.0/16", WG0, 1350 }, { "10.9.0.0/16", WG0, 1310 },
		      { "10.9.0.0/16", WG0, 0 } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1270, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "a route MTU above the link MTU changes nothing",
	  .routes = { { "10.9.0.0/16", WG0, 1480 } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1380, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "a default route's metric",
	  .routes = { { "::/0", ETH0, 1400 } },
	  .iif = PPP0, .oif = ETH0, .source = "2001:db8::1", .destination = "2001:db8:9::1",
	  .mss = 1340, .decided = SIDE_OUT },
	{ .name = "a rule by interface",
	  .rules = { { .interface = "wg0", .action = RULE_MSS, .value = 1200 } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1200, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "a rule replaces what was discovered, larger too",
	  .rules = { { .interface = "wg*", .action = RULE_MTU, .value = 1480 } },
	  .routes = { { "10.9.0.0/16", WG0, 1300 } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1440, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "ignore leaves the other side's limit",
	  .rules = { { .interface = "wg0", .action = RULE_IGNORE } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1460, .decided = SIDE_IN },
	{ .name = "the first match wins, plain before prefix",
	  .rules = { { .interface = "wg0", .action = RULE_MSS, .value = 1300 },
		     { .prefix = "10.9.0.0/16", .action = RULE_MSS, .value = 1200 } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1300, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "the first match wins, a wide prefix before a narrow one",
	  .rules = { { .prefix = "10.0.0.0/8", .action = RULE_MSS, .value = 1300 },
		     { .prefix = "10.9.0.0/16", .action = RULE_MSS, .value = 1200 } },
	  .iif = ETH0, .oif = WG0, .source = "172.16.0.1", .destination = "10.9.0.1",
	  .mss = 1300, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "a prefix and an interface must match the same side",
	  .rules = { { .interface = "wg0", .prefix = "10.0.0.0/24", .action = RULE_MSS, .value = 1200 } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1380, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "a rule without interface and prefix matches both sides",
	  .rules = { { .action = RULE_MSS, .value = 1000 } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1000, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "not even that gives this host a limit",
	  .rules = { { .action = RULE_MSS, .value = 1000 } },
	  .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = MSS_NONE, .decided = SIDE_OUT },
	{ .name = "a rule by mark, matching",
	  .rules = { { .mark = 1, .mask = 0xff, .action = RULE_MSS, .value = 1111 } },
	  .iif = ETH0, .oif = WG0, .mark = 0x301, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1111, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "a rule by mark, not matching",
	  .rules = { { .mark = 1, .mask = 0xff, .action = RULE_MSS, .value = 1111 } },
	  .iif = ETH0, .oif = WG0, .mark = 0x302, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1380, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "a rule by mark behind one that matches",
	  .rules = { { .interface = "wg0", .action = RULE_MSS, .value = 1222 },
		     { .mark = 1, .mask = 0xff, .action = RULE_MSS, .value = 1111 } },
	  .iif = 0, .oif = WG0, .mark = 1, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1222, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "a rule for the other family",
	  .rules = { { .interface = "wg0", .family = 6, .action = RULE_MSS, .value = 1200 } },
	  .iif = ETH0, .oif = WG0, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1380, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "an MTU rule takes 60 off for IPv6",
	  .rules = { { .interface = "wg0", .action = RULE_MTU, .value = 1300 } },
	  .iif = ETH0, .oif = WG0, .source = "2001:db8::1", .destination = "2001:db8:9::1",
	  .mss = 1240, .decided = SIDE_OUT, .tunnel_id = 1 },
	{ .name = "a rule without interface holds on an unknown link",
	  .rules = { { .prefix = "10.9.0.0/16", .action = RULE_MSS, .value = 1200 } },
	  .iif = UNKNOWN, .oif = UNKNOWN, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = 1200, .decided = SIDE_OUT },
	{ .name = "a glob matches no link without a name",
	  .rules = { { .interface = "*", .prefix = "10.9.0.0/16", .action = RULE_MSS, .value = 1200 } },
	  .iif = UNKNOWN, .oif = UNKNOWN, .source = "10.0.0.1", .destination = "10.9.0.1",
	  .mss = MSS_NONE, .decided = SIDE_OUT },
};

static size_t make_rules(const struct row *row, struct rule list[4])
{
	size_t count = 0;

	memset(list, 0, 4 * sizeof(*list));
	for (size_t i = 0; i < 4; i++) {
		bool given = row->rules[i].value || row->rules[i].action == RULE_IGNORE;

		if (!given)
			continue;
		list[count] = (struct rule){
			.interface = (char *)row->rules[i].interface,
			.has_mark = row->rules[i].mask != 0,
			.mark_value = row->rules[i].mark,
			.mark_mask = row->rules[i].mask,
			.has_family = row->rules[i].family != 0,
			.family = row->rules[i].family == 6 ? FAMILY_IPV6 : FAMILY_IPV4,
			.has_prefix = row->rules[i].prefix != NULL,
			.action = row->rules[i].action,
			.value = row->rules[i].value,
			.text = (char *)"rule",
		};
		if (row->rules[i].prefix)
			list[count].prefix = parse(row->rules[i].prefix);
		count++;
	}
	return count;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct address source = parse_address(row->source);
		struct address destination = parse_address(row->destination);
		struct route routes[4];
		struct rule list[4];
		struct rules rules = { .list = list, .count = make_rules(row, list) };
		struct snapshot_input input = {
			.links = links, .link_count = LINK_COUNT, .routes = routes, .rules = &rules,
		};
		struct flow flow = {
			.family = source.family, .in_ifindex = row->iif, .out_ifindex = row->oif,
			.mark = row->mark, .source = source.bytes, .destination = destination.bytes,
		};
		struct snapshot *snapshot;
		struct limit limit;

		while (input.route_count < 4 && row->routes[input.route_count].prefix) {
			routes[input.route_count] = (struct route){
				.prefix = parse(row->routes[input.route_count].prefix),
				.ifindex = row->routes[input.route_count].ifindex,
				.mtu = row->routes[input.route_count].mtu,
			};
			input.route_count++;
		}
		assert_int_equal(snapshot_build(&input, &snapshot), 0);
		limit = snapshot_lookup(snapshot, &flow);
		if (limit.mss != row->mss || limit.decided != row->decided ||
		    limit.tunnel_id != row->tunnel_id)
			fail_msg("%s: MSS %u side %d tunnel %u, not %u %d %u", row->name, limit.mss,
				 (int)limit.decided, limit.tunnel_id, row->mss, (int)row->decided,
				 row->tunnel_id);
		snapshot_free(snapshot);
	}
}

/* Whether snapshot_limits lists the limit, or it is none. */
static bool is_listed(const struct snapshot *snapshot, uint32_t mss)
{
	bool found = mss == MSS_NONE;
	uint32_t *limits;
	size_t count;

	assert_int_equal(snapshot_limits(snapshot, &limits, &count), 0);
	for (size_t i = 0; i < count; i++) {
		assert_true(limits[i] > (i ? limits[i - 1] : 0));
		found |= limits[i] == mss;
	}
	free(limits);
	return found;
}

/* The interface's sentences, told slowly: one side by linear scans. */
static uint32_t naive_side(const struct snapshot_input *input, const struct flow *flow,
			   uint32_t ifindex, const uint8_t *address)
{
	const struct snapshot_link *link = NULL;
	uint32_t mtu = 0, route_mtu = 0;
	int longest = -1;

	if (ifindex == 0)
		return MSS_NONE;
	for (size_t i = 0; i < input->link_count; i++) {
		if (input->links[i].link.ifindex == ifindex)
			link = &input->links[i];
	}
	for (size_t i = 0; i < input->rules->count; i++) {
		const struct rule_side side = {
			.interface = link ? link->link.name : NULL, .family = flow->family,
			.address = address, .mark = flow->mark,
		};

		if (rule_matches(&input->rules->list[i], &side))
			return rule_mss(&input->rules->list[i], flow->family);
	}
	for (size_t i = 0; link && i < input->route_count; i++) {
		const struct route *route = &input->routes[i];

		if (route->ifindex != ifindex || route->prefix.address.family != flow->family ||
		    !prefix_contains(&route->prefix, address) || route->prefix.length < longest)
			continue;
		if (route->prefix.length > longest)
			route_mtu = 0;
		longest = route->prefix.length;
		if (route->mtu && (!route_mtu || route->mtu < route_mtu))
			route_mtu = route->mtu;
	}
	mtu = link ? link_mtu(&link->link, flow->family) : 0;
	if (route_mtu && (!mtu || route_mtu < mtu))
		mtu = route_mtu;
	return mss_from_mtu(flow->family, mtu);
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
	address.bytes[1] = (uint8_t)random_below(4);
	address.bytes[2] = (uint8_t)(random_below(4) << 6);
	address.bytes[address_bytes(family) - 1] = (uint8_t)random_below(8);
	return address;
}

static struct prefix random_prefix(enum family family)
{
	static const uint8_t lengths[] = { 0, 8, 14, 15, 16, 17, 18, 24, 30, 31, 32, 64, 127, 128 };
	struct address address = random_address(family);
	uint8_t length;

	do
		length = lengths[random_below(sizeof(lengths))];
	while (length > address_bits(family));
	return prefix_make(&address, length);
}

static void random_rules(struct rule *list, size_t count)
{
	static const char *const names[] = { NULL, NULL, "wg0", "eth0", "*0", "tun*" };

	for (size_t i = 0; i < count; i++) {
		enum family family = random_below(2) ? FAMILY_IPV6 : FAMILY_IPV4;

		list[i] = (struct rule){
			.interface = (char *)names[random_below(6)],
			.has_prefix = random_below(4) != 0,
			.prefix = random_prefix(family),
			.has_mark = random_below(4) == 0,
			.mark_value = random_below(2),
			.mark_mask = 1,
			.has_family = random_below(4) == 0,
			.family = family,
			.action = (enum rule_action)random_below(3),
			.value = 600 + random_below(1000),
			.text = (char *)"rule",
		};
	}
}

static void test_against_naive(void **state)
{
	static const uint32_t ifindexes[] = { 0, ETH0, WG0, TUN0, PPP0, UNKNOWN };

	(void)state;
	for (int round = 0; round < 60; round++) {
		struct rule list[12];
		struct rules rules = { .list = list, .count = random_below(13) };
		struct route routes[60];
		struct snapshot_input input = {
			.links = links, .link_count = LINK_COUNT, .routes = routes,
			.route_count = random_below(61), .rules = &rules,
		};
		struct snapshot *snapshot;

		random_rules(list, rules.count);
		for (size_t i = 0; i < input.route_count; i++)
			routes[i] = (struct route){
				.prefix = random_prefix(random_below(2) ? FAMILY_IPV6 : FAMILY_IPV4),
				.ifindex = ifindexes[1 + random_below(5)],
				.mtu = random_below(3) ? 1200 + random_below(300) : 0,
			};
		assert_int_equal(snapshot_build(&input, &snapshot), 0);
		for (int i = 0; i < 2000; i++) {
			enum family family = random_below(2) ? FAMILY_IPV6 : FAMILY_IPV4;
			struct address source = random_address(family), target = random_address(family);
			struct flow flow = {
				.family = family, .in_ifindex = ifindexes[random_below(6)],
				.out_ifindex = ifindexes[random_below(6)], .mark = random_below(3),
				.source = source.bytes, .destination = target.bytes,
			};
			uint32_t in = naive_side(&input, &flow, flow.in_ifindex, flow.source);
			uint32_t out = naive_side(&input, &flow, flow.out_ifindex, flow.destination);
			uint32_t smaller = !in || (out && out <= in) ? out : in;

			assert_int_equal(snapshot_lookup(snapshot, &flow).mss, smaller);
			assert_true(i % 16 || is_listed(snapshot, smaller));
			assert_int_equal(snapshot_lookup_side(snapshot, &flow, SIDE_IN).mss, in);
			assert_int_equal(snapshot_lookup_side(snapshot, &flow, SIDE_OUT).mss, out);
		}
		snapshot_free(snapshot);
	}
}

static void test_many_links(void **state)
{
	enum { COUNT = 3000 };
	struct snapshot_link *many = calloc(COUNT, sizeof(*many));
	struct snapshot_input input = { .links = many, .link_count = COUNT };
	struct snapshot *snapshot;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		many[i].link.ifindex = (i * 7919u) % 1000003u + 1;
		many[i].link.mtu = 1000 + i % 500;
		snprintf(many[i].link.name, sizeof(many[i].link.name), "ppp%u", i);
	}
	assert_int_equal(snapshot_build(&input, &snapshot), 0);
	for (uint32_t i = 0; i < COUNT; i++) {
		const struct snapshot_link *found =
			snapshot_find_link(snapshot, (i * 7919u) % 1000003u + 1);

		assert_non_null(found);
		assert_int_equal(found->link.mtu, 1000 + i % 500);
		assert_ptr_equal(snapshot_find_link_by_name(snapshot, found->link.name), found);
	}
	assert_null(snapshot_find_link(snapshot, 0));
	assert_null(snapshot_find_link_by_name(snapshot, "ppp3000"));
	snapshot_free(snapshot);
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_against_naive),
		cmocka_unit_test(test_many_links),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
