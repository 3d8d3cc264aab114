/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ways to ask over a netlink socket share; of no use outside nl*.c. */
#pragma once

#include <sys/types.h>

#include "edge/netlink/nl.h"

#define NL_BUFFER_SIZE 65536u /* bytes; the kernel sends at most 32 KiB at a time */

struct nl {
	struct mnl_socket *socket;
	uint32_t sequence; /* of the last request */
	uint64_t malformed;
	bool wipe; /* nothing may stay in the buffer */
	_Alignas(struct nlmsghdr) uint8_t buffer[NL_BUFFER_SIZE];
};

/* One datagram of an answer into the buffer. Returns its length, or -errno: -ETIMEDOUT none came in
 * time, -ENOBUFS some were lost. */
ssize_t nl_receive_answer(struct nl *nl);

/* The next whole message of what is left of a datagram, or NULL at its end. */
const struct nlmsghdr *nl_next_message(struct nl *nl, const uint8_t **pos, size_t *left);

/* The error that NLMSG_ERROR and NLMSG_DONE carry: 0 or -errno; a DONE may have none. */
int nl_message_error(const struct nlmsghdr *message);

/* Zeroes the buffer where nl_wipe asked for it. */
void nl_forget_received(struct nl *nl);
