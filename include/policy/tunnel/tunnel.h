/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links as the kernel tells them, and which of them are tunnels. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/packet.h"
#include "policy/overhead/encap.h"
#include "policy/prefix/prefix.h"

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
	uint32_t master_ifindex;  /* IFLA_MASTER: the bridge, bond or VRF it is a port of,
				   * 0 without */
	/* What IFLA_INFO_DATA says of the packets outside. */
	struct encap encap;       /* ENCAP_NONE where the link does not tell */
	bool has_local, has_remote;
	struct address local, remote; /* outer addresses; remote only where it is one host */
	bool per_flow;            /* each packet chooses its far end (external, collect_md, any) */
	uint16_t remote_port;     /* of UDP, host order; 0 without */
	uint32_t fwmark;          /* of the outer packets */
	uint32_t if_id;           /* xfrm */
	uint32_t out_key;         /* vti, vti6: the mark that ties SAs to it; host order */
	bool elsewhere;           /* what it stands on, and its packets outside, are in another
				   * namespace: no local, remote and lower_ifindex then */
};

/* Whether that is its kind, to the letter. */
static inline bool link_is_kind(const struct link *link, const char *kind)
{
	return strcmp(link->kind, kind) == 0;
}

/* The name of a tunnel's kind for people and JSON ("wireguard", "gre", "tun", ...), or NULL where
 * the link is no tunnel. The kernel's fallback devices (tunl0, gre0, sit0, ...) are none while
 * down. */
const char *link_tunnel_kind(const struct link *link);

/* Whether it is down and nobody but an administrator will set it up: nothing passes. Devices of
 * programs (tun, tap, ppp) are up once these have begun, or are a virtual machine's. */
bool link_is_left_down(const struct link *link);

/* Whether packets that come in by a port of it count as come in by itself from the routing on: to
 * netfilter's forward and input hooks it is the interface, not the port
 * (Documentation/networking/vrf.rst). */
bool link_is_vrf(const struct link *link);

/* MTU for a family: the smaller of the link's and, for IPv6, the device's IPv6 MTU (router
 * advertisements set it). Bytes, 0 unknown. */
uint32_t link_mtu(const struct link *link, enum family family);
