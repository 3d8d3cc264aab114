/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The destination of a route (struct rtmsg, RTA_DST). */
#pragma once

#include <linux/rtnetlink.h>

#include "edge/netlink/nl_attr.h"
#include "policy/prefix/prefix.h"

/* header is of IPv4 or IPv6; destination->data is NULL where the message has no RTA_DST, which is
 * how the kernel writes a default route. Returns 0, or -EBADMSG: the address is missing or short,
 * or the length no length of that family. */
int rtnl_prefix(const struct rtmsg *header, const struct nl_attr *destination,
		struct prefix *ret_prefix);
