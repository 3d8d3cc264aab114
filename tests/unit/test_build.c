/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what is known to a snapshot, in a network namespace that routes to itself alone (needs root).
 * Mostly nobody has an endpoint here; paths come from links (PPPoE) and from the configuration. */
#include "control_fixture.h"

#include <sched.h>

#include "core/mss.h"
#include "build_house.h"
#include "captured_log.h"

static void fill(struct house *house)
{
	struct world *w = &house->world;

	add_link(w, 7, "wg0", "wireguard", 1420);
	add_link(w, 9, "ppp0", "ppp", 1500);
	add_peer(w, 7, NULL, "10.8.0.7/32", ENCAP_WIREGUARD);
	add_peer(w, 9, NULL, "0.0.0.0/0", ENCAP_PPPOE)->way.oif = 2;
	add_policy(w, "10.1.0.0/24", "10.2.0.0/24", NULL, false);
	add_policy(w, "10.1.0.0/24", "10.1.0.0/24", NULL, false)->clear = true;
}

static uint32_t id_of(const struct house *house, const char *name)
{
	const struct tunnel *tunnel = name ? tunnels_find(house->tunnels, name) : NULL;

	assert_true(tunnel || !name);
	return tunnel ? tunnel->id : TUNNEL_ID_NONE;
}

static const struct {
	const char *name, *source, *destination;
	uint32_t out;
	uint32_t mss;
	const char *tunnel; /* whose counters the flow feeds */
} flows[] = {
	/* 1400 - IPv4 20 - UDP 8 - WireGuard 32 = 1340, down to a multiple of 16 */
	{ "to a WireGuard peer",  "192.0.2.1", "10.8.0.7",  7, 1328 - 40, "wg0" },
	{ "to nobody behind wg0", "192.0.2.1", "10.8.0.8",  7, 1420 - 40, "wg0" },
	{ "by PPPoE",             "192.0.2.1", "192.0.2.9", 9, 1492 - 40, "ppp0" },
	/* 1492 - IPv4 20 - ESP 8 - IV 8 - ICV 16 = 1440, less 2 */
	{ "by IPsec",             "10.1.0.1",  "10.2.0.1",  2, 1438 - 40, "ipsec:203.0.113.9" },
	{ "in the clear",         "10.1.0.1",  "10.1.0.2",  2, 1500 - 40, NULL },
	{ "by Ethernet",          "192.0.2.1", "192.0.2.9", 2, 1500 - 40, NULL },
};

static void test_flows_find_their_limits_and_counters(void **state)
{
	struct house house;

	open_house(&house, *state);
	fill(&house);
	build_house(&house);
	for (size_t i = 0; i < COUNT(flows); i++) {
		struct address source = address(flows[i].source);
		struct address destination = address(flows[i].destination);
		const struct flow flow = { .out_ifindex = flows[i].out, .source = source.bytes,
					   .destination = destination.bytes };
		struct limit limit = snapshot_lookup(house.built.snapshot, &flow);

		if (limit.mss != flows[i].mss || limit.tunnel_id != id_of(&house, flows[i].tunnel))
			fail_msg("%s: MSS %u, counters %u", flows[i].name, limit.mss,
				 limit.tunnel_id);
	}
	close_house(&house);
}

static const struct {
	const char *name;
	uint32_t measure, hint; /* bytes, 0 without */
	bool need_probe;
	uint32_t mss;
} evidence[] = {
	/* name              measure hint  need   MSS: less 60 (WireGuard), multiple of 16, less 40 */
	{ "nothing",         0,      0,    false, 1420 - 40 },
	{ "a measure",       1433,   0,    false, 1360 - 40 },
	{ "a hint",          0,      1400, false, 1328 - 40 },
	{ "a hint, unproven", 0,     1400, true,  1420 - 40 },
	{ "both",            1433,   1400, false, 1360 - 40 },
};

/* The only route here is the one to this host. */
static void test_evidence_of_paths_arrives(void **state)
{
	const struct address inside = address("10.9.0.7");
	const struct flow flow = { .out_ifindex = 7, .source = inside.bytes,
				   .destination = inside.bytes };

	for (size_t i = 0; i < COUNT(evidence); i++) {
		struct house house;
		struct limit limit;

		open_house(&house, *state);
		add_link(&house.world, 7, "vpn0", "wireguard", 1420);
		add_peer(&house.world, 7, "127.0.0.7", "10.9.0.7/32", ENCAP_WIREGUARD);
		if (evidence[i].measure)
			add_measure(&house.world, "vpn0", "10.9.0.7/32", "127.0.0.7",
				    evidence[i].measure);
		if (evidence[i].hint)
			add_hint(&house.world, "127.0.0.7", 0, evidence[i].hint);
		house.world.hints_need_probe = evidence[i].need_probe;
		build_house(&house);
		limit = snapshot_lookup(house.built.snapshot, &flow);
		if (limit.mss != evidence[i].mss)
			fail_msg("%s: MSS %u", evidence[i].name, limit.mss);
		close_house(&house);
	}
}

static void test_views_are_of_the_snapshot(void **state)
{
	static const char *const names[] = { "wg0", "ppp0", "ipsec:203.0.113.9" };
	const struct tunnel_set *set;
	struct house house;

	open_house(&house, *state);
	fill(&house);
	build_house(&house);
	set = snapshot_tunnels(house.built.snapshot);
	assert_int_equal(set->peer_count, 4);
	assert_int_equal(house.built.views.count, COUNT(names));
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(house.built.views.list[i].name, names[i]);
	assert_ptr_equal(house.built.views.list[0].name,
			 tunnel_set_find_link(set, 7, NULL)->name);
	close_house(&house);
}

static void test_mode_and_rules_are_the_configuration_s(void **state)
{
	static char text[] = "rules[0]";
	struct rule rule = { .action = RULE_MSS, .value = 1000, .text = text };
	const struct snapshot_mode *mode;
	struct address any = address("192.0.2.9");
	const struct flow flow = { .out_ifindex = 2, .source = any.bytes, .destination = any.bytes };
	struct house house;

	open_house(&house, *state);
	build_house(&house);
	mode = snapshot_mode(house.built.snapshot);
	assert_false(mode->audit || mode->clamp.insert_missing || mode->clamp.clamp_tcp_ao);
	assert_int_equal(snapshot_lookup(house.built.snapshot, &flow).mss, 1460);
	house.config.mode = MODE_AUDIT;
	house.config.insert_missing = house.config.clamp_tcp_ao = true;
	house.rules = (struct rules){ &rule, 1 };
	build_house(&house);
	mode = snapshot_mode(house.built.snapshot);
	assert_true(mode->audit && mode->clamp.insert_missing && mode->clamp.clamp_tcp_ao);
	assert_int_equal(snapshot_lookup(house.built.snapshot, &flow).mss, 1000);
	close_house(&house);
}

static uint32_t mss_of(const struct house *house, uint32_t out, const char *destination)
{
	struct address to = address(destination);
	const struct flow flow = { .out_ifindex = out, .source = to.bytes, .destination = to.bytes };

	return snapshot_lookup(house->built.snapshot, &flow).mss;
}

/* Larger and smaller than what was found, whatever the rules say; they keep their places. */
static void test_tries_stand_above_rules(void **state)
{
	static char text[] = "rules[0]", try_text[] = "try", wg0[] = "wg0", peer[] = "10.8.0.7/32";
	struct rule rule = { .action = RULE_MSS, .value = 1000, .text = text };
	struct rule tries[] = {
		{ .peer = peer, .value = 1450, .until_ns = 1, .text = try_text },
		{ .interface = wg0, .value = 900, .until_ns = 1, .text = try_text },
	};
	struct house house;

	open_house(&house, *state);
	fill(&house);
	house.rules = (struct rules){ &rule, 1 };
	house.tries = (struct rules){ tries, COUNT(tries) };
	build_house(&house);
	assert_int_equal(mss_of(&house, 7, "10.8.0.7"), 1450);
	assert_int_equal(mss_of(&house, 7, "10.8.0.8"), 900);
	assert_int_equal(mss_of(&house, 2, "192.0.2.9"), 1000);
	house.rules.count = 0;
	build_house(&house);
	assert_int_equal(mss_of(&house, 7, "10.8.0.7"), 1450);
	assert_int_equal(mss_of(&house, 2, "192.0.2.9"), 1460);
	house.tries.count = 0;
	build_house(&house);
	assert_int_equal(mss_of(&house, 7, "10.8.0.7"), 1328 - 40);
	close_house(&house);
}

/* The events since the last call: "EVENT TUNNEL\n" of each. Owned. */
static char *told(struct fixture *f, int fd)
{
	struct received got = talk(f, fd);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (size_t at = 0; at < got.len; at += strlen(got.bytes + at) + 1) {
		json_t *message = json_loads(got.bytes + at, 0, NULL);
		json_t *event = json_object_get(message, "parameters");

		assert_non_null(event);
		fprintf(out, "%s %s\n", json_string_value(json_object_get(event, "event")),
			json_string_value(json_object_get(event, "tunnel")));
		json_decref(message);
	}
	fclose(out);
	free(got.bytes);
	return text;
}

static void expect_told(struct fixture *f, int fd, struct house *house, const char *expected)
{
	char *text;

	build_house(house);
	text = told(f, fd);
	assert_string_equal(text, expected);
	free(text);
}

static void test_tunnels_come_change_and_go(void **state)
{
	struct fixture *f = *state;
	struct peer_list *peers;
	struct house house;
	uint32_t wg0;
	int fd = connect_to(f->path);

	f->subscribe = SUBSCRIBE_SILENTLY;
	send_all(fd, ROW(SUBSCRIBE));
	pump(f);
	open_house(&house, f);
	expect_told(f, fd, &house, "");
	fill(&house);
	expect_told(f, fd, &house, "tunnel_added wg0\ntunnel_added ppp0\n"
				   "tunnel_added ipsec:203.0.113.9\n");
	expect_told(f, fd, &house, "");
	wg0 = id_of(&house, "wg0");
	house.world.links[1].mtu = 1300;
	expect_told(f, fd, &house, "tunnel_changed wg0\n");
	house.entries[1].path_mtu = 1400;
	expect_told(f, fd, &house, "tunnel_changed ipsec:203.0.113.9\n");
	peers = house.world.peers;
	house.world.peers = peer_list_new();
	expect_told(f, fd, &house, "tunnel_changed wg0\ntunnel_changed ppp0\n"
				   "tunnel_removed ipsec:203.0.113.9\n");
	peer_list_unref(house.world.peers);
	house.world.peers = peers;
	house.world.link_count = 1;
	peer_list_unref(house.world.peers);
	house.world.peers = peer_list_new();
	expect_told(f, fd, &house, "tunnel_removed wg0\ntunnel_removed ppp0\n");
	add_link(&house.world, 12, "wg0", "wireguard", 1420);
	expect_told(f, fd, &house, "tunnel_added wg0\n");
	assert_int_equal(id_of(&house, "wg0"), wg0); /* a name keeps its counters */
	close_house(&house);
	close(fd);
}

/* VXLAN, GRE: nobody behind it has a path of their own, so that no change of a peer tells of it. */
static void test_falls_of_a_path_without_peers(void **state)
{
	static const struct {
		uint32_t mtu; /* of the link below, bytes */
		uint64_t falls;
	} looks[] = { { 1400, 0 }, { 1300, 1 }, { 1300, 1 }, { 1350, 1 }, { 1340, 2 } };
	struct house house;
	struct peer *peer;

	open_house(&house, *state);
	add_link(&house.world, 9, "ppp0", "ppp", 1500);
	peer = add_peer(&house.world, 9, NULL, "0.0.0.0/0", ENCAP_PPPOE);
	peer->way.oif = 2;
	free(peer->id);
	peer->id = NULL;
	for (size_t i = 0; i < COUNT(looks); i++) {
		house.world.links[0].mtu = looks[i].mtu;
		build_house(&house);
		if (tunnels_path_falls(house.tunnels) != looks[i].falls)
			fail_msg("look %zu: %llu falls", i,
				 (unsigned long long)tunnels_path_falls(house.tunnels));
	}
	house.world.link_count = 1; /* away, and back beside a smaller one: that is no fall */
	build_house(&house);
	add_link(&house.world, 9, "ppp0", "ppp", 1500);
	house.world.links[0].mtu = 1300;
	build_house(&house);
	assert_int_equal(tunnels_path_falls(house.tunnels), 2);
	peer->id = strdup("p"); /* whose falls are the peer's */
	build_house(&house);
	house.world.links[0].mtu = 1280;
	build_house(&house);
	assert_int_equal(tunnels_path_falls(house.tunnels), 2);
	close_house(&house);
}

/* Names are bytes to the kernel and text to everybody else, so that two may become one. */
static void test_two_tunnels_of_one_name(void **state)
{
	struct fixture *f = *state;
	struct house house;
	int fd = connect_to(f->path);

	f->subscribe = SUBSCRIBE_SILENTLY;
	send_all(fd, ROW(SUBSCRIBE));
	pump(f);
	open_house(&house, f);
	add_link(&house.world, 7, "wg?", "wireguard", 1420);
	add_link(&house.world, 8, "wg?", "wireguard", 1400);
	expect_told(f, fd, &house, "tunnel_added wg?\n");
	expect_told(f, fd, &house, "");
	close_house(&house);
	close(fd);
}

#define NAMES_MAX (TUNNEL_CHUNKS_MAX * TUNNEL_CHUNK - 1) /* one is nobody's */

static uint32_t note_name(struct tunnels *tunnels, unsigned int number)
{
	char name[32];
	const struct tunnel_view view = { .name = name, .kind = "ipip" };

	snprintf(name, sizeof(name), "t%u", number);
	return tunnels_note(tunnels, &view, 0);
}

static void expect_full_said(const char *name)
{
	char log[8192], *said;

	capture_take(log, sizeof(log));
	said = strstr(log, "no counters of its own");
	assert_true(!!said == !!name);
	if (!name)
		return;
	assert_non_null(strstr(log, name));
	assert_null(strstr(said + 1, "no counters of its own"));
}

/* Names are kept for good, so that somebody who makes new ones all day meets the end. */
static void test_no_room_for_names_is_said_once(void **state)
{
	struct workers *workers = workers_new(5000, 2);
	const struct events nobody = { 0 };
	struct tunnels *tunnels = tunnels_new(workers, &nobody);

	(void)state;
	assert_true(workers && tunnels);
	tunnels_begin(tunnels);
	for (unsigned int i = 1; i <= NAMES_MAX; i++)
		assert_int_equal(note_name(tunnels, i), i);
	tunnels_end(tunnels);
	expect_full_said(NULL);
	for (unsigned int look = 0; look < 2; look++) {
		tunnels_begin(tunnels);
		for (unsigned int i = 1; i <= 3; i++)
			assert_int_equal(note_name(tunnels, NAMES_MAX + i), TUNNEL_ID_NONE);
		assert_int_equal(note_name(tunnels, 7), 7); /* who has some keeps them */
		tunnels_end(tunnels);
		expect_full_said(look == 0 ? "t65536: " : NULL);
	}
	tunnels_free(tunnels);
	workers_free(workers);
}

static int enter_namespace(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) == 0 && system("ip link set lo up") == 0)
		return 0;
	perror("a network namespace of our own (are you root?)");
	return -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(test_flows_find_their_limits_and_counters),
		WITH_SERVER(test_evidence_of_paths_arrives),
		WITH_SERVER(test_views_are_of_the_snapshot),
		WITH_SERVER(test_mode_and_rules_are_the_configuration_s),
		WITH_SERVER(test_tries_stand_above_rules),
		WITH_SERVER(test_tunnels_come_change_and_go),
		WITH_SERVER(test_falls_of_a_path_without_peers),
		WITH_SERVER(test_two_tunnels_of_one_name),
		cmocka_unit_test_setup_teardown(test_no_room_for_names_is_said_once, capture_begin,
						capture_end),
	};

	log_set_max(LOG_CRIT);
	return cmocka_run_group_tests_name("build", tests, enter_namespace, NULL);
}
