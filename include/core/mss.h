/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MTU <-> MSS. An MSS counts neither IP nor TCP options (RFC 6691, RFC 9293 section 3.7.1). */
#pragma once

#include <stdint.h>

#include "core/packet.h"

#define MSS_HEADERS_IPV4 40 /* IPv4 20 + TCP 20 */
#define MSS_HEADERS_IPV6 60 /* IPv6 40 + TCP 20 */
#define MSS_MIN 88          /* the least a rule may set: below, hosts crawl or refuse */
#define MSS_MAX 65535
#define MSS_NONE 0          /* no limit */
#define MSS_DEFAULT_IPV4 536  /* RFC 9293 section 3.7.1: 576 - 40 */
#define MTU_LEAST_IPV6 1280   /* RFC 8200 section 5: a link with less carries no IPv6 */
#define MSS_DEFAULT_IPV6 1220 /* RFC 9293 section 3.7.1: 1280 - 60 */

static inline uint32_t mss_headers(enum family family)
{
	return family == FAMILY_IPV4 ? MSS_HEADERS_IPV4 : MSS_HEADERS_IPV6;
}

/* Largest MSS whose full segment fits an IP packet of mtu bytes, 1 to MSS_MAX. mtu 0 (unknown)
 * gives MSS_NONE; one that the headers alone fill gives 1. */
static inline uint32_t mss_from_mtu(enum family family, uint32_t mtu)
{
	uint32_t headers = mss_headers(family);

	if (mtu == 0)
		return MSS_NONE;
	if (mtu <= headers)
		return 1;
	if (mtu - headers > MSS_MAX)
		return MSS_MAX;
	return mtu - headers;
}
