/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the targets that read netlink share: a datagram of messages, and what a peer always is. */
#pragma once

#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tunnel/peer.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

/* Hands over each message, in a buffer of exactly its own length. */
static inline void fuzz_each_message(const uint8_t *data, size_t size,
				     void (*take)(const struct nlmsghdr *message, void *userdata),
				     void *userdata)
{
	while (size >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr header, *message;
		size_t step;

		memcpy(&header, data, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > size)
			break;
		message = malloc(header.nlmsg_len);
		CHECK(message);
		memcpy(message, data, header.nlmsg_len);
		take(message, userdata);
		free(message);
		step = NLMSG_ALIGN((size_t)header.nlmsg_len);
		if (step > size)
			break;
		data += step;
		size -= step;
	}
}

static inline void fuzz_check_peer(const struct peer *peer, enum encap_kind kind)
{
	const uint16_t outer = peer->layer[0].value[ENCAP_KEY_OUTER];

	CHECK(peer->id && strlen(peer->id) > 0);
	CHECK(peer->layer_count == 1 && peer->layer[0].kind == kind);
	CHECK(peer->has_endpoint || (peer->endpoint_port == 0 && peer->way.dport == 0));
	if (peer->has_endpoint)
		CHECK(outer == (peer->way.destination.family == FAMILY_IPV4 ? 4 : 6));
	CHECK(!peer->way.has_source ||
	      peer->way.source.family == peer->way.destination.family);
	for (size_t i = 0; i < peer->allowed_count; i++) {
		const struct prefix *prefix = &peer->allowed[i];
		struct prefix masked;

		CHECK(prefix->length <= address_bits(prefix->address.family));
		masked = prefix_make(&prefix->address, prefix->length);
		CHECK(prefix_compare(&masked, prefix) == 0);
	}
}
