/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/netlink/rtnl_prefix.h"

#include <errno.h>
#include <sys/socket.h>

int rtnl_prefix(const struct rtmsg *header, const struct nl_attr *destination,
		struct prefix *ret_prefix)
{
	static const uint8_t nowhere[ADDRESS_MAX] = { 0 };
	enum family family = header->rtm_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	uint8_t length = header->rtm_dst_len;
	struct address address;

	if (length > address_bits(family))
		return -EBADMSG;
	if (destination->data ? destination->len < address_bytes(family) : length > 0)
		return -EBADMSG;
	address = address_from_bytes(family, destination->data ? destination->data : nowhere);
	*ret_prefix = prefix_make(&address, length);
	return 0;
}
