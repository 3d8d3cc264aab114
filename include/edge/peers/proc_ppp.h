/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc/net tells of PPP sessions that the kernel carries: PPPoE (drivers/net/ppp/pppoe.c) and
 * L2TP version 2 (net/l2tp/l2tp_ppp.c).
 *
 * The kernel does not tell which ppp link a PPPoE session belongs to, only the Ethernet link below
 * it; and of PPTP (drivers/net/ppp/pptp.c) it tells nothing at all: no file, no netlink, only
 * getpeername by who has the socket. For both, ask who owns the ppp link: the command line of its
 * pppd or accel-ppp names the plugin. */
#pragma once

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#define PROC_PPP_MAC_LEN 6

struct pppoe_session {
	char device[IF_NAMESIZE];       /* the Ethernet link that carries it */
	uint16_t id;                    /* host order: session 1 is 1 */
	uint8_t peer[PROC_PPP_MAC_LEN]; /* MAC address of the far end */
};
struct pppoe_list {
	struct pppoe_session *list;
	size_t count, capacity;
};

struct pppol2tp_session {
	char interface[IF_NAMESIZE]; /* "ppp0" */
	uint32_t tunnel, session; /* our own numbers */
};
struct pppol2tp_list {
	struct pppol2tp_session *list;
	size_t count, capacity;
};

void pppoe_list_done(struct pppoe_list *sessions);
void pppol2tp_list_done(struct pppol2tp_list *sessions);

/* Pure. Append the sessions that the text of /proc/net/pppoe or /proc/net/pppol2tp tells of; len
 * bytes, no NUL needed. L2TP sessions that have no ppp link (yet) are left out. Return 0, or with
 * nothing appended -EBADMSG (no such file's text) or -ENOMEM. */
int proc_ppp_parse_pppoe(const char *text, size_t len, struct pppoe_list *sessions);
int proc_ppp_parse_pppol2tp(const char *text, size_t len, struct pppol2tp_list *sessions);

/* Read those files. Without one there are no sessions: its module is not loaded. On success alone
 * the list is written: what it held is overwritten, not freed. Return 0 or -errno. */
int proc_ppp_read_pppoe(struct pppoe_list *ret_sessions);
int proc_ppp_read_pppol2tp(struct pppol2tp_list *ret_sessions);
