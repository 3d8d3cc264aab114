/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies into peers. */
#include "policy/ipsec/ipsec.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "policy/ipsec/ipsec_bundle.h"
#include "policy/ipsec/ipsec_link.h"

#define SIDE_MAX (PREFIX_TEXT_MAX + 32) /* "10.1.0.0/24[udp/1024-2047]" */
#define ID_MAX (2 * SIDE_MAX + 48)      /* " === ", " mark 0x12345678/0xffffffff" */

void ipsec_state_list_done(struct ipsec_state_list *states)
{
	free(states->list);
	*states = (struct ipsec_state_list){ 0 };
}

void ipsec_policy_list_done(struct ipsec_policy_list *policies)
{
	free(policies->list);
	*policies = (struct ipsec_policy_list){ 0 };
}

int ipsec_state_list_append(struct ipsec_state_list *states, const struct ipsec_state *state)
{
	return array_append(states, state);
}

int ipsec_policy_list_append(struct ipsec_policy_list *policies,
			     const struct ipsec_policy *policy)
{
	return array_append(policies, policy);
}

static const char *protocol_format(uint8_t protocol, char text[4])
{
	static const struct { uint8_t number; const char *name; } names[] = {
		{ IPPROTO_ICMP, "icmp" }, { IPPROTO_TCP, "tcp" }, { IPPROTO_UDP, "udp" },
		{ IPPROTO_GRE, "gre" }, { IPPROTO_ESP, "esp" }, { IPPROTO_AH, "ah" },
		{ IPPROTO_ICMPV6, "ipv6-icmp" }, { IPPROTO_SCTP, "sctp" },
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (names[i].number == protocol)
			return names[i].name;
	}
	snprintf(text, 4, "%u", protocol);
	return text;
}

/* "10.1.0.0/24", "10.1.0.0/24[tcp]", "10.1.0.0/24[tcp/443]", "10.1.0.0/24[tcp/1024-2047]". */
static void format_side(const struct prefix *prefix, uint8_t protocol, uint16_t port,
			uint16_t port_mask, char text[SIDE_MAX])
{
	unsigned int first = port & port_mask, last = first | (uint16_t)~port_mask;
	size_t len = strlen(prefix_format(prefix, text));
	const char *name;
	char number[4];

	if (protocol == 0 && port_mask == 0)
		return;
	name = protocol_format(protocol, number);
	if (port_mask == UINT16_MAX)
		snprintf(text + len, SIDE_MAX - len, "[%s/%u]", name, first);
	else if (port_mask != 0)
		snprintf(text + len, SIDE_MAX - len, "[%s/%u-%u]", name, first, last);
	else
		snprintf(text + len, SIDE_MAX - len, "[%s]", name);
}

/* Returns owned, or NULL. */
static char *make_id(const struct ipsec_policy *policy, bool with_mark)
{
	const struct ipsec_selector *selector = &policy->selector;
	char local[SIDE_MAX], remote[SIDE_MAX], text[ID_MAX], mark[32] = "";

	format_side(&selector->local, selector->protocol, selector->local_port,
		    selector->local_port_mask, local);
	format_side(&selector->remote, selector->protocol, selector->remote_port,
		    selector->remote_port_mask, remote);
	if (with_mark)
		snprintf(mark, sizeof(mark), " mark 0x%x/0x%x", policy->mark.value,
			 policy->mark.mask);
	snprintf(text, sizeof(text), "%s === %s%s", local, remote, mark);
	return strdup(text);
}

/* Returns owned, or NULL. */
static char *make_tunnel(const struct ipsec_bundle *bundle)
{
	char address[PREFIX_TEXT_MAX], text[PREFIX_TEXT_MAX + 8];

	snprintf(text, sizeof(text), "ipsec:%s",
		 bundle->has_destination ? address_format(&bundle->destination, address) : "%any");
	return strdup(text);
}

/* The outer packets, as the kernel routes them. */
static void set_way(struct peer *peer, const struct ipsec_bundle *bundle)
{
	const struct ipsec_state *state = bundle->outermost;
	struct path_question *way = &peer->way;

	peer->has_endpoint = bundle->has_destination;
	if (!peer->has_endpoint)
		return;
	way->destination = bundle->destination;
	way->has_source = bundle->has_source;
	if (way->has_source)
		way->source = bundle->source;
	if (!state)
		return;
	way->mark = state->output_mark.value & state->output_mark.mask;
	way->protocol = state->protocol;
	if (state->encap == ENCAP_ESP_PLAIN)
		return;
	way->protocol = state->encap == ENCAP_ESP_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	way->sport = state->encap_source_port;
	way->dport = state->encap_destination_port;
	peer->endpoint_port = state->encap_destination_port;
}

/* The bundle's layers lie from the packet outwards, a peer's from the wire inwards. */
static void set_layers(struct peer *peer, struct ipsec_bundle *bundle)
{
	size_t count = bundle->layer_count;

	if (count > PEER_LAYERS_MAX) {
		ipsec_notes_add(&bundle->notes, "of %zu transforms only the outer %d are counted",
				count, PEER_LAYERS_MAX);
		count = PEER_LAYERS_MAX;
	}
	for (size_t i = 0; i < count; i++)
		peer->layer[i] = bundle->layers[bundle->layer_count - 1 - i];
	peer->layer_count = count;
}

/* Returns 0, or -ENOMEM with what the peer owns to be freed by the caller. */
static int set_texts(struct peer *peer, const struct ipsec_policy *policy,
		     const struct ipsec_bundle *bundle)
{
	if (peer->clear)
		return 0;
	peer->id = make_id(policy, peer->selector && policy->mark.mask != 0);
	if (!peer->id)
		return -ENOMEM;
	if (peer->selector) {
		peer->tunnel = make_tunnel(bundle);
		if (!peer->tunnel)
			return -ENOMEM;
	}
	if (bundle->notes.text[0]) {
		peer->warning = strdup(bundle->notes.text);
		if (!peer->warning)
			return -ENOMEM;
	}
	return 0;
}

/* Whether it speaks of fewer packets than a peer can tell. */
static bool is_narrow(const struct ipsec_selector *selector)
{
	return selector->local_port_mask != 0 || selector->remote_port_mask != 0 ||
	       selector->ifindex != 0;
}

static int append_peer(const struct ipsec_policy *policy, uint32_t ifindex,
		       struct ipsec_bundle *bundle, struct peer_list *peers)
{
	struct peer peer = {
		.ifindex = ifindex, .selector = ifindex == 0,
		.clear = bundle->layer_count == 0,
		.local = policy->selector.local, .priority = policy->priority,
		.mark_value = policy->mark.value, .mark_mask = policy->mark.mask,
		.protocol = policy->selector.protocol,
		.narrow = ifindex != 0 || is_narrow(&policy->selector),
		.handshake = bundle->outermost ? bundle->outermost->add_time : 0,
	};
	int r;

	/* Through a link nothing goes in the clear, and some ports alone cannot be told. */
	if (peer.clear && (!peer.selector || peer.narrow))
		return 0;
	if (!peer.clear) {
		set_way(&peer, bundle);
		set_layers(&peer, bundle);
	}
	r = peer_allow(&peer, &policy->selector.remote);
	if (r == 0)
		r = set_texts(&peer, policy, bundle);
	return peer_list_take(peers, &peer, r);
}

/* Appends the peers of all policies, in their order. Returns 0 or -ENOMEM. */
static int join(const struct ipsec_policy_list *policies, const struct ipsec_index *index,
		const struct ipsec_links *links, struct peer_list *peers)
{
	for (size_t i = 0; i < policies->count; i++) {
		const struct ipsec_policy *policy = &policies->list[i];
		struct ipsec_bundle bundle;
		uint32_t ifindex = 0;
		int r;

		if (policy->block || ipsec_links_find(links, policy, &ifindex) == IPSEC_LINK_GONE)
			continue;
		ipsec_bundle_resolve(policy, index, &bundle);
		r = append_peer(policy, ifindex, &bundle, peers);
		if (r < 0)
			return r;
	}
	return 0;
}

int ipsec_peers(const struct ipsec_state_list *states, const struct ipsec_policy_list *policies,
		const struct link *links, size_t link_count, struct peer_list *peers)
{
	size_t before = peers->count;
	struct ipsec_index index;
	struct ipsec_links sorted;
	int r;

	r = ipsec_index_build(states, &index);
	if (r < 0)
		return r;
	r = ipsec_links_build(links, link_count, &sorted);
	if (r == 0) {
		r = join(policies, &index, &sorted, peers);
		ipsec_links_done(&sorted);
	}
	ipsec_index_done(&index);
	while (r < 0 && peers->count > before)
		peer_done(&peers->list[--peers->count]);
	return r;
}
