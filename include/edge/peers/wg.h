/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers of WireGuard devices by generic netlink (include/uapi/linux/wireguard.h,
 * drivers/net/wireguard/netlink.c), and of AmneziaWG's kernel module, whose family "amneziawg"
 * speaks the same and more (amneziawg-linux-kernel-module src/uapi/wireguard.h).
 *
 * The kernel has no events for them: a peer that roams is seen by asking again. Needs
 * CAP_NET_ADMIN. The answer carries the private key, preshared keys and AmneziaWG's header key:
 * those attributes are stepped over unread, and the socket must be one of genl_open, which zeroes
 * what it read. */
#pragma once

#include "edge/netlink/genl.h"
#include "policy/tunnel/tunnel.h"

#define WG_FAMILY "wireguard"
#define WG_FAMILY_AMNEZIA "amneziawg"
#define WG_ID_LEN 44 /* characters: 32 bytes in base64 */

/* Appends each peer of the link, of kind "wireguard" or "amneziawg", with
 *   id         the public key in base64
 *   way        destination, port, own port, mark of the device; IPv4 in IPv6 is IPv4. A peer
 *              without an endpoint has not been heard of yet
 *   layer[0]   ENCAP_WIREGUARD or ENCAP_AMNEZIAWG: OUTER where the endpoint is known; S4. IFMTU is
 *              not set: the link has it
 *   allowed, handshake
 * AmneziaWG 3 pads packets below the interface's MTU with a random number of bytes instead of to 16
 * (ContentPaddingAddition): the largest number counts into S4, so such a limit is never too large
 * and may be smaller than needed. Its module parameter bogus_endpoints makes it lie about
 * endpoints.
 *
 * family   the number of the link's family, 0 where it is not there: nothing is appended then
 * Returns 0, or with nothing appended -errno: -ENOENT (no such family any more: find it anew),
 * -ENODEV (no such link any more), -EOPNOTSUPP (it is of another kind now), -EPERM, -EBADMSG,
 * -ENOMEM and those of nl_dump. */
int wg_dump(struct nl *genl, uint16_t family, const struct link *link, struct peer_list *peers);

/* What one dump has told so far: later messages go on where earlier ones ended. */
struct wg_reading {
	struct peer_list *peers;
	size_t before;     /* of them, those that were there before this dump */
	uint32_t ifindex;
	enum encap_kind kind;
	uint16_t port;     /* the device's own, host order; 0 unknown */
	uint32_t mark;
	uint32_t junk;     /* AmneziaWG: bytes that each transport packet may carry more */
};

/* Pure. Appends the peers of one message of a dump to reading->peers; a peer that goes on from the
 * message before (its allowed addresses did not fit) gets the rest. Returns 0, or with all as it
 * was -EBADMSG or -ENOMEM. */
int wg_parse_device(const struct nlmsghdr *message, struct wg_reading *reading);
