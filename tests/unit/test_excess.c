/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "policy/snapshot/excess.h"
#include "snapshot_world.h"

/* eth0 has 1500 bytes, wg0 1420 and a peer behind a path of 1400, which leaves 1328. */
static char wg0[] = "wg0", carol[] = "carol";

static void wireguard(struct world *w, const char *allowed)
{
	w->links[0].mtu = 1400;
	add_link(w, 7, "wg0", "wireguard", 1420);
	add_peer(w, 7, "192.0.2.7", allowed, ENCAP_WIREGUARD);
}

static struct rule *for_prefix(struct around *a, const char *prefix, uint32_t mtu)
{
	struct rule *rule = add_rule(a, RULE_MTU, mtu);

	rule->has_prefix = true;
	assert_int_equal(prefix_parse(prefix, &rule->prefix), 0);
	return rule;
}

static void client(struct world *w) { wireguard(w, "10.8.0.7/32"); }
static void everything(struct world *w) { wireguard(w, "0.0.0.0/0"); }
static void bare(struct world *w) { add_link(w, 7, "wg0", "", 1300); }
static void policy(struct world *w)
{
	add_policy(w, "10.1.0.0/24", "10.2.0.0/16", "203.0.113.9", false);
}
static void behind_lo(struct world *w) { add_link(w, 7, "lo", "", 1300)->loopback = true; }

static void by_interface(struct around *a) { add_rule(a, RULE_MTU, 1500)->interface = wg0; }
static void at_the_path(struct around *a) { add_rule(a, RULE_MTU, 1328)->interface = wg0; }
static void by_peer(struct around *a) { add_rule(a, RULE_MTU, 1500)->peer = carol; }
static void around_peer(struct around *a) { for_prefix(a, "10.0.0.0/8", 1500); }
static void of_peer_s_host(struct around *a)
{
	for_prefix(a, "10.9.0.0/16", 1500);
	add_metric(a, "10.9.0.0/24", 7, 0);
}
static void inside_a_route(struct around *a)
{
	for_prefix(a, "10.9.3.0/24", 1500);
	add_metric(a, "10.0.0.0/8", 2, 0);
	add_metric(a, "10.9.0.0/16", 7, 0);
}
static void around_one_elsewhere(struct around *a)
{
	for_prefix(a, "10.0.0.0/8", 1400);
	add_metric(a, "10.0.0.0/24", 2, 0);
	add_metric(a, "0.0.0.0/0", 7, 0);
}
static void by_two_ways(struct around *a)
{
	for_prefix(a, "10.9.3.0/24", 1400);
	add_metric(a, "10.9.0.0/16", 2, 0);
	add_metric(a, "10.9.0.0/16", 7, 0);
}
static void inside_a_route_elsewhere(struct around *a)
{
	for_prefix(a, "192.168.1.0/24", 1400);
	add_metric(a, "0.0.0.0/0", 7, 0);
	add_metric(a, "192.168.0.0/16", 2, 0);
}
static void around_a_route(struct around *a)
{
	for_prefix(a, "10.0.0.0/8", 1400);
	add_metric(a, "10.9.0.0/24", 7, 0);
}
static void with_a_metric(struct around *a)
{
	for_prefix(a, "10.9.0.0/24", 1400);
	add_metric(a, "10.9.0.0/24", 2, 1380);
}
static void on_its_interface(struct around *a)
{
	for_prefix(a, "10.9.0.0/24", 1400)->interface = wg0;
}
static void inside_a_policy(struct around *a) { for_prefix(a, "10.2.7.0/24", 1500); }
static void by_mark(struct around *a)
{
	struct rule *rule = add_rule(a, RULE_MTU, 1400);

	rule->has_mark = true;
	rule->mark_value = 7;
	rule->mark_mask = 0xff;
}
static void by_mark_and_prefix(struct around *a)
{
	by_mark(a);
	a->rules[0].has_prefix = true;
	assert_int_equal(prefix_parse("10.9.0.0/24", &a->rules[0].prefix), 0);
	add_metric(a, "10.9.0.0/16", 7, 0);
}
static void of_one_family(struct around *a)
{
	add_rule(a, RULE_MTU, 1310)->has_family = true;
	a->rules[0].family = FAMILY_IPV6;
	a->rules[0].interface = wg0;
}
static void hidden(struct around *a)
{
	add_rule(a, RULE_MTU, 1200)->interface = wg0;
	for_prefix(a, "10.9.0.0/24", 1500);
	add_metric(a, "10.9.0.0/24", 7, 0);
}
static void ignoring(struct around *a) { add_rule(a, RULE_IGNORE, 0)->interface = wg0; }

static const struct {
	const char *name;
	void (*make)(struct world *world);
	void (*rules)(struct around *around);
	const char *link; /* where it is too much; NULL: nowhere */
	uint32_t mtu;     /* what fits there */
	enum side_decided by;
	bool four, six;   /* by families */
} cases[] = {
	{ "interface and path", client, by_interface,
	  "wg0", 1328, DECIDED_PEER, true, true },
	{ "as much as fits", client, at_the_path,
	  NULL, 0, DECIDED_NONE, false, false },
	{ "interface", bare, by_interface,
	  "wg0", 1300, DECIDED_LINK, true, true },
	{ "one family", bare, of_one_family,
	  "wg0", 1300, DECIDED_LINK, false, true },
	{ "peer", client, by_peer,
	  "wg0", 1328, DECIDED_PEER, true, false },
	{ "prefix around a peer", client, around_peer,
	  "wg0", 1328, DECIDED_PEER, true, false },
	{ "prefix inside of a peer", everything, of_peer_s_host,
	  "wg0", 1328, DECIDED_PEER, true, false },
	{ "prefix inside of a route", bare, inside_a_route,
	  "wg0", 1300, DECIDED_LINK, true, false },
	{ "around one elsewhere, inside of a wider", bare, around_one_elsewhere,
	  "wg0", 1300, DECIDED_LINK, true, false },
	{ "two ways", bare, by_two_ways,
	  "wg0", 1300, DECIDED_LINK, true, false },
	{ "inside of one elsewhere", bare, inside_a_route_elsewhere,
	  NULL, 0, DECIDED_NONE, false, false },
	{ "prefix around a route", bare, around_a_route,
	  "wg0", 1300, DECIDED_LINK, true, false },
	{ "route metric", bare, with_a_metric,
	  "eth0", 1380, DECIDED_ROUTE, true, false },
	{ "prefix and interface", bare, on_its_interface,
	  "wg0", 1300, DECIDED_LINK, true, false },
	{ "prefix inside of a policy", policy, inside_a_policy,
	  "eth0", 1446, DECIDED_SELECTOR, true, false },
	{ "mark", bare, by_mark,
	  "wg0", 1300, DECIDED_LINK, true, true },
	{ "mark and prefix", bare, by_mark_and_prefix,
	  "wg0", 1300, DECIDED_LINK, true, false },
	{ "behind another rule", bare, hidden,
	  NULL, 0, DECIDED_NONE, false, false },
	{ "no limit at all", bare, ignoring,
	  NULL, 0, DECIDED_NONE, false, false },
	{ "loopback", behind_lo, around_a_route,
	  NULL, 0, DECIDED_NONE, false, false },
};

struct found {
	size_t count;
	bool of[FAMILY_COUNT];
	struct excess least;
};

static void take(void *userdata, const struct excess *excess)
{
	struct found *found = userdata;

	if (!found->count || excess->mtu < found->least.mtu)
		found->least = *excess;
	found->of[excess->family] = true;
	found->count++;
}

static void test_where_a_rule_allows_too_much(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct around around = { 0 };
		struct found found = { 0 };
		struct snapshot *snapshot;
		struct world world;

		open_world(&world);
		cases[i].make(&world);
		if (world.peers->count)
			world.peers->list[0].name = strdup("carol");
		cases[i].rules(&around);
		snapshot = snapshot_of(&world, &around);
		assert_int_equal(excess_find(snapshot, around.routes, around.route_count, take,
					     &found), 0);
		if (!found.count != !cases[i].link)
			fail_msg("%s: %zu places", cases[i].name, found.count);
		if (cases[i].link && (strcmp(found.least.link->name, cases[i].link) != 0 ||
				      found.least.mtu != cases[i].mtu ||
				      found.least.by != cases[i].by ||
				      (found.least.peer == PEER_NONE) !=
					      (cases[i].by < DECIDED_PEER) ||
				      found.of[FAMILY_IPV4] != cases[i].four ||
				      found.of[FAMILY_IPV6] != cases[i].six))
			fail_msg("%s: %s %u by %d, IPv4 %d IPv6 %d", cases[i].name,
				 found.least.link->name, found.least.mtu, (int)found.least.by,
				 found.of[FAMILY_IPV4], found.of[FAMILY_IPV6]);
		snapshot_free(snapshot);
		peer_list_unref(world.peers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_a_rule_allows_too_much),
	};

	return cmocka_run_group_tests_name("excess", tests, NULL, NULL);
}
