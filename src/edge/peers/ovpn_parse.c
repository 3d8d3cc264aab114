/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of OpenVPN's two generic netlink families into peers. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "edge/netlink/endpoint.h"
#include "edge/peers/ovpn.h"
#include "edge/peers/ovpn_uapi.h"

#define NUMBER_TEXT 11 /* "4294967295" and its end */

/* What a message says of a peer, in either dialect. */
struct peer_message {
	bool has_id, elsewhere, has_vpn[FAMILY_COUNT], has_local;
	uint32_t id;
	struct endpoint endpoint;
	struct address local, vpn[FAMILY_COUNT];
	uint16_t local_port;
};

static int take_id(const struct nl_attr *attr, struct peer_message *peer)
{
	peer->has_id = true;
	return nl_attr_get_u32(attr, &peer->id);
}

static int take_port(const struct nl_attr *attr, uint16_t *ret_port)
{
	uint16_t port_be;
	int r = nl_attr_get_bytes(attr, &port_be, sizeof(port_be));

	if (r == 0)
		*ret_port = ntohs(port_be);
	return r;
}

static int take_vpn(const struct nl_attr *attr, enum family family, struct peer_message *peer)
{
	if (attr->len < address_bytes(family))
		return -EBADMSG;
	peer->vpn[family] = address_from_bytes(family, attr->data);
	peer->has_vpn[family] = endpoint_is_address(&peer->vpn[family]);
	return 0;
}

static int take_local(const struct nl_attr *attr, enum family family, struct peer_message *peer)
{
	if (attr->len < address_bytes(family))
		return -EBADMSG;
	peer->local = endpoint_address(family, attr->data);
	peer->has_local = true;
	return 0;
}

static int take_remote(const struct nl_attr *attr, enum family family, struct peer_message *peer)
{
	if (attr->len < address_bytes(family))
		return -EBADMSG;
	peer->endpoint.address = endpoint_address(family, attr->data);
	peer->endpoint.known = endpoint_is_address(&peer->endpoint.address);
	return 0;
}

static int take_peer_attr(const struct nl_attr *attr, void *userdata)
{
	struct peer_message *peer = userdata;

	switch (attr->type) {
	case OVPN_PEER_ID:
		return take_id(attr, peer);
	case OVPN_PEER_REMOTE_IPV4:
		return take_remote(attr, FAMILY_IPV4, peer);
	case OVPN_PEER_REMOTE_IPV6:
		return take_remote(attr, FAMILY_IPV6, peer);
	case OVPN_PEER_REMOTE_SCOPE:
		return nl_attr_get_u32(attr, &peer->endpoint.scope);
	case OVPN_PEER_REMOTE_PORT:
		return take_port(attr, &peer->endpoint.port);
	case OVPN_PEER_NETNSID:
		peer->elsewhere = true;
		return 0;
	case OVPN_PEER_VPN_IPV4:
		return take_vpn(attr, FAMILY_IPV4, peer);
	case OVPN_PEER_VPN_IPV6:
		return take_vpn(attr, FAMILY_IPV6, peer);
	case OVPN_PEER_LOCAL_IPV4:
		return take_local(attr, FAMILY_IPV4, peer);
	case OVPN_PEER_LOCAL_IPV6:
		return take_local(attr, FAMILY_IPV6, peer);
	case OVPN_PEER_LOCAL_PORT:
		return take_port(attr, &peer->local_port);
	default:
		return 0;
	}
}

static int take_dco_peer_attr(const struct nl_attr *attr, void *userdata)
{
	struct peer_message *peer = userdata;

	switch (attr->type) {
	case OVPN_DCO_PEER_ID:
		return take_id(attr, peer);
	case OVPN_DCO_PEER_SOCKADDR:
		return endpoint_parse_sockaddr(attr, &peer->endpoint);
	case OVPN_DCO_PEER_VPN_IPV4:
		return take_vpn(attr, FAMILY_IPV4, peer);
	case OVPN_DCO_PEER_VPN_IPV6:
		return take_vpn(attr, FAMILY_IPV6, peer);
	case OVPN_DCO_PEER_LOCAL:
		return take_local(attr, attr->len < address_bytes(FAMILY_IPV6) ? FAMILY_IPV4 :
										 FAMILY_IPV6, peer);
	case OVPN_DCO_PEER_LOCAL_PORT:
		return take_port(attr, &peer->local_port);
	default:
		return 0;
	}
}

/* Its addresses in the VPN, or all where it has none: in P2P mode there is no other peer. */
static int allow(struct peer *peer, const struct peer_message *message)
{
	bool all = !message->has_vpn[FAMILY_IPV4] && !message->has_vpn[FAMILY_IPV6];
	int r = 0;

	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT && r == 0; family++) {
		struct prefix prefix = { .address = { .family = family } };

		if (!all && !message->has_vpn[family])
			continue;
		if (!all)
			prefix = prefix_make(&message->vpn[family], address_bits(family));
		r = peer_allow(peer, &prefix);
	}
	return r;
}

static void set_layer(struct encap *layer, enum encap_proto proto)
{
	layer->kind = ENCAP_OPENVPN;
	encap_set(layer, ENCAP_KEY_MODE, ENCAP_MODE_AEAD);
	encap_set(layer, ENCAP_KEY_DCO, 1);
	encap_set(layer, ENCAP_KEY_PROTO, (uint16_t)proto);
}

static int append_peer(struct ovpn_reading *reading, const struct peer_message *message)
{
	struct peer peer = { .ifindex = reading->ifindex, .layer_count = 1 };
	char number[NUMBER_TEXT];
	int r;

	set_layer(&peer.layer[0], message->endpoint.known ? ENCAP_PROTO_UDP : ENCAP_PROTO_TCP);
	endpoint_set(&peer, &message->endpoint, IPPROTO_UDP);
	if (message->has_local)
		endpoint_set_source(&peer, &message->local);
	if (peer.has_endpoint) {
		peer.way.has_uid = true; /* 0: the kernel sends (ovpn/udp.c) */
		peer.way.sport = message->local_port;
	}
	if (message->elsewhere) {
		peer.has_endpoint = false;
		peer.endpoint_port = 0;
		peer.way = (struct path_question){ 0 };
		peer.warning = strdup("its socket is in another network namespace");
	}
	snprintf(number, sizeof(number), "%u", message->id);
	peer.id = strdup(number);
	r = peer.id && (peer.warning || !message->elsewhere) ? allow(&peer, message) : -ENOMEM;
	return peer_list_take(reading->peers, &peer, r);
}

/* The nest of the peer and the link that a message names. */
struct top_message {
	bool dco;
	struct nl_attr peer; /* data is NULL without */
};

static int take_top(const struct nl_attr *attr, void *userdata)
{
	struct top_message *top = userdata;

	if (attr->type == (top->dco ? OVPN_DCO_ATTR_PEER : OVPN_ATTR_PEER))
		top->peer = *attr;
	return 0;
}

int ovpn_parse_peer(const struct nlmsghdr *message, struct ovpn_reading *reading)
{
	struct top_message top = { .dco = reading->dco };
	struct peer_message peer = { 0 };
	int r = genl_command(message);

	if (r < 0)
		return r;
	if (r != (top.dco ? OVPN_DCO_COMMAND_GET_PEER : OVPN_COMMAND_PEER_GET))
		return 0;
	r = genl_walk(message, take_top, &top);
	if (r == 0 && !top.peer.data)
		r = -EBADMSG;
	if (r == 0)
		r = nl_attr_walk_nest(&top.peer, top.dco ? take_dco_peer_attr : take_peer_attr,
				      &peer);
	if (r < 0)
		return r;
	return peer.has_id ? append_peer(reading, &peer) : -EBADMSG;
}

int ovpn_peer_number(const char *id, uint32_t *ret_number)
{
	const char *slash = strrchr(id, '/');
	uint64_t number;

	if (text_parse_u64(slash ? slash + 1 : id, 0, UINT32_MAX, &number) < 0)
		return -EINVAL;
	*ret_number = (uint32_t)number;
	return 0;
}

static uint32_t number_of(const struct peer *peer)
{
	uint32_t number = 0;

	(void)ovpn_peer_number(peer->id, &number); /* we wrote it ourselves */
	return number;
}

static int by_number(const void *a, const void *b)
{
	return array_order(number_of(a), number_of(b));
}

void ovpn_sort_peers(struct ovpn_reading *reading)
{
	struct peer_list *peers = reading->peers;
	size_t kept = reading->before;

	if (peers->count == kept)
		return;
	qsort(peers->list + kept, peers->count - kept, sizeof(*peers->list), by_number);
	for (size_t i = kept; i < peers->count; i++) {
		struct peer *peer = &peers->list[i];

		if (kept > reading->before && by_number(&peers->list[kept - 1], peer) == 0) {
			peer_done(peer);
			continue;
		}
		if (kept != i) {
			peers->list[kept] = *peer;
			*peer = (struct peer){ 0 };
		}
		kept++;
	}
	peers->count = kept;
}

static bool allows_all(const struct peer *peer)
{
	return peer->allowed_count > 0 && peer->allowed[0].length == 0;
}

int ovpn_append_unknown(struct ovpn_reading *reading)
{
	const struct peer_message message = { 0 };
	struct peer peer = { .ifindex = reading->ifindex, .layer_count = 1 };
	bool udp = reading->peers->count == reading->before;
	int r;

	for (size_t i = reading->before; i < reading->peers->count; i++) {
		const struct peer *known = &reading->peers->list[i];

		if (allows_all(known))
			return 0;
		udp |= known->layer[0].value[ENCAP_KEY_PROTO] == ENCAP_PROTO_UDP;
	}
	set_layer(&peer.layer[0], udp ? ENCAP_PROTO_UDP : ENCAP_PROTO_TCP);
	r = allow(&peer, &message);
	return peer_list_take(reading->peers, &peer, r);
}
