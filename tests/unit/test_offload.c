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
#include "offload_mss.h"
#include "policy/offload/offload.h"
#include "tunnel_set_fixture.h"

enum { ETH0 = 2, WG0 = 7, RULES_MAX = 24, ROUTES_MAX = 24, WORLDS = 400, QUESTIONS = 200 };

static struct snapshot_link links[] = {
	{ .link = { .ifindex = WG0, .name = "wg0", .mtu = 1420 } },
	{ .link = { .ifindex = ETH0, .name = "eth0", .mtu = 1500 } },
};

static struct snapshot *make_snapshot(struct rule *rules, size_t rule_count,
				      const struct route *routes, size_t route_count)
{
	struct rules list = { .list = rules, .count = rule_count };
	struct snapshot *snapshot;

	assert_int_equal(snapshot_build(&(const struct snapshot_input){
		.links = links, .link_count = sizeof(links) / sizeof(links[0]),
		.routes = routes, .route_count = route_count,
		.rules = &list, .mode = { .offload = true },
	}, &snapshot), 0);
	return snapshot;
}

static struct offload_plan *make_plan(const struct snapshot *snapshot)
{
	struct offload_plan *plan;

	assert_int_equal(offload_plan_build(snapshot, &plan), 0);
	return plan;
}

static const struct offload_link *find(const struct offload_plan *plan, uint32_t ifindex,
				       enum family family)
{
	const struct offload_link *link = offload_plan_find(plan, ifindex, family);

	assert_non_null(link);
	return link;
}

static void test_one_limit_an_interface(void **state)
{
	struct snapshot *snapshot = make_snapshot(NULL, 0, NULL, 0);
	struct offload_plan *plan = make_plan(snapshot);

	(void)state;
	assert_int_equal(plan->count, 4);
	assert_int_equal(find(plan, WG0, FAMILY_IPV4)->mss, 1380);
	assert_int_equal(find(plan, WG0, FAMILY_IPV6)->mss, 1360);
	assert_int_equal(find(plan, ETH0, FAMILY_IPV4)->mss, 1460);
	assert_int_equal(find(plan, WG0, FAMILY_IPV4)->ranges[OFFLOAD_HOSTS].count, 0);
	assert_int_equal(find(plan, WG0, FAMILY_IPV4)->ranges[OFFLOAD_NETS].count, 0);
	assert_null(offload_plan_find(plan, 99, FAMILY_IPV4));
	offload_plan_free(plan);
	snapshot_free(snapshot);
}

static void test_what_stays_with_the_queue(void **state)
{
	static struct rule marked = { .has_mark = true, .mark_value = 1, .mark_mask = 1,
				      .action = RULE_MSS, .value = 1000, .text = "marked",
				      .has_family = true, .family = FAMILY_IPV6 };
	static struct rule elsewhere = { .interface = "eth0", .has_mark = true, .mark_value = 1,
					 .mark_mask = 1, .action = RULE_IGNORE, .text = "other" };
	struct rule rules[] = { marked, elsewhere };
	struct snapshot *snapshot = make_snapshot(rules, 2, NULL, 0);
	struct offload_plan *plan = make_plan(snapshot);

	(void)state;
	assert_int_equal(find(plan, WG0, FAMILY_IPV4)->why, OFFLOAD_KNOWN);
	assert_int_equal(find(plan, WG0, FAMILY_IPV6)->why, OFFLOAD_MARK);
	assert_int_equal(find(plan, ETH0, FAMILY_IPV4)->why, OFFLOAD_MARK);
	offload_plan_free(plan);
	snapshot_free(snapshot);
}

static void check_range(const struct offload_range *range, const char *first, const char *last,
			uint16_t mss)
{
	char text[PREFIX_TEXT_MAX];

	assert_string_equal(address_format(&range->first, text), first);
	assert_string_equal(address_format(&range->last, text), last);
	assert_int_equal(range->mss, mss);
}

static void test_a_prefix_that_says_the_same_is_left_out(void **state)
{
	struct route routes[] = {
		{ fixture_prefix("10.0.0.0/8"), WG0, 1400 },
		{ fixture_prefix("10.1.0.0/16"), WG0, 1400 },
		{ fixture_prefix("10.1.2.0/24"), WG0, 1300 },
		{ fixture_prefix("10.1.2.3/32"), WG0, 1400 },
		{ fixture_prefix("0.0.0.0/0"), WG0, 0 },
	};
	struct snapshot *snapshot = make_snapshot(NULL, 0, routes, 5);
	struct offload_plan *plan = make_plan(snapshot);
	const struct offload_link *link = find(plan, WG0, FAMILY_IPV4);

	(void)state;
	assert_int_equal(link->mss, 1380);
	assert_int_equal(link->ranges[OFFLOAD_HOSTS].count, 1);
	assert_int_equal(link->ranges[OFFLOAD_HOSTS].list[0].mss, 1360);
	assert_int_equal(link->ranges[OFFLOAD_NETS].count, 3);
	check_range(&link->ranges[OFFLOAD_NETS].list[0], "10.0.0.0", "10.1.1.255", 1360);
	check_range(&link->ranges[OFFLOAD_NETS].list[1], "10.1.2.0", "10.1.2.255", 1260);
	check_range(&link->ranges[OFFLOAD_NETS].list[2], "10.1.3.0", "10.255.255.255", 1360);
	offload_plan_free(plan);
	snapshot_free(snapshot);
}

static struct offload_plan *plan_of_peers(const struct fixture_peer *peers, size_t count)
{
	static const uint32_t in_set[] = { ETH0, WG0 };
	struct offload_plan *plan;
	struct snapshot *snapshot;

	assert_int_equal(snapshot_build(&(const struct snapshot_input){
		.links = links, .link_count = sizeof(links) / sizeof(links[0]),
		.tunnels = fixture_set_of(peers, count, in_set, 2), .mode = { .offload = true },
	}, &snapshot), 0);
	plan = make_plan(snapshot);
	snapshot_free(snapshot);
	return plan;
}

static void test_peers_are_hosts_and_nets(void **state)
{
	static const struct fixture_peer peers[] = {
		{ "a", NULL, WG0, { "10.9.0.0/16", "fd09::1/128" }, .inner_mtu = 1380 },
		{ "b", NULL, WG0, { "10.9.1.7/32" }, .inner_mtu = 1300 },
	};
	struct offload_plan *plan = plan_of_peers(peers, 2);
	const struct offload_link *link = find(plan, WG0, FAMILY_IPV4);

	(void)state;
	assert_int_equal(link->ranges[OFFLOAD_HOSTS].count, 1);
	check_range(&link->ranges[OFFLOAD_HOSTS].list[0], "10.9.1.7", "10.9.1.7", 1260);
	check_range(&link->ranges[OFFLOAD_NETS].list[0], "10.9.0.0", "10.9.255.255", 1340);
	link = find(plan, WG0, FAMILY_IPV6);
	assert_int_equal(link->ranges[OFFLOAD_HOSTS].list[0].mss, 1320);
	assert_int_equal(find(plan, ETH0, FAMILY_IPV4)->ranges[OFFLOAD_NETS].count, 0);
	offload_plan_free(plan);
}

/* What policies cover goes to the queue, on every link; what lies inside or beside is one range. */
static void test_policies_stay_with_the_queue(void **state)
{
	static const struct fixture_peer peers[] = {
		{ "a", NULL, 0, { "10.2.0.0/16" }, "10.1.0.0/16", 10, .inner_mtu = 1438 },
		{ "inside", NULL, 0, { "10.2.9.0/24" }, "10.1.0.0/16", 10, .inner_mtu = 1400 },
		{ "beside", NULL, 0, { "10.3.0.0/16" }, "10.1.0.0/16", 10, .inner_mtu = 1400 },
		{ "again", NULL, 0, { "10.3.0.0/16" }, "10.7.0.0/16", 10, .inner_mtu = 1400 },
		{ "bypass", NULL, 0, { "10.6.0.0/16" }, "10.1.0.0/16", 5, .clear = true },
	};
	static const struct fixture_peer all[] = {
		{ "all", NULL, 0, { "0.0.0.0/0" }, "10.1.0.0/16", 10, .inner_mtu = 1438 },
	};
	struct offload_plan *plan = plan_of_peers(peers, 5);

	(void)state;
	assert_int_equal(plan->queued[FAMILY_IPV4].count, 1);
	check_range(&plan->queued[FAMILY_IPV4].list[0], "10.2.0.0", "10.3.255.255", 0);
	assert_int_equal(plan->queued[FAMILY_IPV6].count, 0);
	assert_int_equal(find(plan, ETH0, FAMILY_IPV4)->why, OFFLOAD_KNOWN);
	offload_plan_free(plan);
	plan = plan_of_peers(all, 1);
	assert_int_equal(find(plan, ETH0, FAMILY_IPV4)->why, OFFLOAD_IPSEC);
	assert_int_equal(find(plan, ETH0, FAMILY_IPV6)->why, OFFLOAD_KNOWN);
	offload_plan_free(plan);
}

static uint32_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)seed * n >> 32);
}

/* Few addresses and many lengths, so that prefixes lie inside each other. */
static struct prefix random_prefix(enum family family)
{
	static const uint8_t lengths[FAMILY_COUNT][8] = {
		[FAMILY_IPV4] = { 0, 8, 9, 15, 24, 30, 31, 32 },
		[FAMILY_IPV6] = { 0, 8, 64, 65, 96, 126, 127, 128 },
	};
	struct address address = { .family = family, .bytes = { 10 } };

	address.bytes[1] = (uint8_t)(below(2) << 7);
	address.bytes[address_bytes(family) - 2] = (uint8_t)below(2);
	address.bytes[address_bytes(family) - 1] = (uint8_t)below(4);
	return prefix_make(&address, lengths[family][below(8)]);
}

struct world {
	struct rule rules[RULES_MAX];
	struct route routes[ROUTES_MAX];
	size_t rule_count, route_count;
};

static void make_world(struct world *world)
{
	static char *const interfaces[] = { NULL, "wg0", "eth0", "w*" };

	*world = (struct world){ .rule_count = below(RULES_MAX), .route_count = below(ROUTES_MAX) };
	for (size_t i = 0; i < world->rule_count; i++) {
		enum family family = below(2) ? FAMILY_IPV6 : FAMILY_IPV4;

		world->rules[i] = (struct rule){
			.interface = interfaces[below(4)], .has_prefix = below(8) != 0,
			.prefix = random_prefix(family), .text = "rule",
			.action = below(5) ? RULE_MTU : RULE_IGNORE, .value = 1200 + below(4) * 50,
		};
	}
	for (size_t i = 0; i < world->route_count; i++)
		world->routes[i] = (struct route){ random_prefix(below(2) ? FAMILY_IPV6 :
									    FAMILY_IPV4),
						   below(2) ? WG0 : ETH0,
						   below(3) ? 1250 + below(4) * 50 : 0 };
}

static void compare_one(const struct snapshot *snapshot, const struct offload_plan *plan)
{
	enum family family = below(2) ? FAMILY_IPV6 : FAMILY_IPV4;
	struct prefix asked = random_prefix(family);
	uint32_t ifindex = below(2) ? WG0 : ETH0;
	const struct flow flow = { .family = family, .in_ifindex = ifindex,
				   .source = asked.address.bytes,
				   .destination = asked.address.bytes };
	uint32_t truth = snapshot_lookup_side(snapshot, &flow, SIDE_IN).mss;
	const struct offload_link *link = find(plan, ifindex, family);
	uint16_t told = offload_link_mss(link, asked.address.bytes);
	char text[PREFIX_TEXT_MAX];

	assert_int_equal(link->why, OFFLOAD_KNOWN);
	if (told != (truth == MSS_NONE ? OFFLOAD_UNLIMITED : truth))
		fail_msg("%s on link %u: %u in the snapshot, %u in the plan",
			 address_format(&asked.address, text), ifindex, truth, told);
}

static void test_the_plan_says_what_the_snapshot_says(void **state)
{
	struct world world;

	(void)state;
	for (seed = 1; seed <= WORLDS; seed++) {
		uint32_t kept = seed;
		struct snapshot *snapshot;
		struct offload_plan *plan;

		seed *= 7919;
		make_world(&world);
		snapshot = make_snapshot(world.rules, world.rule_count, world.routes,
					 world.route_count);
		plan = make_plan(snapshot);
		for (int i = 0; i < QUESTIONS; i++)
			compare_one(snapshot, plan);
		offload_plan_free(plan);
		snapshot_free(snapshot);
		seed = kept;
	}
}

/* Ranges as the kernel has them: changes are carried out, then compared. */
struct kernel {
	struct offload_range ranges[4 * (ROUTES_MAX + RULES_MAX)];
	size_t count;
};

static size_t kernel_find(const struct kernel *kernel, const struct offload_range *range)
{
	size_t at = 0;

	while (at < kernel->count && memcmp(&kernel->ranges[at], range, sizeof(*range)) != 0)
		at++;
	return at;
}

static void kernel_add(void *userdata, const struct offload_range *range)
{
	struct kernel *kernel = userdata;

	assert_int_equal(kernel_find(kernel, range), kernel->count);
	kernel->ranges[kernel->count++] = *range;
}

static void kernel_delete(void *userdata, const struct offload_range *range)
{
	struct kernel *kernel = userdata;
	size_t at = kernel_find(kernel, range);

	assert_true(at < kernel->count);
	kernel->ranges[at] = kernel->ranges[--kernel->count];
}

static void lead(struct kernel *kernel, const struct offload_ranges *from,
		 const struct offload_ranges *to)
{
	offload_ranges_missing(from, to, kernel_delete, kernel);
	offload_ranges_missing(to, from, kernel_add, kernel);
}

static void test_changes_lead_from_one_plan_to_the_other(void **state)
{
	struct world worlds[2];

	(void)state;
	for (uint32_t i = 1; i <= WORLDS; i++) {
		struct snapshot *snapshots[2];
		struct offload_plan *plans[2];

		seed = i * 104729;
		for (int w = 0; w < 2; w++) {
			make_world(&worlds[w]);
			snapshots[w] = make_snapshot(worlds[w].rules, worlds[w].rule_count,
						     worlds[w].routes, worlds[w].route_count);
			plans[w] = make_plan(snapshots[w]);
		}
		for (enum offload_kind kind = OFFLOAD_HOSTS; kind < OFFLOAD_KINDS; kind++) {
			const struct offload_ranges *from =
				&find(plans[0], WG0, FAMILY_IPV4)->ranges[kind];
			const struct offload_ranges *to =
				&find(plans[1], WG0, FAMILY_IPV4)->ranges[kind];
			struct kernel kernel = { 0 };

			lead(&kernel, NULL, from);
			lead(&kernel, from, to);
			assert_int_equal(kernel.count, to->count);
			lead(&kernel, to, NULL);
			assert_int_equal(kernel.count, 0);
		}
		for (int w = 0; w < 2; w++) {
			offload_plan_free(plans[w]);
			snapshot_free(snapshots[w]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_limit_an_interface),
		cmocka_unit_test(test_what_stays_with_the_queue),
		cmocka_unit_test(test_a_prefix_that_says_the_same_is_left_out),
		cmocka_unit_test(test_peers_are_hosts_and_nets),
		cmocka_unit_test(test_policies_stay_with_the_queue),
		cmocka_unit_test(test_the_plan_says_what_the_snapshot_says),
		cmocka_unit_test(test_changes_lead_from_one_plan_to_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
