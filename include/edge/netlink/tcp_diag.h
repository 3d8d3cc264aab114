/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections of this network namespace, as the kernel tells anybody (sock_diag(7)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/prefix/prefix.h"

#define TCP_DIAG_MAX 16 /* connections that are told; more are left out */

struct tcp_diag {
	struct address remote; /* IPv4 as such, also of a socket of IPv6 */
	bool timestamps;       /* both ends send them (RFC 7323): 12 bytes of each segment */
};

/* Established ones to a port. Returns 0, or -errno: the kernel may be without it. */
int tcp_diag_read(uint16_t remote_port, struct tcp_diag ret_list[TCP_DIAG_MAX], size_t *ret_count);

/* One answer of the kernel. Returns false where it tells no connection. Pure. */
struct nlmsghdr;
bool tcp_diag_parse(const struct nlmsghdr *message, struct tcp_diag *ret_connection);
