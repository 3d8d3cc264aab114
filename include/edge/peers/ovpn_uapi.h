/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of two generic netlink families that a host's headers may not have yet: the kernel's own
 * (include/uapi/linux/ovpn.h, since Linux 6.16) and the module that came before it
 * (OpenVPN/ovpn-dco include/uapi/linux/ovpn_dco.h). Only what we read. */
#pragma once

/* Family "ovpn": OVPN_CMD_*. */
enum {
	OVPN_COMMAND_PEER_GET = 3,
};

/* Family "ovpn-dco-v2": OVPN_CMD_*. */
enum {
	OVPN_DCO_COMMAND_GET_PEER = 7,
};

/* OVPN_A_* and OVPN_ATTR_*: what a message begins with. */
enum {
	OVPN_ATTR_IFINDEX = 1,  /* u32, the same in both */
	OVPN_ATTR_PEER = 2,     /* nest, of "ovpn" */
	OVPN_DCO_ATTR_PEER = 8, /* nest, OVPN_ATTR_GET_PEER of "ovpn-dco-v2" */
};

/* OVPN_A_PEER_*. Addresses and ports are in network order. */
enum {
	OVPN_PEER_ID = 1,          /* u32 */
	OVPN_PEER_REMOTE_IPV4 = 2,
	OVPN_PEER_REMOTE_IPV6 = 3,
	OVPN_PEER_REMOTE_SCOPE = 4, /* u32 */
	OVPN_PEER_REMOTE_PORT = 5,  /* u16 */
	OVPN_PEER_NETNSID = 7,      /* s32: its socket is in another network namespace */
	OVPN_PEER_VPN_IPV4 = 8,
	OVPN_PEER_VPN_IPV6 = 9,
	OVPN_PEER_LOCAL_IPV4 = 10,
	OVPN_PEER_LOCAL_IPV6 = 11,
	OVPN_PEER_LOCAL_PORT = 12,  /* u16 */
};

/* OVPN_GET_PEER_RESP_ATTR_*. */
enum {
	OVPN_DCO_PEER_ID = 1,         /* u32 */
	OVPN_DCO_PEER_SOCKADDR = 2,   /* struct sockaddr_in or sockaddr_in6 */
	OVPN_DCO_PEER_VPN_IPV4 = 3,
	OVPN_DCO_PEER_VPN_IPV6 = 4,
	OVPN_DCO_PEER_LOCAL = 5,      /* 4 or 16 bytes */
	OVPN_DCO_PEER_LOCAL_PORT = 6, /* u16, network order */
};
