/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts as they come over the wire, and the peers that they come to. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/peers/facts_peers.h"
#include "policy/overhead/overhead.h"

#define KEY "uFmW/sycfx/G0lcqdu2hHVm80gvo5UOxXOS9hajnWjM="

#define TUNNEL(openvpn) \
	"{\"tunnels\":[{\"ifname\":\"tun0\",\"program\":\"openvpn\",\"pid\":7,\"uid\":65534," \
	"\"openvpn\":[" openvpn "]}]}"
#define STATUS(clients) \
	"\"status\":[{\"file\":\"/s\",\"version\":\"2.6\",\"clients\":[" clients "]}]"
#define BROKEN(more) "{\"status\":[{\"file\":\"/a\",\"problem\":\"is gone\"}]" more "}"
#define ALICE                                                                                 \
	"{\"name\":\"alice\",\"endpoint\":\"192.0.2.7\",\"port\":5000,\"peer_id\":3,"         \
	"\"has_peer_id\":true,\"cipher\":\"AES-256-GCM\",\"addresses\":[\"10.8.0.2/32\","     \
	"\"10.1.2.0/24\"],\"seen\":99}"
#define BOB                                                                               \
	"{\"name\":\"bob\",\"endpoint\":\"2001:db8::7\",\"peer_id\":0,\"has_peer_id\":true,"   \
	"\"cipher\":\"AES-256-CBC\",\"addresses\":[\"10.8.0.3/32\"]}"
#define SERVER "{\"role\":\"server\",\"proto\":\"udp\",\"local_port\":1194,\"mark\":5," \
	"\"ciphers\":[\"AES-256-GCM\",\"AES-256-CBC\"],\"auth\":\"SHA256\""

static const struct link tun0 = { .ifindex = 4, .name = "tun0", .kind = "tun", .mtu = 1500 };
static const struct link tap0 = { .ifindex = 4, .name = "tun0", .kind = "tun", .tap = true };
static const struct link wg0 = { .ifindex = 5, .name = "wg0", .kind = "tun" };
static const struct link ppp0 = { .ifindex = 6, .name = "ppp0", .kind = "ppp" };
static const struct link dco = { .ifindex = 7, .name = "tun0", .kind = "ovpn-dco" };

/* A peer as text: id name>endpoint:port proto sport mark uid source|layer outer inner MTU of 1500|
 * allowed|handshake. */
static const struct {
	const char *name, *facts;
	const struct link *link;
	struct facts_source source; /* match NULL: none */
	const char *peers[4];
} cases[] = {
	{ "nothing is known", "{}", &tun0, { 0 }, { NULL } },
	{ "a program that nobody knows",
	  "{\"tunnels\":[{\"ifname\":\"tun0\",\"program\":\"tailscaled\",\"pid\":7}]}", &tun0, { 0 },
	  { NULL } },
	{ "a server", TUNNEL(SERVER "," STATUS(ALICE "," BOB) "}"), &tun0, { 0 },
	  /* 1500 - 20 - 8 - 24; CBC: 1500 - 40 - 8 - 4 - 32 - 16 = 1400, to 16: 1392, - 1 - 4 */
	  { "alice/3 alice>192.0.2.7:5000 17 1194 5 65534|openvpn 4 1448|10.8.0.2/32 10.1.2.0/24|99",
	    "bob/0 bob>2001:db8::7:0 17 1194 5 65534|openvpn 6 1387|10.8.0.3/32|0",
	    "- ->-|openvpn - 1403|0.0.0.0/0 ::/0|0" } },
	{ "a server without a status file", TUNNEL(SERVER "}"), &tun0, { 0 },
	  { "- ->-|openvpn - 1403|0.0.0.0/0 ::/0|0" } },
	{ "a server that listens on an IPv4 address",
	  TUNNEL(SERVER ",\"local\":\"192.0.2.1\"," STATUS(ALICE) "}"), &tun0, { 0 },
	  { "alice/3 alice>192.0.2.7:5000 17 1194 5 65534 192.0.2.1|openvpn 4 1448|"
	    "10.8.0.2/32 10.1.2.0/24|99",
	    /* 1500 - 20 - 8 - 4 - 32 - 16 = 1420, to 16: 1408, - 1 - 4 */
	    "- ->-|openvpn 4 1403|0.0.0.0/0 ::/0|0" } },
	{ "version 1 knows neither ids nor ciphers",
	  TUNNEL(SERVER "," STATUS("{\"name\":\"a\",\"endpoint\":\"192.0.2.7\",\"port\":9}") "}"),
	  &tun0, { 0 },
	  { "a a>192.0.2.7:9 17 1194 5 65534|openvpn 4 1403||0",
	    "- ->-|openvpn - 1403|0.0.0.0/0 ::/0|0" } },
	{ "tap", TUNNEL("{\"role\":\"server\",\"proto\":\"udp\",\"ciphers\":[\"AES-128-GCM\"]}"),
	  &tap0, { 0 }, { "- ->-|openvpn - 1434|0.0.0.0/0 ::/0|0" } },
	{ "a client",
	  TUNNEL("{\"role\":\"client\",\"proto\":\"udp\",\"ciphers\":[\"AES-256-GCM\"],"
		 "\"remotes\":[{\"address\":\"2001:db8::9\",\"port\":1194}]}"), &tun0, { 0 },
	  { "2001:db8::9 ->2001:db8::9:1194 17 0 0 65534|openvpn 6 1428|0.0.0.0/0 ::/0|0" } },
	{ "a client with compression and fragments",
	  TUNNEL("{\"role\":\"client\",\"proto\":\"udp\",\"ciphers\":[\"AES-256-GCM\"],\"comp\":true,"
		 "\"fragment\":true,\"remotes\":[{\"address\":\"192.0.2.9\",\"port\":1194}]}"),
	  &tun0, { 0 },
	  { "192.0.2.9 ->192.0.2.9:1194 17 0 0 65534|openvpn 4 1443|0.0.0.0/0 ::/0|0" } },
	{ "a client whose server is a name",
	  TUNNEL("{\"role\":\"client\",\"proto\":\"udp\",\"ciphers\":[\"AES-256-GCM\"]}"), &tun0,
	  { 0 }, { "remote ->-|openvpn - 1448|0.0.0.0/0 ::/0|0" } },
	{ "one of two remotes, in a stream or not",
	  TUNNEL("{\"role\":\"client\",\"proto\":\"udp\",\"ciphers\":[\"AES-256-GCM\"],\"remotes\":["
		 "{\"address\":\"192.0.2.8\",\"port\":1,\"proto\":\"tcp\"},"
		 "{\"address\":\"2001:db8::9\",\"port\":2}]}"),
	  &tun0, { 0 },
	  { "192.0.2.8 ->192.0.2.8:1 6 0 0 65534|openvpn 4 1434|0.0.0.0/0 ::/0|0|OpenVPN has 2 "
	    "remotes: whichever is in use, the narrowest counts",
	    "2001:db8::9/2/udp ->2001:db8::9:2 17 0 0 65534|openvpn 6 1428|0.0.0.0/0 ::/0|0" } },
	{ "a static key",
	  TUNNEL("{\"role\":\"p2p\",\"proto\":\"udp\",\"ciphers\":[\"AES-128-CBC\"],"
		 "\"static_key\":true,\"remotes\":[{\"address\":\"192.0.2.9\",\"port\":1194}]}"),
	  &tun0, { 0 },
	  /* 1500 - 28 - SHA1 20 - IV 16 = 1436, to 16: 1424, - 1 - packet id and time 8 */
	  { "192.0.2.9 ->192.0.2.9:1194 17 0 0 65534|openvpn 4 1415|0.0.0.0/0 ::/0|0" } },
	{ "2.7 may use epoch keys",
	  TUNNEL("{\"role\":\"server\",\"proto\":\"udp\",\"ciphers\":[\"AES-128-GCM\"],"
		 "\"version\":\"2.7\"}"), &tun0, { 0 },
	  { "- ->-|openvpn - 1444|0.0.0.0/0 ::/0|0" } },
	{ "the configuration's cipher is right",
	  TUNNEL(SERVER "," STATUS(ALICE) "}"), &tun0,
	  { .match = "tun*", .cipher = "AES-256-CBC", .auth = "SHA512" },
	  /* 1500 - 28 - 4 - 64 - 16 = 1388, to 16: 1376, - 5; IPv6: 1368, to 16: 1360, - 5 */
	  { "alice/3 alice>192.0.2.7:5000 17 1194 5 65534|openvpn 4 1371|10.8.0.2/32 10.1.2.0/24|99",
	    "- ->-|openvpn - 1371|0.0.0.0/0 ::/0|0" } },
	{ "a status file alone: OpenVPN in a container", "{" STATUS(ALICE) "}", &tun0,
	  { .match = "tun*", .status_file = "/s" },
	  { "alice/3 alice>192.0.2.7:5000 17 0 0 -1|openvpn 4 1448|10.8.0.2/32 10.1.2.0/24|99",
	    "- ->-|openvpn - 1448|0.0.0.0/0 ::/0|0" } },
	{ "version 1 of a status file",
	  TUNNEL(SERVER ",\"status\":[{\"file\":\"/s\",\"cipherless\":true}]}"), &tun0, { 0 },
	  { "- ->-|openvpn - 1403|0.0.0.0/0 ::/0|0|OpenVPN's status file /s is of version 1, which "
	    "names no ciphers, so each client gets the limit of the worst one: add "
	    "`status-version 2` to its configuration" } },
	{ "version 1, and the configuration names the cipher",
	  TUNNEL(SERVER ",\"status\":[{\"file\":\"/s\",\"cipherless\":true}]}"), &tun0,
	  { .match = "tun*", .cipher = "AES-256-GCM" },
	  { "- ->-|openvpn - 1448|0.0.0.0/0 ::/0|0" } },
	{ "a named status file is missing, and another is open",
	  BROKEN(",\"tunnels\":[{\"ifname\":\"tun0\",\"program\":\"openvpn\",\"pid\":7,"
		 "\"uid\":65534,\"openvpn\":[" SERVER "," STATUS(ALICE) "}]}]"), &tun0,
	  { .match = "tun*", .status_file = "/a" },
	  { "alice/3 alice>192.0.2.7:5000 17 1194 5 65534|openvpn 4 1448|10.8.0.2/32 10.1.2.0/24|99",
	    "- ->-|openvpn - 1403|0.0.0.0/0 ::/0|0|status_file /a is gone; the one that OpenVPN has "
	    "open counts" } },
	{ "a named status file is missing, and there is no other", BROKEN(""), &tun0,
	  { .match = "tun*", .status_file = "/a" },
	  { "- ->-|openvpn - 1448|0.0.0.0/0 ::/0|0|status_file /a is gone; its clients are unknown" } },
	{ "the open status file is no longer whole",
	  TUNNEL(SERVER ",\"status\":[{\"file\":\"/s\",\"problem\":\"is cut\"}]}"), &tun0, { 0 },
	  { "- ->-|openvpn - 1403|0.0.0.0/0 ::/0|0|OpenVPN's status file /s is cut" } },
	{ "another link's status file", "{" STATUS(ALICE) "}", &tun0,
	  { .match = "tap*", .status_file = "/s" }, { NULL } },
	{ "the configuration names the kind alone", "{}", &tun0,
	  { .match = "tun0", .kind = "openvpn", .cipher = "AES-256-GCM" },
	  { "- ->-|openvpn - 1448|0.0.0.0/0 ::/0|0" } },
	{ "the configuration names another kind", TUNNEL(SERVER "}"), &tun0,
	  { .match = "tun0", .kind = "fastd" }, { NULL } },
	{ "WireGuard in user space",
	  "{\"tunnels\":[{\"ifname\":\"wg0\",\"program\":\"wireguard-go\",\"pid\":7,\"uid\":3}],"
	  "\"wireguard\":[{\"ifname\":\"wg0\",\"kind\":\"wireguard\",\"listen_port\":51820,"
	  "\"fwmark\":9,\"peers\":[{\"key\":\"" KEY "\",\"endpoint\":\"192.0.2.7\",\"port\":4,"
	  "\"allowed\":[\"10.0.0.0/24\"],\"handshake\":5}]}]}", &wg0, { 0 },
	  { KEY " ->192.0.2.7:4 17 51820 9 3|wireguard 4 1440|10.0.0.0/24|5" } },
	{ "AmneziaWG, not heard of yet",
	  "{\"wireguard\":[{\"ifname\":\"wg0\",\"kind\":\"amneziawg\",\"s4\":32,\"fwmark\":9,"
	  "\"peers\":[{\"key\":\"" KEY "\"}]}]}", &wg0, { 0 },
	  { KEY " ->- 9|amneziawg - 1408||0" } },
	{ "PPTP",
	  "{\"ppp\":[{\"ifname\":\"ppp0\",\"kind\":\"pptp\",\"pid\":7,\"remote\":\"192.0.2.7\","
	  "\"mppe\":true}]}", &ppp0, { 0 },
	  { "192.0.2.7 ->192.0.2.7:0 47 0 0 -1|pptp 4 -|0.0.0.0/0 ::/0|0" } },
	{ "PPPoE is the kernel's to tell",
	  "{\"ppp\":[{\"ifname\":\"ppp0\",\"kind\":\"pppoe\",\"pid\":7}]}", &ppp0, { 0 }, { NULL } },
	{ "the kernel carries the data and tells its own peers", TUNNEL(SERVER "," STATUS(ALICE) "}"),
	  &dco, { 0 }, { NULL } },
};

static void parse(const char *text, struct facts *ret_facts)
{
	json_t *message = json_loads(text, 0, NULL);
	char why[RECORD_WHY_MAX];

	assert_non_null(message);
	assert_int_equal(facts_parse(message, ret_facts, why), 0);
	json_decref(message);
}

static void describe(const struct peer *peer, char *text, size_t size)
{
	const struct encap *layer = &peer->layer[0];
	const struct path_question *way = &peer->way;
	char address[PREFIX_TEXT_MAX];
	FILE *file = fmemopen(text, size, "w");

	assert_non_null(file);
	assert_int_equal(peer->layer_count, 1);
	fprintf(file, "%s %s>", peer->id ? peer->id : "-", peer->name ? peer->name : "-");
	if (peer->has_endpoint) {
		assert_int_equal(peer->endpoint_port, way->dport);
		fprintf(file, "%s:%u %u %u %u %lld", address_format(&way->destination, address),
			way->dport, way->protocol, way->sport, way->mark,
			way->has_uid ? (long long)way->uid : -1);
		if (way->has_source)
			fprintf(file, " %s", address_format(&way->source, address));
	} else {
		fprintf(file, way->mark ? "- %u" : "-", way->mark);
	}
	fprintf(file, "|%s ", encap_kind_name(layer->kind));
	if (encap_has(layer, ENCAP_KEY_OUTER))
		fprintf(file, "%u ", layer->value[ENCAP_KEY_OUTER]);
	else
		fputs("- ", file);
	if (layer->kind == ENCAP_PPTP)
		fputs("-|", file);
	else
		fprintf(file, "%u|", overhead_apply(layer, 1500, NULL).inner_mtu);
	for (size_t i = 0; i < peer->allowed_count; i++)
		fprintf(file, "%s%s", i ? " " : "", prefix_format(&peer->allowed[i], address));
	fprintf(file, "|%lld", (long long)peer->handshake);
	if (peer->warning)
		fprintf(file, "|%s", peer->warning);
	fclose(file);
}

static void test_peers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct peer_list *peers = peer_list_new();
		struct facts facts;
		size_t wanted = 0;

		print_message("  %s\n", cases[i].name);
		parse(cases[i].facts, &facts);
		assert_non_null(peers);
		assert_int_equal(facts_peers(&facts, cases[i].link, 1, &cases[i].source,
					     cases[i].source.match ? 1 : 0, peers), 0);
		while (wanted < COUNT(cases[i].peers) && cases[i].peers[wanted])
			wanted++;
		assert_int_equal(peers->count, wanted);
		for (size_t p = 0; p < wanted; p++) {
			char text[512];

			describe(&peers->list[p], text, sizeof(text));
			assert_string_equal(text, cases[i].peers[p]);
			assert_int_equal(peers->list[p].ifindex, cases[i].link->ifindex);
		}
		peer_list_unref(peers);
		record_done(&facts_shape, &facts);
	}
}

/* What the kernel told of peers, and what facts know about them. */
static void test_complete(void **state)
{
	const struct link links[] = { { .ifindex = 7, .name = "tun0", .kind = "ovpn-dco" },
				      { .ifindex = 8, .name = "wg1", .kind = "wireguard" } };
	const struct { uint32_t ifindex; const char *id; enum encap_kind kind; const char *told; }
	rows[] = {
		{ 7, "3", ENCAP_OPENVPN, "alice/3 alice 2" },
		{ 7, "4", ENCAP_OPENVPN, "4 - 0" },
		{ 7, "0", ENCAP_OPENVPN, "bob/0 bob 1" },
		{ 7, "x", ENCAP_OPENVPN, "x - 0" },
		{ 8, KEY, ENCAP_WIREGUARD, KEY " phone 0" },
		{ 8, "3", ENCAP_WIREGUARD, "3 - 0" },
		{ 9, "3", ENCAP_OPENVPN, "3 - 0" },
	};
	struct peer_list *peers = peer_list_new();
	struct facts facts;

	(void)state;
	parse("{\"tunnels\":[{\"ifname\":\"tun0\",\"program\":\"openvpn\",\"pid\":7,\"openvpn\":["
	      SERVER "," STATUS(ALICE "," BOB) "}]}],\"names\":[{\"key\":\"" KEY
	      "\",\"name\":\"phone\"}]}", &facts);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct peer peer = { .id = strdup(rows[i].id), .ifindex = rows[i].ifindex,
				     .layer = { { .kind = rows[i].kind } }, .layer_count = 1 };

		assert_int_equal(peer_list_append(peers, &peer), 0);
	}
	for (int again = 0; again < 2; again++) {
		assert_int_equal(facts_complete(&facts, links, COUNT(links), peers), 0);
		for (size_t i = 0; i < COUNT(rows); i++) {
			const struct peer *peer = &peers->list[i];
			char text[128];

			snprintf(text, sizeof(text), "%s %s %zu", peer->id,
				 peer->name ? peer->name : "-", peer->allowed_count);
			assert_string_equal(text, rows[i].told);
		}
	}
	peer_list_unref(peers);
	record_done(&facts_shape, &facts);
}

/* Looked for by name, in whatever order they came. */
static void test_ppp_by_name(void **state)
{
	struct facts facts;

	(void)state;
	parse("{\"ppp\":[{\"ifname\":\"ppp9\",\"kind\":\"pppoe\",\"pid\":9},{\"ifname\":\"ppp0\","
	      "\"kind\":\"pptp\",\"pid\":10},{\"ifname\":\"ppp10\",\"kind\":\"l2tp\",\"pid\":11}]}",
	      &facts);
	assert_string_equal(facts_find_ppp(&facts, "ppp0")->kind, "pptp");
	assert_string_equal(facts_find_ppp(&facts, "ppp9")->kind, "pppoe");
	assert_string_equal(facts_find_ppp(&facts, "ppp10")->kind, "l2tp");
	assert_null(facts_find_ppp(&facts, "ppp1"));
	record_done(&facts_shape, &facts);
	parse("{}", &facts);
	assert_null(facts_find_ppp(&facts, "ppp0"));
	record_done(&facts_shape, &facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_ppp_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
