/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "daemon/replies/peer_mss.h"
#include "snapshot_world.h"

static struct peer *wireguard(struct world *w, const char *allowed)
{
	add_link(w, 7, "wg0", "wireguard", 1420);
	return add_peer(w, 7, "192.0.2.7", allowed, ENCAP_WIREGUARD);
}

static void allow(struct peer *peer, const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	assert_int_equal(peer_allow(peer, &prefix), 0);
}

static char wg0[] = "wg0", carol[] = "carol";

static void host(struct world *w, struct around *a) { (void)a; wireguard(w, "10.8.0.7/32"); }
static void host6(struct world *w, struct around *a) { (void)a; wireguard(w, "fd00::7/128"); }
static void no_address(struct world *w, struct around *a) { (void)a; wireguard(w, NULL); }
static void path_1400(struct world *w, struct around *a) { host(w, a); w->links[0].mtu = 1400; }
static void link_ipv6(struct world *w, struct around *a) { host(w, a); w->links[1].mtu6 = 1300; }
static void link_smaller(struct world *w, struct around *a)
{
	no_address(w, a);
	w->links[1].mtu = 1300;
}
static void unknown_path(struct world *w, struct around *a) { host(w, a); w->route_count = 0; }
static void metric(struct world *w, struct around *a)
{
	host(w, a);
	add_metric(a, "10.8.0.0/24", 7, 1380);
}
static void rule_of_link(struct world *w, struct around *a)
{
	host(w, a);
	add_rule(a, RULE_MSS, 1200)->interface = wg0;
}
static void try_of_link(struct world *w, struct around *a)
{
	host(w, a);
	add_rule(a, RULE_MSS, 1200)->interface = wg0;
	a->rules[0].until_ns = 1;
}
static void rule_of_link_no_address(struct world *w, struct around *a)
{
	no_address(w, a);
	add_rule(a, RULE_MSS, 1200)->interface = wg0;
}
static void rule_by_name(struct world *w, struct around *a)
{
	host(w, a);
	w->peers->list[0].name = strdup("carol");
	add_rule(a, RULE_MTU, 1300)->peer = carol;
}
static void rule_of_one_family(struct world *w, struct around *a)
{
	struct rule *rule;

	allow(wireguard(w, "10.8.0.7/32"), "fd00::7/128");
	rule = add_rule(a, RULE_MSS, 1200);
	rule->has_family = true;
	rule->family = FAMILY_IPV6;
}
static void rule_ignores(struct world *w, struct around *a)
{
	host(w, a);
	add_rule(a, RULE_IGNORE, 0)->interface = wg0;
}
static void wide(struct world *w, struct around *a)
{
	host(w, a);
	w->links[0].mtu = 1400;
	add_route(w, "192.0.2.8/32", 2);
	w->peers->list[0].way.destination = address("192.0.2.8");
	w->routes[2].answer.mtu = 1380;
	/* the first address of 10.8.0.0/24 is this one's, but the peer asked for is the first */
	add_peer(w, 7, "192.0.2.9", "10.8.0.1/32", ENCAP_WIREGUARD);
	free(w->peers->list[0].allowed);
	w->peers->list[0].allowed = NULL;
	w->peers->list[0].allowed_count = 0;
	allow(&w->peers->list[0], "10.8.0.0/24");
}
static void policy(struct world *w, struct around *a)
{
	(void)a;
	add_policy(w, "10.1.0.0/24", "10.2.0.0/24", "203.0.113.9", false);
}
static void policy_with_mark(struct world *w, struct around *a)
{
	policy(w, a);
	w->peers->list[0].mark_value = 7;
	w->peers->list[0].mark_mask = 0xff;
}
static void policy_of_udp(struct world *w, struct around *a)
{
	policy(w, a);
	w->peers->list[0].protocol = 17;
}
static void policy_shadowed(struct world *w, struct around *a)
{
	policy(w, a);
	w->peers->list[0].priority = 2;
	add_policy(w, "10.1.0.0/24", "10.2.0.0/24", NULL, false)->clear = true;
}
static void policy_rule(struct world *w, struct around *a)
{
	policy(w, a);
	add_rule(a, RULE_MSS, 1250)->has_prefix = true;
	assert_int_equal(prefix_parse("10.2.0.0/16", &a->rules[0].prefix), 0);
}
static void sit(struct world *w, struct around *a)
{
	(void)a;
	add_link(w, 7, "sit1", "sit", 1480);
	add_peer(w, 7, "192.0.2.7", "fd00::/16", ENCAP_SIT);
}

static const struct {
	const char *name;
	void (*make)(struct world *world, struct around *around);
	uint32_t mss4, mss6, inner;
	bool rule;
} cases[] = {
	/* the first peer; wg0 has 1420, eth0 1500; what fits is told without the rules */
	{ "one host",                 host,              1380, 1360, 1420, false },
	{ "IPv6 host",                host6,             1380, 1360, 1420, false },
	{ "no address",               no_address,        1380, 1360, 1420, false },
	{ "path of 1400",             path_1400,         1288, 1268, 1328, false },
	{ "IPv6 MTU of the link",     link_ipv6,         1380, 1240, 1300, false },
	{ "link smaller than path",   link_smaller,      1260, 1240, 1300, false },
	{ "path unknown",             unknown_path,      1380, 1360, 1420, false },
	{ "route metric inside",      metric,            1340, 1360, 1380, false },
	{ "rule of the link",         rule_of_link,      1200, 1200, 1420, true },
	{ "a try",                    try_of_link,       1200, 1200, 1420, true },
	{ "the same, no address",     rule_of_link_no_address, 1200, 1200, 1420, true },
	{ "rule by name",             rule_by_name,      1260, 1360, 1420, true },
	{ "rule of one family",       rule_of_one_family, 1380, 1200, 1420, true },
	{ "rule that ignores",        rule_ignores,         0,    0, 1420, true },
	{ "first host is another's",  wide,              1272, 1252, 1312, false },
	{ "policy",                   policy,            1406, 1386, 1446, false },
	{ "policy with a mark",       policy_with_mark,  1406, 1386, 1446, false },
	{ "policy of UDP",            policy_of_udp,     1406, 1386, 1446, false },
	{ "policy behind another",    policy_shadowed,   1406, 1386, 1446, false },
	{ "rule beside a policy",     policy_rule,       1250, 1386, 1446, true },
	{ "SIT carries IPv6 alone",   sit,                  0, 1420, 1480, false },
};

static void test_what_a_peer_comes_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct around around = { 0 };
		struct snapshot *snapshot;
		struct world world;
		struct peer_mss got;

		open_world(&world);
		cases[i].make(&world, &around);
		snapshot = snapshot_of(&world, &around);
		got = peer_mss_find(snapshot, 0);
		if (got.mss[FAMILY_IPV4] != cases[i].mss4 || got.mss[FAMILY_IPV6] != cases[i].mss6 ||
		    got.inner_mtu != cases[i].inner || !(got.rule[0] || got.rule[1]) != !cases[i].rule)
			fail_msg("%s: MSS %u and %u, inner MTU %u, %s", cases[i].name,
				 got.mss[FAMILY_IPV4], got.mss[FAMILY_IPV6], got.inner_mtu,
				 got.rule[0] || got.rule[1] ? "a rule" : "no rule");
		snapshot_free(snapshot);
		peer_list_unref(world.peers);
	}
}

static const struct {
	const char *name;
	void (*make)(struct world *world, struct around *around);
	uint32_t mss4, mss6, inner;
	bool rule;
} links[] = {
	{ "no peer speaks for it",    host,              1380, 1360, 1420, false },
	{ "IPv6 MTU of the link",     link_ipv6,         1380, 1240, 1300, false },
	{ "rule of the link",         rule_of_link,      1200, 1200, 1420, true },
	{ "a try",                    try_of_link,       1200, 1200, 1420, true },
	{ "rule for a peer",          rule_by_name,      1380, 1360, 1420, false },
	{ "route of some addresses",  metric,            1380, 1360, 1420, false },
};

static void test_what_a_link_comes_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(links); i++) {
		struct around around = { 0 };
		struct snapshot *snapshot;
		struct world world;
		const struct link *link;
		struct peer_mss got;
		size_t place;

		open_world(&world);
		links[i].make(&world, &around);
		snapshot = snapshot_of(&world, &around);
		link = tunnel_set_find_link(world.set, 7, &place);
		got = peer_mss_of_link(snapshot, link);
		if (got.mss[FAMILY_IPV4] != links[i].mss4 || got.mss[FAMILY_IPV6] != links[i].mss6 ||
		    got.inner_mtu != links[i].inner || !(got.rule[0] || got.rule[1]) != !links[i].rule)
			fail_msg("%s: MSS %u and %u, inner MTU %u, %s", links[i].name,
				 got.mss[FAMILY_IPV4], got.mss[FAMILY_IPV6], got.inner_mtu,
				 got.rule[0] || got.rule[1] ? "a rule" : "no rule");
		snapshot_free(snapshot);
		peer_list_unref(world.peers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_peer_comes_to),
		cmocka_unit_test(test_what_a_link_comes_to),
	};

	return cmocka_run_group_tests_name("peer_mss", tests, NULL, NULL);
}
