/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * A datagram of XFRM messages: each is parsed as a state, a policy and an event, from a buffer of
 * exactly its own length; what comes of them all is joined into peers. */
#include <linux/xfrm.h>
#include <stdlib.h>
#include <string.h>

#include "edge/peers/xfrm.h"
#include "fuzz_mutate_netlink.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_prefix(const struct prefix *prefix)
{
	struct prefix masked;

	CHECK(prefix->length <= address_bits(prefix->address.family));
	masked = prefix_make(&prefix->address, prefix->length);
	CHECK(prefix_compare(&masked, prefix) == 0);
}

static void check_selector(const struct ipsec_selector *selector)
{
	check_prefix(&selector->local);
	check_prefix(&selector->remote);
	CHECK(selector->local.address.family == selector->remote.address.family);
	CHECK(selector->ifindex <= INT32_MAX);
}

static void check_name(const char name[IPSEC_NAME_MAX])
{
	size_t len = strnlen(name, IPSEC_NAME_MAX);

	CHECK(len < IPSEC_NAME_MAX);
	for (size_t i = 0; i < len; i++)
		CHECK(name[i] > ' ' && name[i] <= '~');
}

static void parse_state(const struct nlmsghdr *message, struct ipsec_state_list *states)
{
	size_t before = states->count;
	int r = xfrm_parse_state(message, states);
	const struct ipsec_state *state;

	CHECK(r == 0 ? states->count <= before + 1 : states->count == before);
	if (states->count == before)
		return;
	state = &states->list[before];
	CHECK(state->source.family == state->destination.family);
	CHECK(state->add_time >= 0);
	check_name(state->aead);
	check_name(state->cipher);
	check_name(state->auth);
	if (state->has_selector)
		check_selector(&state->selector);
}

static void parse_policy(const struct nlmsghdr *message, struct ipsec_policy_list *policies)
{
	size_t before = policies->count;
	int r = xfrm_parse_policy(message, policies);

	CHECK(r == 0 ? policies->count <= before + 1 : policies->count == before);
	if (policies->count == before)
		return;
	check_selector(&policies->list[before].selector);
	CHECK(policies->list[before].template_count <= IPSEC_TEMPLATES_MAX);
}

static void check_peer(const struct peer *peer)
{
	CHECK(peer->selector == (peer->ifindex == 0));
	CHECK(peer->clear ? peer->selector && !peer->id : peer->id != NULL);
	CHECK(peer->clear == (peer->layer_count == 0));
	CHECK((peer->tunnel != NULL) == (peer->selector && !peer->clear));
	CHECK(peer->allowed_count == 1 && peer->layer_count <= PEER_LAYERS_MAX);
	for (size_t i = 0; i < peer->layer_count; i++)
		CHECK(peer->layer[i].kind != ENCAP_NONE);
}

static void join(const struct ipsec_state_list *states, const struct ipsec_policy_list *policies)
{
	static const struct link links[] = {
		{ .ifindex = 4, .kind = "xfrm", .if_id = 42 },
		{ .ifindex = 5, .kind = "xfrm", .per_flow = true },
		{ .ifindex = 6, .kind = "vti", .out_key = 42, .has_local = true,
		  .local = { FAMILY_IPV4, { 192, 0, 2, 1 } } },
		{ .ifindex = 7, .kind = "vti6", .out_key = 42, .has_local = true,
		  .local = { FAMILY_IPV6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } } },
	};
	struct peer_list *peers = peer_list_new();

	CHECK(peers);
	CHECK(ipsec_peers(states, policies, links, 4, peers) == 0);
	CHECK(peers->count <= policies->count);
	for (size_t i = 0; i < peers->count; i++)
		check_peer(&peers->list[i]);
	peer_list_unref(peers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipsec_state_list states = { 0 };
	struct ipsec_policy_list policies = { 0 };

	while (size >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr header, *message;
		size_t step;

		memcpy(&header, data, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > size)
			break;
		message = malloc(header.nlmsg_len);
		CHECK(message);
		memcpy(message, data, header.nlmsg_len);
		parse_state(message, &states);
		parse_policy(message, &policies);
		(void)xfrm_is_change(message);
		free(message);
		step = NLMSG_ALIGN((size_t)header.nlmsg_len);
		if (step > size)
			break;
		data += step;
		size -= step;
	}
	join(&states, &policies);
	ipsec_state_list_done(&states);
	ipsec_policy_list_done(&policies);
	return 0;
}

static size_t header_len(uint16_t type)
{
	switch (type) {
	case XFRM_MSG_NEWPOLICY:
	case XFRM_MSG_UPDPOLICY:
		return sizeof(struct xfrm_userpolicy_info);
	default:
		return sizeof(struct xfrm_usersa_info);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	return mutate_netlink(data, size, max, seed, 0, header_len);
}
