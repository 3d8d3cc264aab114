/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "ADDRESS:PORT" as VPN programs print it. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/prefix/prefix.h"

struct far_end {
	char address[PREFIX_TEXT_MAX]; /* canonical: an IPv4 address inside IPv6 is an IPv4 one */
	uint16_t port;                 /* 0 without */
	const char *proto;             /* "udp", "tcp" (static), or NULL where it is not told */
};

/* "192.0.2.1:1194", "192.0.2.1", "[2001:db8::1]:1194", "2001:db8::1", with a protocol in front as
 * OpenVPN 2.6 writes it: "udp4:", "tcp4-server:", "udp6:". A zone ("%eth0") is cut off.
 * Returns 0 or -EINVAL. */
int far_end_parse(const char *text, struct far_end *ret_far_end);
