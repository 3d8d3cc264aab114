/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said to nftables without its library, so that nobody waits for somebody else's
 * transaction: while one is under way, seconds where it is large, the kernel holds who sends
 * another and who closes a socket of NETLINK_NETFILTER (nf_tables_valid_genid and
 * nft_rcv_nl_event in net/netfilter/nf_tables_api.c), and no signal ends that. Who asks is not
 * held. */
#pragma once

#include <stddef.h>

struct nl;

/* The socket for questions: one a thread, which stays open until it asks in another network
 * namespace. Returns 0 and it, borrowed, or -errno. */
int nft_questions(struct nl **ret_nl);

#define NFT_SEND_MS 2000

/* Sends one transaction as netlink has it, whose last message but the end asks for an
 * acknowledgement, and waits for that, in a process of its own: for what is small, and wanted at
 * once. Returns 0, -ETIME (NFT_SEND_MS have passed: it is not done, and will not be), -EALREADY (as
 * nft_run), or the kernel's -errno. */
int nft_send(const void *batch, size_t len);
