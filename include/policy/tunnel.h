/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links as the kernel tells them, and which of them are tunnels. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

#define LINK_KIND_MAX 20

struct link {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	char kind[LINK_KIND_MAX]; /* IFLA_INFO_KIND, "" for hardware and lo */
	char alias[64];           /* IFLA_IFALIAS, cut to fit; "" without */
	uint32_t mtu;             /* bytes, IFLA_MTU */
	uint32_t mtu6;            /* bytes, net.ipv6.conf.*.mtu; 0 where the link has no IPv6 */
	uint32_t lower_ifindex;   /* IFLA_LINK; 0 without, or in another namespace */
	bool up;                  /* IFF_UP */
	bool loopback;
	bool tap;                 /* a tun device in Ethernet mode */
};

/* The name of a tunnel's kind for people and JSON ("wireguard", "gre", "tun", ...), or NULL where
 * the link is no tunnel. The kernel's fallback devices (tunl0, gre0, sit0, ...) are none while
 * down. */
const char *link_tunnel_kind(const struct link *link);

/* MTU for a family: the smaller of the link's and, for IPv6, the device's IPv6 MTU (router
 * advertisements set it). Bytes, 0 unknown. */
uint32_t link_mtu(const struct link *link, enum family family);
