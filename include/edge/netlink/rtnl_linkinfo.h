/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a link's kind says of the packets outside: IFLA_INFO_DATA, for each kind in its own numbers
 * (include/uapi/linux/if_link.h, if_tunnel.h, and the fill_info function of the kind's driver). */
#pragma once

#include "edge/netlink/nl_attr.h"
#include "policy/tunnel/tunnel.h"

/* Pure. Fills encap, local, remote, per_flow, remote_port, fwmark, if_id, the keys, tap, and for
 * VXLAN lower_ifindex, by link->kind; a kind that is not in the table leaves all as it is.
 * data  the nest; its data is NULL where the message has none
 * Returns 0, or -EBADMSG: an attribute is too short or overruns; link is then half written. */
int rtnl_parse_linkinfo(const struct nl_attr *data, struct link *link);
