/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes of netlink messages as size_t. libmnl's own macros are int and warn at -Wconversion. */
#pragma once

#include <linux/netlink.h>
#include <stddef.h>

#define NL_HEADER_LEN sizeof(struct nlmsghdr)    /* 16, a multiple of the alignment */
#define NL_ATTRIBUTE_LEN sizeof(struct nlattr)   /* 4 */

/* Netlink pads messages and attributes to multiples of 4 bytes. */
static inline size_t nl_align(size_t len)
{
	return (len + 3) & ~(size_t)3;
}
