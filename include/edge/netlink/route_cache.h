/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the kernel forget what ICMP messages have told it of a path (PMTU exceptions). */
#pragma once

#include "edge/netlink/nl.h"
#include "policy/prefix/prefix.h"

/* For the path to one address; nl is a NETLINK_ROUTE socket without groups.
 * IPv6: the cached route to it alone (RTM_DELROUTE with RTM_F_CLONED, net/ipv6/route.c
 * ip6_route_del). IPv4 knows only all of them at once (net.ipv4.route.flush, net/ipv4/route.c
 * ipv4_sysctl_rtcache_flush): honest ones are told again with the next packet.
 * Returns 0, also where there was none, or -errno. */
int route_cache_forget(struct nl *nl, const struct address *destination, uint32_t ifindex);
