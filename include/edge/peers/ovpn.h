/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers of OpenVPN's data channel in the kernel by generic netlink: links of kind "ovpn"
 * (drivers/net/ovpn/netlink.c, since Linux 6.16) and "ovpn-dco" (OpenVPN/ovpn-dco, family
 * "ovpn-dco-v2").
 *
 * Both tell when a peer leaves; the former also when one floats to another address. Of a new peer
 * neither tells: it is seen by asking again. Needs CAP_NET_ADMIN. Keys are in no answer. The cipher
 * is not asked for: of those that the kernel has, AES-GCM and ChaCha20-Poly1305, each costs the
 * same. */
#pragma once

#include "edge/netlink/genl.h"
#include "policy/tunnel/tunnel.h"

#define OVPN_FAMILY "ovpn"
#define OVPN_FAMILY_DCO "ovpn-dco-v2"
#define OVPN_KIND_DCO "ovpn-dco" /* of its links */
#define OVPN_GROUP "peers"       /* of both families */

/* Appends each peer of the link, of kind "ovpn" or "ovpn-dco", by number, with
 *   id         its number: "42"
 *   way        destination, source and ports. Only UDP peers have them; the mark of the socket is
 *              not told
 *   layer[0]   ENCAP_OPENVPN with MODE aead, DCO; PROTO udp, and tcp for a peer without an
 *              endpoint: the kernel takes a UDP peer only with one and a TCP peer only without
 *   allowed    its addresses in the VPN. A peer that has none is the only one of its link (P2P
 *              mode): all addresses. Networks behind a client (iroute) are routes of the host that
 *              lead to that address by this link, not told here
 *   warning    where its socket is in another network namespace; then no endpoint
 * and, unless a peer has all addresses, one without id for those that come before the next dump:
 * all addresses, no endpoint
 * family   the number of the link's family, 0 where it is not there: nothing is appended then
 * Returns 0, or with nothing appended -errno: -ENOENT (no such family any more: find it anew),
 * -ENODEV or -EINVAL (no such link any more), -EPERM, -EBADMSG, -ENOMEM and those of nl_dump. */
int ovpn_dump(struct nl *genl, uint16_t family, const struct link *link, struct peer_list *peers);

/* The number in an id: "42", or what is behind the last slash: "alice/42". Returns 0 or -EINVAL. */
int ovpn_peer_number(const char *id, uint32_t *ret_number);

struct ovpn_reading {
	struct peer_list *peers;
	size_t before;    /* of them, those that were there before this dump */
	uint32_t ifindex;
	bool dco;         /* family "ovpn-dco-v2" */
};

/* Pure. Appends the peer that a message of a dump tells of. Returns 0, or with nothing appended
 * -EBADMSG or -ENOMEM. */
int ovpn_parse_peer(const struct nlmsghdr *message, struct ovpn_reading *reading);

/* Pure. Sorts what the dump appended by number, each once: the kernel may tell a peer twice when
 * others come while it dumps. */
void ovpn_sort_peers(struct ovpn_reading *reading);

/* Pure. Appends the one without id, as ovpn_dump says. Returns 0, or -ENOMEM with nothing
 * appended. */
int ovpn_append_unknown(struct ovpn_reading *reading);
