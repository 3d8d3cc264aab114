/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "policy/probe/probe_target.h"
#include "tunnel_world.h"

/* What a world adds that the set is not told of. */
static struct probe_neighbour neighbours[MOST];
static size_t neighbour_count;
static struct address own[MOST];
static size_t own_count;

static void add_neighbour(uint32_t ifindex, const char *text)
{
	neighbours[neighbour_count++] = (struct probe_neighbour){ ifindex, address(text) };
}

static struct peer *peer_of(struct world *w, uint32_t ifindex, const char *id, const char *endpoint,
			    enum encap_kind kind)
{
	struct peer *peer = add_peer(w, ifindex, endpoint, NULL, kind);

	free(peer->id);
	peer->id = id ? strdup(id) : NULL;
	return peer;
}

static void allow(struct peer *peer, const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	assert_int_equal(peer_allow(peer, &prefix), 0);
}

/* wg0 and alice; prefixes that a host may be among. */
static struct peer *wireguard(struct world *w)
{
	add_link(w, 7, "wg0", "wireguard", 1420);
	return peer_of(w, 7, "alice", "192.0.2.7", ENCAP_WIREGUARD);
}
static void bare(struct world *w) { wireguard(w); }
static void hosts(struct world *w)
{
	struct peer *peer = wireguard(w);

	allow(peer, "10.8.0.0/24");
	allow(peer, "10.8.0.7/32");
	allow(peer, "fd00::7/128");
	peer->endpoint_port = 51820;
	peer->name = strdup("Alice");
}
static void five_hosts(struct world *w)
{
	struct peer *peer = wireguard(w);

	allow(peer, "10.8.0.1/32");
	allow(peer, "10.8.0.2/32");
	allow(peer, "10.8.0.1/32");
	allow(peer, "10.8.0.3/32");
	allow(peer, "10.8.0.4/32");
	allow(peer, "10.8.0.5/32");
}
static void own_address(struct world *w)
{
	hosts(w);
	own[own_count++] = address("10.8.0.7");
}
static void neighbour(struct world *w)
{
	hosts(w);
	add_neighbour(6, "10.6.0.2");
	add_neighbour(7, "10.7.0.2");
}
static void neighbour_of_two(struct world *w)
{
	wireguard(w);
	peer_of(w, 7, "bob", "192.0.2.8", ENCAP_WIREGUARD);
	add_neighbour(7, "10.7.0.2");
}
static void sorted(struct world *w)
{
	add_link(w, 8, "wg1", "wireguard", 1420);
	peer_of(w, 8, "a", "192.0.2.9", ENCAP_WIREGUARD);
	wireguard(w);
	peer_of(w, 7, "Bob", "2001:db8::8", ENCAP_WIREGUARD);
}
static void no_endpoint(struct world *w) { wireguard(w)->has_endpoint = false; }
static void learned(struct world *w) { wireguard(w)->unproven = true; }
static void stranger(struct world *w)
{
	struct peer *peer = wireguard(w);

	free(peer->id);
	peer->id = NULL;
}
static void no_route(struct world *w) { wireguard(w); w->route_count = 0; }
static void this_host(struct world *w)
{
	wireguard(w);
	add_route(w, "192.0.2.7/32", 2)->local = true;
}
static void fixed(struct world *w) { wireguard(w); add_override(w, "wg0")->path_mtu = 1400; }
static void over(struct world *w) { wireguard(w); add_override(w, "wg0")->over = "eth0"; }
static void measured(struct world *w)
{
	wireguard(w);
	add_measure(w, "wg0", "alice", "192.0.2.7", 1433);
	add_hint(w, "192.0.2.7", 2, 600);
}
static void marked(struct world *w)
{
	wireguard(w)->way.mark = 0xca6c;
	add_link(w, 3, "eth1", "", 1400);
	add_route(w, "0.0.0.0/0", 3);
	w->routes[w->route_count - 1].mark = 0xca6c;
}
static void overridden(struct world *w)
{
	struct tunnel_override *kind;

	wireguard(w);
	add_override(w, "wg0")->extra = 12;
	kind = add_override(w, "wg*");
	kind->has_encap = true;
	kind->encap.kind = ENCAP_AMNEZIAWG;
	encap_set(&kind->encap, ENCAP_KEY_S4, 20);
}
static struct peer *openvpn(struct world *w)
{
	add_link(w, 7, "tun0", "tun", 1500);
	return peer_of(w, 7, "carol/0", "192.0.2.7", ENCAP_OPENVPN);
}
static void in_udp(struct world *w) { openvpn(w); }
static void in_tcp(struct world *w)
{
	encap_set(&openvpn(w)->layer[0], ENCAP_KEY_PROTO, ENCAP_PROTO_TCP);
}
static void configured_tcp(struct world *w)
{
	struct tunnel_override *override = add_override(w, "tun0");

	openvpn(w);
	override->has_encap = true;
	override->encap.kind = ENCAP_OPENVPN;
	encap_set(&override->encap, ENCAP_KEY_PROTO, ENCAP_PROTO_TCP);
}
static struct link *device(struct world *w, const char *kind, enum encap_kind encap)
{
	struct link *link = add_link(w, 7, "t0", kind, 1400);

	link->encap.kind = encap;
	link->has_remote = true;
	link->remote = address("192.0.2.7");
	return link;
}
static void gre(struct world *w) { device(w, "gre", ENCAP_GRE); add_neighbour(7, "10.7.0.2"); }
static void vxlan(struct world *w)
{
	struct link *link = device(w, "vxlan", ENCAP_VXLAN);

	link->remote_port = 4789;
	snprintf(link->alias, sizeof(link->alias), "Lyon");
}
static void sit(struct world *w)
{
	device(w, "sit", ENCAP_SIT);
	add_neighbour(7, "10.7.0.2");
	add_neighbour(7, "fd00::2");
}
static void no_remote(struct world *w) { device(w, "gre", ENCAP_GRE)->has_remote = false; }
static void device_fixed(struct world *w)
{
	device(w, "gre", ENCAP_GRE);
	add_override(w, "t0")->path_mtu = 1400;
}
static void device_with_peers(struct world *w)
{
	device(w, "vxlan", ENCAP_VXLAN);
	peer_of(w, 7, "192.0.2.8", "192.0.2.8", ENCAP_VXLAN);
	peer_of(w, 7, "192.0.2.9", "192.0.2.9", ENCAP_VXLAN);
}

/* The gateway of a policy is 203.0.113.9; packets to 10.20.0.0/16 go out from 10.1.0.1. */
static void side(struct world *w)
{
	struct path_answer *answer = add_route(w, "10.20.0.0/16", 2);

	answer->has_source = true;
	answer->source = address("10.1.0.1");
}
static struct peer *policy(struct world *w, const char *remote)
{
	struct peer *peer = add_policy(w, "10.1.0.0/24", remote, "203.0.113.9", false);

	peer->way.has_source = true;
	peer->way.source = address("198.51.100.2");
	return peer;
}
static void networks(struct world *w)
{
	side(w);
	policy(w, "10.20.0.0/16");
	policy(w, "10.30.0.0/16");
}
static void policy_host(struct world *w)
{
	side(w);
	policy(w, "10.30.0.0/16");
	policy(w, "10.20.0.5/32");
	policy(w, "10.20.0.6/32");
}
static void other_layers(struct world *w)
{
	policy_host(w);
	encap_set(&w->peers->list[1].layer[0], ENCAP_KEY_ENCAP, ENCAP_ESP_UDP);
}
static void wrong_side(struct world *w)
{
	policy_host(w);
	w->routes[w->route_count - 1].answer.source = address("198.51.100.2");
}
static void no_source(struct world *w)
{
	policy_host(w);
	w->routes[w->route_count - 1].answer.has_source = false;
}
static void one_protocol(struct world *w)
{
	side(w);
	policy(w, "10.20.0.5/32")->protocol = 6;
}
static void some_ports(struct world *w)
{
	side(w);
	policy(w, "10.20.0.5/32")->narrow = true;
}
static void by_mark(struct world *w)
{
	struct peer *peer;

	side(w);
	peer = policy(w, "10.20.0.5/32");
	peer->mark_value = peer->mark_mask = 1;
}
static void another_first(struct world *w)
{
	side(w);
	policy(w, "10.20.0.5/32")->priority = 2;
	policy(w, "10.20.0.0/16")->priority = 1;
}
static void in_the_clear(struct world *w)
{
	side(w);
	policy(w, "10.20.0.5/32")->clear = true;
}
static void esp_in_tcp(struct world *w)
{
	side(w);
	encap_set(&policy(w, "10.20.0.5/32")->layer[0], ENCAP_KEY_ENCAP, ENCAP_ESP_TCP);
}
static struct peer *host_to_host(struct world *w)
{
	struct peer *peer = add_policy(w, "198.51.100.2/32", "203.0.113.9/32", "203.0.113.9", true);

	peer->way.has_source = true;
	peer->way.source = address("198.51.100.2");
	return peer;
}
static void transport(struct world *w) { host_to_host(w); }
static void transport_gre(struct world *w) { host_to_host(w)->protocol = 47; }
static void transport_port(struct world *w)
{
	struct peer *peer = host_to_host(w);

	peer->protocol = 17;
	peer->narrow = true;
}
static void client(struct world *w)
{
	struct peer *peer = add_policy(w, "10.1.0.7/32", "0.0.0.0/0", "203.0.113.9", false);

	peer->way.has_source = true;
	peer->way.source = address("198.51.100.2");
}
static void xfrm(struct world *w)
{
	struct path_answer *answer = add_route(w, "10.1.0.0/16", 7);

	answer->has_source = true;
	answer->source = address("10.1.0.1");
	add_link(w, 7, "xfrm0", "xfrm", 1400);
	for (int i = 0; i < 3; i++) {
		struct peer *peer = peer_of(w, 7, (const char *[]){ "x", "y", "z" }[i],
					    i == 2 ? "203.0.113.10" : "203.0.113.9", ENCAP_ESP);

		assert_int_equal(prefix_parse("10.1.0.0/24", &peer->local), 0);
		peer->narrow = true;
		allow(peer, i == 1 ? "10.1.9.5/32" : "10.40.0.0/16");
	}
}
/* Both families through one gateway, as xfrm interfaces have it; who else is there would be some
 * other end. */
static void xfrm_neighbour(struct world *w)
{
	struct path_answer *answer = add_route(w, "10.7.0.0/30", 7);

	answer->has_source = true;
	answer->source = address("10.7.0.1");
	add_link(w, 7, "xfrm0", "xfrm", 1400);
	for (int i = 0; i < 2; i++) {
		struct peer *peer = peer_of(w, 7, i ? "y" : "x", "203.0.113.9", ENCAP_ESP);

		assert_int_equal(prefix_parse(i ? "0.0.0.0/0" : "::/0", &peer->local), 0);
		peer->narrow = true;
		allow(peer, i ? "0.0.0.0/0" : "::/0");
	}
	add_neighbour(7, "10.7.0.2");
}
static void xfrm_neighbour_of_two(struct world *w)
{
	xfrm_neighbour(w);
	peer_of(w, 7, "z", "203.0.113.10", ENCAP_ESP)->narrow = true;
}

/* Each line: TUNNEL "PEER" NAME at ENDPOINT by LINK, ASSUMED HINT; then where it is not all routed
 * and empty, the link and the addresses inside. */
static const struct { const char *name; void (*make)(struct world *world); const char *targets; }
cases[] = {
	{ "a peer alone", bare, "wg0 \"alice\" at 192.0.2.7 by 2, 1500 0 via 7\n" },
	{ "hosts among its prefixes", hosts,
	  "wg0 \"alice\" Alice at 192.0.2.7:51820 by 2, 1500 0 via 7 10.8.0.7 fd00::7\n" },
	{ "four of five", five_hosts,
	  "wg0 \"alice\" at 192.0.2.7 by 2, 1500 0 via 7 10.8.0.1 10.8.0.2 10.8.0.3 10.8.0.4\n" },
	{ "not this host's own", own_address,
	  "wg0 \"alice\" Alice at 192.0.2.7:51820 by 2, 1500 0 via 7 fd00::7\n" },
	{ "a neighbour comes last", neighbour,
	  "wg0 \"alice\" Alice at 192.0.2.7:51820 by 2, 1500 0 via 7 10.8.0.7 fd00::7 10.7.0.2\n" },
	{ "whose neighbour is not known", neighbour_of_two,
	  "wg0 \"alice\" at 192.0.2.7 by 2, 1500 0 via 7\n"
	  "wg0 \"bob\" at 192.0.2.8 by 2, 1500 0 via 7\n" },
	{ "in order", sorted,
	  "wg0 \"Bob\" at 2001:db8::8 by 2, 1500 0 via 7\n"
	  "wg0 \"alice\" at 192.0.2.7 by 2, 1500 0 via 7\n"
	  "wg1 \"a\" at 192.0.2.9 by 2, 1500 0 via 8\n" },
	{ "endpoint not known", no_endpoint, "" },
	{ "endpoint learned from packets", learned, "" },
	{ "whoever is not known", stranger, "" },
	{ "no route", no_route, "" },
	{ "this host", this_host, "" },
	{ "path_mtu", fixed, "" },
	{ "over", over, "" },
	{ "what is measured changes nothing", measured,
	  "wg0 \"alice\" at 192.0.2.7 by 2, 1500 600 via 7\n" },
	{ "way by mark", marked, "wg0 \"alice\" at 192.0.2.7 by 3, 1400 0 via 7\n" },
	{ "overridden", overridden, "wg0 \"alice\" at 192.0.2.7 by 2, 1500 0 via 7\n" },
	{ "OpenVPN", in_udp, "tun0 \"carol/0\" at 192.0.2.7 by 2, 1500 0 via 7\n" },
	{ "in TCP", in_tcp, "" },
	{ "in TCP by configuration", configured_tcp, "" },
	{ "GRE", gre, "t0 \"\" at 192.0.2.7 by 2, 1500 0 via 7 10.7.0.2\n" },
	{ "VXLAN", vxlan, "t0 \"\" Lyon at 192.0.2.7:4789 by 2, 1500 0 via 7\n" },
	{ "families that are carried", sit, "t0 \"\" at 192.0.2.7 by 2, 1500 0 via 7 fd00::2\n" },
	{ "device without remote", no_remote, "" },
	{ "device with path_mtu", device_fixed, "" },
	{ "device with peers", device_with_peers,
	  "t0 \"192.0.2.8\" at 192.0.2.8 by 2, 1500 0 via 7\n"
	  "t0 \"192.0.2.9\" at 192.0.2.9 by 2, 1500 0 via 7\n" },
	{ "policies of one gateway", networks,
	  "ipsec:203.0.113.9 \"\" at 203.0.113.9 by 2, 1500 0\n" },
	{ "hosts behind policies", policy_host,
	  "ipsec:203.0.113.9 \"\" at 203.0.113.9 by 2, 1500 0 10.20.0.5 from 10.1.0.1 10.20.0.6 "
	  "from 10.1.0.1\n" },
	{ "other layers of policies", other_layers,
	  "ipsec:203.0.113.9 \"\" at 203.0.113.9 by 2, 1500 0 10.20.0.5 from 10.1.0.1\n" },
	{ "source of no policy", wrong_side,
	  "ipsec:203.0.113.9 \"\" at 203.0.113.9 by 2, 1500 0\n" },
	{ "no source", no_source, "ipsec:203.0.113.9 \"\" at 203.0.113.9 by 2, 1500 0\n" },
	{ "policy for TCP", one_protocol, "ipsec:203.0.113.9 \"\" at 203.0.113.9 by 2, 1500 0\n" },
	{ "policy for ports", some_ports, "ipsec:203.0.113.9 \"\" at 203.0.113.9 by 2, 1500 0\n" },
	{ "policy by mark", by_mark, "ipsec:203.0.113.9 \"\" at 203.0.113.9 by 2, 1500 0\n" },
	{ "another policy takes it", another_first,
	  "ipsec:203.0.113.9 \"\" at 203.0.113.9 by 2, 1500 0\n" },
	{ "in the clear", in_the_clear, "" },
	{ "ESP in TCP", esp_in_tcp, "" },
	{ "gateway behind its own policy", transport, "" },
	{ "policy for GRE to the gateway", transport_gre,
	  "ipsec:203.0.113.9 \"\" at 203.0.113.9 by 2, 1500 0\n" },
	{ "policy for a port of the gateway", transport_port,
	  "ipsec:203.0.113.9 \"\" at 203.0.113.9 by 2, 1500 0\n" },
	{ "everything by the gateway", client,
	  "ipsec:203.0.113.9 \"\" at 203.0.113.9 by 2, 1500 0\n" },
	{ "policies of a link, two gateways", xfrm,
	  "xfrm0 \"\" at 203.0.113.9 by 2, 1500 0 via 7 10.1.9.5 from 10.1.0.1\n"
	  "xfrm0 \"\" at 203.0.113.10 by 2, 1500 0 via 7\n" },
	{ "policies of a link, one gateway", xfrm_neighbour,
	  "xfrm0 \"\" at 203.0.113.9 by 2, 1500 0 via 7 10.7.0.2 from 10.7.0.1\n" },
	{ "a neighbour of two gateways", xfrm_neighbour_of_two,
	  "xfrm0 \"\" at 203.0.113.9 by 2, 1500 0 via 7\n"
	  "xfrm0 \"\" at 203.0.113.10 by 2, 1500 0 via 7\n" },
};

static void print_target(FILE *out, const struct probe_target *target)
{
	char text[ENDPOINT_TEXT_MAX];

	fprintf(out, "%s \"%s\"%s%s at %s by %u, %u %u", target->tunnel, target->peer,
		target->name ? " " : "", target->name ? target->name : "",
		endpoint_format(&target->way.destination, target->endpoint_port, text),
		target->exit_ifindex, target->assumed, target->hint);
	if (target->inside_ifindex)
		fprintf(out, " via %u", target->inside_ifindex);
	for (size_t i = 0; i < target->inside_count; i++) {
		const struct probe_inside *inside = &target->inside[i];

		fprintf(out, " %s", address_format(&inside->address, text));
		if (inside->has_source)
			fprintf(out, " from %s", address_format(&inside->source, text));
	}
	fputs("\n", out);
}

static char *text_of(const struct probe_target_list *targets)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (size_t i = 0; i < targets->count; i++)
		print_target(out, &targets->list[i]);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* One target for one limit: both reckon alike. */
static void expect_limit(const char *name, const struct world *world,
			 const struct probe_target *target)
{
	const struct tunnel_set *set = world->set;
	const struct tunnel_limit *limit = &set->limits[0];

	if (set->peer_count == 0)
		limit = link_limit(world, target->tunnel);
	if (probe_target_inner(target, limit->outer_mtu) != limit->inner_mtu)
		fail_msg("%s: %u by %u, the set has %u", name,
			 probe_target_inner(target, limit->outer_mtu), limit->outer_mtu,
			 limit->inner_mtu);
}

static void test_targets(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct probe_target_list targets;
		struct world world;
		char *text;

		open_world(&world);
		neighbour_count = own_count = 0;
		cases[i].make(&world);
		build(&world);
		assert_int_equal(probe_targets_make(&(const struct probe_target_input){
			.set = world.set,
			.neighbours = neighbours, .neighbour_count = neighbour_count,
			.own = own, .own_count = own_count,
			.find_way = find_way, .userdata = &world,
		}, &targets), 0);
		text = text_of(&targets);
		if (strcmp(text, cases[i].targets) != 0)
			fail_msg("%s:\n%sin place of\n%s", cases[i].name, text, cases[i].targets);
		if (targets.count == 1 && world.set->peer_count <= 1)
			expect_limit(cases[i].name, &world, &targets.list[0]);
		free(text);
		probe_target_list_done(&targets);
		close_world(&world);
	}
}

/* A gateway with many policies is probed once, and a question is asked for no more addresses than
 * there is room for. */
static void test_many_policies_are_one_target(void **state)
{
	struct probe_target_list targets;
	struct world world;
	char remote[PREFIX_TEXT_MAX];

	(void)state;
	open_world(&world);
	side(&world);
	for (int i = 0; i < 1000; i++) {
		snprintf(remote, sizeof(remote), "10.20.%d.%d/32", i / 250, 1 + i % 250);
		policy(&world, remote);
	}
	build(&world);
	world.asked = 0;
	assert_int_equal(probe_targets_make(&(const struct probe_target_input){
		.set = world.set, .find_way = find_way, .userdata = &world }, &targets), 0);
	assert_int_equal(targets.count, 1);
	assert_int_equal(targets.list[0].inside_count, PROBE_INSIDE_MAX);
	assert_int_equal(world.asked, PROBE_INSIDE_MAX);
	probe_target_list_done(&targets);
	close_world(&world);
}

/* Nobody to ask: addresses of peers are taken as they are, policies have none. */
static void test_without_find_way(void **state)
{
	static const struct { void (*make)(struct world *world); size_t inside; } rows[] = {
		{ hosts, 2 },
		{ policy_host, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct probe_target_list targets;
		struct world world;

		open_world(&world);
		rows[i].make(&world);
		build(&world);
		assert_int_equal(probe_targets_make(&(const struct probe_target_input){
			.set = world.set }, &targets), 0);
		assert_int_equal(targets.count, 1);
		assert_int_equal(targets.list[0].inside_count, rows[i].inside);
		probe_target_list_done(&targets);
		close_world(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_many_policies_are_one_target),
		cmocka_unit_test(test_without_find_way),
	};

	return cmocka_run_group_tests_name("probe_targets", tests, NULL, NULL);
}
