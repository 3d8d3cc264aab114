/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/netlink/endpoint.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define MAPPED_LEN 12 /* RFC 4291 2.5.5.2: 10 bytes 00, 2 bytes ff, then the IPv4 address */

struct address endpoint_address(enum family family, const uint8_t *bytes)
{
	static const uint8_t mapped[MAPPED_LEN] = { [10] = 0xff, [11] = 0xff };

	if (family == FAMILY_IPV6 && memcmp(bytes, mapped, sizeof(mapped)) == 0)
		return address_from_bytes(FAMILY_IPV4, bytes + sizeof(mapped));
	return address_from_bytes(family, bytes);
}

bool endpoint_is_address(const struct address *address)
{
	static const uint8_t nowhere[ADDRESS_MAX] = { 0 };

	return memcmp(address->bytes, nowhere, address_bytes(address->family)) != 0;
}

bool endpoint_is_host(const struct address *address)
{
	bool group = address->family == FAMILY_IPV4 ? (address->bytes[0] & 0xf0) == 0xe0 :
						      address->bytes[0] == 0xff;

	return endpoint_is_address(address) && !group;
}

/* A struct sockaddr_in or sockaddr_in6 that is whole. */
static struct endpoint read_ipv4(const struct nl_attr *attr)
{
	struct sockaddr_in in;
	uint8_t bytes[4];

	memcpy(&in, attr->data, sizeof(in));
	memcpy(bytes, &in.sin_addr, sizeof(bytes));
	return (struct endpoint){ .address = endpoint_address(FAMILY_IPV4, bytes),
				  .port = ntohs(in.sin_port) };
}

static struct endpoint read_ipv6(const struct nl_attr *attr)
{
	struct sockaddr_in6 in;

	memcpy(&in, attr->data, sizeof(in));
	return (struct endpoint){ .address = endpoint_address(FAMILY_IPV6, in.sin6_addr.s6_addr),
				  .port = ntohs(in.sin6_port), .scope = in.sin6_scope_id };
}

int endpoint_parse_sockaddr(const struct nl_attr *attr, struct endpoint *ret_endpoint)
{
	sa_family_t family;

	if (nl_attr_get_bytes(attr, &family, sizeof(family)) < 0)
		return -EBADMSG;
	if (family == AF_INET ? attr->len < sizeof(struct sockaddr_in) :
	    family == AF_INET6 && attr->len < sizeof(struct sockaddr_in6))
		return -EBADMSG;
	*ret_endpoint = (struct endpoint){ 0 };
	if (family == AF_INET)
		*ret_endpoint = read_ipv4(attr);
	if (family == AF_INET6)
		*ret_endpoint = read_ipv6(attr);
	ret_endpoint->known = endpoint_is_address(&ret_endpoint->address);
	return 0;
}

void endpoint_set(struct peer *peer, const struct endpoint *endpoint, uint8_t protocol)
{
	if (!endpoint->known)
		return;
	peer->has_endpoint = true;
	peer->endpoint_port = endpoint->port;
	peer->way.destination = endpoint->address;
	peer->way.dport = endpoint->port;
	peer->way.protocol = protocol;
	if (endpoint->address.family == FAMILY_IPV6)
		peer->way.oif = endpoint->scope;
	encap_set(&peer->layer[0], ENCAP_KEY_OUTER,
		  endpoint->address.family == FAMILY_IPV4 ? 4 : 6);
}

void endpoint_set_source(struct peer *peer, const struct address *source)
{
	if (!peer->has_endpoint || !endpoint_is_address(source) ||
	    source->family != peer->way.destination.family)
		return;
	peer->way.has_source = true;
	peer->way.source = *source;
}
