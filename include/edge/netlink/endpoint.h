/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The far end of a tunnel's packets as kernel structures tell it, and what a peer becomes by it. */
#pragma once

#include "edge/netlink/nl_attr.h"
#include "policy/tunnel/peer.h"

struct endpoint {
	bool known;
	struct address address;
	uint16_t port;  /* host order, 0 without */
	uint32_t scope; /* the link of a link-local IPv6 address, 0 without */
};

/* An address of 4 or 16 bytes. One of IPv4 written as IPv6 (::ffff:192.0.2.1) is IPv4: its packets
 * are. */
struct address endpoint_address(enum family family, const uint8_t *bytes);
/* Whether it is more than 0.0.0.0 or ::. */
bool endpoint_is_address(const struct address *address);
/* Whether it is that, and no multicast group. */
bool endpoint_is_host(const struct address *address);

/* A struct sockaddr_in or sockaddr_in6; of another family, or without an address: not known.
 * Returns 0, or -EBADMSG (too short for its family) with nothing written. */
int endpoint_parse_sockaddr(const struct nl_attr *attr, struct endpoint *ret_endpoint);

/* Where the endpoint is known: sets has_endpoint, port and way of the peer (destination, scope,
 * port, protocol) and OUTER of its first layer. */
void endpoint_set(struct peer *peer, const struct endpoint *endpoint, uint8_t protocol);
/* The address it sends from, where that is one and of the endpoint's family. */
void endpoint_set_source(struct peer *peer, const struct address *source);
