/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of WireGuard's generic netlink family into peers. What no function here names is never
 * looked at: WGDEVICE_A_PRIVATE_KEY, WGPEER_A_PRESHARED_KEY, AmneziaWG's HEADER_PROTECTION_KEY. */
#include <errno.h>
#include <linux/wireguard.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "edge/netlink/endpoint.h"
#include "edge/peers/wg.h"

/* AmneziaWG's own, behind WGDEVICE_A_PEERS. */
#define AMNEZIA_A_S4 20              /* u16: bytes in front of each transport packet */
#define AMNEZIA_A_CONTENT_PADDING 27 /* u32: at most (high half) and at least (low) so many bytes
				      * behind its content */

/* What a message says of the device, and its peers, still in their nest. */
struct device_message {
	bool amnezia; /* of its own family: others may use the same numbers for anything */
	uint16_t port, s4;
	uint32_t mark, padding;
	bool has_port, has_mark, has_junk;
	struct nl_attr peers; /* data is NULL without */
};

static int take_amnezia(const struct nl_attr *attr, struct device_message *device)
{
	switch (attr->type) {
	case AMNEZIA_A_S4:
		device->has_junk = true;
		return nl_attr_get_bytes(attr, &device->s4, sizeof(device->s4));
	case AMNEZIA_A_CONTENT_PADDING:
		device->has_junk = true;
		return nl_attr_get_u32(attr, &device->padding);
	default:
		return 0;
	}
}

static int take_device(const struct nl_attr *attr, void *userdata)
{
	struct device_message *device = userdata;

	switch (attr->type) {
	case WGDEVICE_A_LISTEN_PORT:
		device->has_port = true;
		return nl_attr_get_bytes(attr, &device->port, sizeof(device->port));
	case WGDEVICE_A_FWMARK:
		device->has_mark = true;
		return nl_attr_get_u32(attr, &device->mark);
	case WGDEVICE_A_PEERS:
		device->peers = *attr;
		return 0;
	default:
		return device->amnezia ? take_amnezia(attr, device) : 0;
	}
}

/* What a message says of one peer. */
struct peer_message {
	const uint8_t *key;     /* WG_KEY_LEN bytes, NULL without */
	struct endpoint endpoint;
	int64_t handshake;      /* seconds since 1970 */
	struct nl_attr allowed; /* data is NULL without */
};

static int take_key(const struct nl_attr *attr, struct peer_message *peer)
{
	if (attr->len < WG_KEY_LEN)
		return -EBADMSG;
	peer->key = attr->data;
	return 0;
}

/* struct __kernel_timespec: seconds, then nanoseconds that nobody needs. */
static int take_handshake(const struct nl_attr *attr, struct peer_message *peer)
{
	return nl_attr_get_bytes(attr, &peer->handshake, sizeof(peer->handshake));
}

static int take_peer_attr(const struct nl_attr *attr, void *userdata)
{
	struct peer_message *peer = userdata;

	switch (attr->type) {
	case WGPEER_A_PUBLIC_KEY:
		return take_key(attr, peer);
	case WGPEER_A_ENDPOINT:
		return endpoint_parse_sockaddr(attr, &peer->endpoint);
	case WGPEER_A_LAST_HANDSHAKE_TIME:
		return take_handshake(attr, peer);
	case WGPEER_A_ALLOWEDIPS:
		peer->allowed = *attr;
		return 0;
	default:
		return 0;
	}
}

struct allowed_message {
	uint16_t family;
	uint8_t length;
	struct nl_attr address; /* data is NULL without */
};

static int take_allowed_attr(const struct nl_attr *attr, void *userdata)
{
	struct allowed_message *allowed = userdata;

	switch (attr->type) {
	case WGALLOWEDIP_A_FAMILY:
		return nl_attr_get_bytes(attr, &allowed->family, sizeof(allowed->family));
	case WGALLOWEDIP_A_CIDR_MASK:
		return nl_attr_get_u8(attr, &allowed->length);
	case WGALLOWEDIP_A_IPADDR:
		allowed->address = *attr;
		return 0;
	default:
		return 0;
	}
}

/* Appends one of WGPEER_A_ALLOWEDIPS; a family that nobody knows is left out. */
static int take_allowed(const struct nl_attr *attr, void *userdata)
{
	struct peer *peer = userdata;
	struct allowed_message allowed = { 0 };
	struct address address;
	struct prefix prefix;
	enum family family;
	int r = nl_attr_walk_nest(attr, take_allowed_attr, &allowed);

	if (r < 0)
		return r;
	if (allowed.family != AF_INET && allowed.family != AF_INET6)
		return allowed.family ? 0 : -EBADMSG;
	family = allowed.family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	if (!allowed.address.data || allowed.address.len < address_bytes(family) ||
	    allowed.length > address_bits(family))
		return -EBADMSG;
	address = address_from_bytes(family, allowed.address.data);
	prefix = prefix_make(&address, allowed.length);
	return peer_allow(peer, &prefix);
}

/* RFC 4648 section 4. 32 bytes are 10 times 3 and 2 more: 43 characters and one of padding. */
static void write_base64(const uint8_t key[WG_KEY_LEN], char text[WG_ID_LEN + 1])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	size_t at = 0;

	for (size_t i = 0; i < WG_KEY_LEN; i += 3) {
		uint32_t group = (uint32_t)key[i] << 16 | (uint32_t)key[i + 1] << 8;

		if (i + 2 < WG_KEY_LEN)
			group |= key[i + 2];
		for (int shift = 18; shift >= 0; shift -= 6)
			text[at++] = digits[group >> shift & 63];
	}
	text[WG_ID_LEN - 1] = '=';
	text[WG_ID_LEN] = '\0';
}

/* The peer that this dump has appended last, if it is the one with that id. */
static struct peer *find_continued(const struct wg_reading *reading, const char *id)
{
	struct peer *last;

	if (reading->peers->count == reading->before)
		return NULL;
	last = &reading->peers->list[reading->peers->count - 1];
	return strcmp(last->id, id) == 0 ? last : NULL;
}

static int append_peer(struct wg_reading *reading, const struct peer_message *message,
		       const char *id)
{
	struct peer peer = {
		.id = strdup(id),
		.ifindex = reading->ifindex,
		.layer = { { .kind = reading->kind } },
		.layer_count = 1,
		.handshake = message->handshake,
	};
	int r = peer.id ? 0 : -ENOMEM;

	endpoint_set(&peer, &message->endpoint, IPPROTO_UDP);
	peer.way.mark = reading->mark; /* wherever he will come from */
	if (peer.has_endpoint) {
		peer.way.has_uid = true; /* 0: the kernel sends (wireguard/socket.c) */
		peer.way.sport = reading->port;
	}
	if (reading->junk)
		encap_set(&peer.layer[0], ENCAP_KEY_S4,
			  reading->junk < UINT16_MAX ? (uint16_t)reading->junk : UINT16_MAX);
	if (r == 0 && message->allowed.data)
		r = nl_attr_walk_nest(&message->allowed, take_allowed, &peer);
	return peer_list_take(reading->peers, &peer, r);
}

/* One nest of WGDEVICE_A_PEERS. */
static int take_peer(const struct nl_attr *attr, void *userdata)
{
	struct wg_reading *reading = userdata;
	struct peer_message message = { 0 };
	char id[WG_ID_LEN + 1];
	struct peer *continued;
	int r = nl_attr_walk_nest(attr, take_peer_attr, &message);

	if (r == 0 && !message.key)
		r = -EBADMSG;
	if (r < 0)
		return r;
	write_base64(message.key, id);
	continued = find_continued(reading, id);
	if (!continued)
		return append_peer(reading, &message, id);
	return message.allowed.data ? nl_attr_walk_nest(&message.allowed, take_allowed, continued) :
				      0;
}

/* Only the first message of a dump tells of the device. */
static void note_device(struct wg_reading *reading, const struct device_message *device)
{
	if (device->has_port)
		reading->port = device->port;
	if (device->has_mark)
		reading->mark = device->mark;
	if (device->has_junk)
		reading->junk = device->s4 + (device->padding >> 16);
}

int wg_parse_device(const struct nlmsghdr *message, struct wg_reading *reading)
{
	struct wg_reading was = *reading;
	struct device_message device = { .amnezia = reading->kind == ENCAP_AMNEZIAWG };
	size_t count = reading->peers->count, allowed = 0;
	int r = genl_command(message);

	if (r < 0)
		return r;
	if (r != WG_CMD_GET_DEVICE)
		return 0;
	r = genl_walk(message, take_device, &device);
	if (r < 0)
		return r;
	if (count > reading->before)
		allowed = reading->peers->list[count - 1].allowed_count;
	note_device(reading, &device);
	if (device.peers.data)
		r = nl_attr_walk_nest(&device.peers, take_peer, reading);
	if (r == 0)
		return 0;
	genl_forget_peers(reading->peers, count);
	if (count > reading->before)
		reading->peers->list[count - 1].allowed_count = allowed;
	*reading = was;
	return r;
}
