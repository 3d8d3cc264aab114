/* SPDX-License-Identifier: GPL-2.0-or-later */
/* L2TP sessions that the kernel carries, by generic netlink (include/uapi/linux/l2tp.h,
 * net/l2tp/l2tp_netlink.c). Needs CAP_NET_ADMIN.
 *
 * The group "l2tp" tells what is created, modified and deleted by netlink, of all network
 * namespaces, and a deletion before it is done. Version 2 sessions that end because their socket
 * closes are not told: their ppp link vanishes, and rtnetlink tells that. */
#pragma once

#include "edge/netlink/genl.h"
#include "edge/peers/proc_ppp.h"
#include "policy/tunnel/tunnel.h"

#define L2TP_FAMILY "l2tp"
#define L2TP_GROUP "l2tp"

/* Appends each session that has one of the links as a peer, by tunnel and session, with
 *   id         address of the far end, tunnel and session, our own numbers: "192.0.2.7/12/34"
 *              (of version 2 a session is unique in its tunnel only), or "l2tp/12/34" where the
 *              tunnel's socket is not connected. There is no endpoint then
 *   way        destination, source and ports; protocol UDP, or 115 of L2TP directly over IP
 *   layer[0]   version 2: ENCAP_L2TP2 with PPP 4, as the kernel always sends address, control and
 *              an uncompressed protocol (pppol2tp_xmit, ppp_start_xmit), SEQ, and never a length
 *              (l2tp_build_l2tpv2_header)
 *              version 3, Ethernet: ENCAP_L2TP3ETH with UDP, COOKIE and L2SPEC. The kernel does not
 *              tell whether there is an L2-specific sublayer: its default is counted, 4 bytes.
 *              Sequence numbers lie inside it and cost nothing
 *   allowed    all addresses: a session is the only peer of its link
 * A version 3 session with PPP is left out: the kernel does not tell its link.
 *
 * family   the number of family "l2tp", 0 where it is not there: nothing is appended then
 * links    as rtnl_dump_links told them, in any order
 * Returns 0, or with nothing appended -errno: -ENOENT (no such family any more: find it anew),
 * -EPERM, -EBADMSG, -ENOMEM and those of nl_dump. */
int l2tp_dump(struct nl *genl, uint16_t family, const struct link *links, size_t link_count,
	      struct peer_list *peers);

/* Pure. Whether an event tells that sessions may have changed. */
bool l2tp_is_event(const struct nlmsghdr *message, const struct genl_family *family);

struct l2tp_tunnel {
	uint32_t id;       /* our own number, L2TP_ATTR_CONN_ID */
	uint8_t version;   /* 2 or 3 */
	bool udp;          /* else directly over IP */
	bool has_remote, has_local;
	struct address remote, local;
	uint16_t remote_port, local_port; /* of UDP, host order */
};
struct l2tp_tunnel_list {
	struct l2tp_tunnel *list;
	size_t count, capacity;
};

struct l2tp_session {
	uint32_t tunnel, id;         /* our own numbers */
	uint16_t wire;               /* L2TP_PWTYPE_* */
	char interface[IF_NAMESIZE]; /* "" where the kernel does not tell: PPP */
	uint8_t cookie_len;          /* of those we send: bytes */
	bool sends_sequence;
};
struct l2tp_session_list {
	struct l2tp_session *list;
	size_t count, capacity;
};

void l2tp_tunnel_list_done(struct l2tp_tunnel_list *tunnels);
void l2tp_session_list_done(struct l2tp_session_list *sessions);

/* Pure. Append what one message of a dump says. Return 0, or with nothing appended -EBADMSG or
 * -ENOMEM. */
int l2tp_parse_tunnel(const struct nlmsghdr *message, struct l2tp_tunnel_list *tunnels);
int l2tp_parse_session(const struct nlmsghdr *message, struct l2tp_session_list *sessions);

/* Pure. Appends the peers that l2tp_dump promises; sorts tunnels, sessions and ppp. A session that
 * was told twice counts once; one of a tunnel or link that is not known is left out. Returns 0, or
 * -ENOMEM with nothing appended. */
int l2tp_join(struct l2tp_tunnel_list *tunnels, struct l2tp_session_list *sessions,
	      struct pppol2tp_list *ppp, const struct link *links, size_t link_count,
	      struct peer_list *peers);
