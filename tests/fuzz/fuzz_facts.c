/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * What mssclamp-facts sends, up to the peers that it comes to; and what it is asked. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "edge/peers/facts_peers.h"
#include "fuzz_record.h"
#include "policy/overhead/overhead.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct link links[] = {
	{ .ifindex = 1, .name = "tun0", .kind = "tun" },
	{ .ifindex = 2, .name = "tap0", .kind = "tun", .tap = true },
	{ .ifindex = 3, .name = "wg0", .kind = "tun" },
	{ .ifindex = 4, .name = "ppp0", .kind = "ppp" },
	{ .ifindex = 5, .name = "dco0", .kind = "ovpn-dco" },
};
static const struct facts_source sources[] = {
	{ .match = "tap*", .kind = "openvpn", .status_file = "/s", .cipher = "AES-256-CBC" },
	{ .match = "tun*", .status_file = "/t", .auth = "SHA512" },
};

static void check_peer(const struct peer *peer)
{
	uint32_t inner;

	require(peer->layer_count == 1, "one layer around a peer");
	inner = overhead_apply(&peer->layer[0], 1500, NULL).inner_mtu;
	require(inner <= 1500, "nothing grows by being wrapped");
	require(peer->ifindex >= 1 && peer->ifindex <= 5, "a peer belongs to a link");
	for (size_t i = 0; i < peer->allowed_count; i++)
		require(peer->allowed[i].length <= address_bits(peer->allowed[i].address.family),
			"prefixes are right");
}

static void append_known(struct peer_list *peers, const char *id, enum encap_kind kind)
{
	struct peer peer = { .id = strdup(id), .ifindex = 5, .layer = { { .kind = kind } },
			     .layer_count = 1 };

	require(peer_list_append(peers, &peer) == 0, "memory");
}

static void check_facts(const struct facts *facts)
{
	struct peer_list *peers = peer_list_new();

	require(peers, "memory");
	require(facts_peers(facts, links, 5, sources, 2, peers) == 0, "facts come to peers");
	append_known(peers, "0", ENCAP_OPENVPN);
	append_known(peers, "uFmW/sycfx/G0lcqdu2hHVm80gvo5UOxXOS9hajnWjM=", ENCAP_WIREGUARD);
	require(facts_complete(facts, links, 5, peers) == 0, "and complete others");
	for (size_t i = 0; i < peers->count; i++)
		check_peer(&peers->list[i]);
	peer_list_unref(peers);
	for (size_t i = 0; i < facts->ppp.count; i++)
		require(facts_find_ppp(facts, facts->ppp.list[i].ifname) != NULL,
			"who was told is found");
}

static void read_facts(const json_t *message)
{
	static const struct facts nothing;
	char why[RECORD_WHY_MAX] = "";
	struct facts facts, copy;
	int r = facts_parse(message, &facts, why);

	require(r == 0 || r == -EBADMSG, "no other result");
	if (r < 0) {
		require(*why && memcmp(&facts, &nothing, sizeof(facts)) == 0,
			"what is refused says why and leaves nothing");
		return;
	}
	require_passes(&facts_shape, &facts, &copy);
	check_facts(&facts);
	record_done(&facts_shape, &facts);
}

static void read_question(const json_t *message)
{
	struct facts_question question, copy;
	char why[RECORD_WHY_MAX] = "";
	int r = record_parse(&facts_question_shape, message, &question, why);

	require(r == 0 || (r == -EBADMSG && *why), "what is refused says why");
	if (r < 0)
		return;
	for (size_t i = 0; i < question.status_files.count; i++)
		require(facts_is_path(question.status_files.list[i]), "a file has a whole path");
	require_passes(&facts_question_shape, &question, &copy);
	record_done(&facts_question_shape, &question);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *message = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	if (!message)
		return 0;
	read_facts(message);
	read_question(message);
	json_decref(message);
	return 0;
}
