/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the TCP header of a SYN is, or why the packet is none of ours. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILY_COUNT };

#define IPV4_HEADER_MIN 20 /* RFC 791: IHL 5 */
#define IPV6_HEADER_LEN 40 /* RFC 8200 section 3 */
#define TCP_HEADER_MIN 20  /* RFC 9293 section 3.1: data offset 5 */

/* What became of one packet. Exactly one for each: the first that applies, in this order of the
 * contract: SYN_* reasons for leaving alone as they are found, then dropped, raised, clamped,
 * malformed_option, inserted, no_mss, no_limit, already_small. */
enum syn_result {
	SYN_CLAMPED,       /* an MSS option was lowered */
	SYN_INSERTED,      /* a missing MSS option was added */
	SYN_RAISED,        /* a tiny MSS was raised (low_mss) */
	SYN_DROPPED,       /* a tiny MSS was dropped (low_mss) */
	SYN_ALREADY_SMALL, /* at or below the limit */
	SYN_NO_MSS,        /* no MSS option, none added */
	SYN_NO_LIMIT,      /* neither side of the flow has a limit */
	/* left alone, with the reason */
	SYN_NOT_IP,
	SYN_IP_HEADER,
	SYN_IP_TRUNCATED,
	SYN_FRAGMENT,
	SYN_JUMBO,
	SYN_AH,
	SYN_EXTENSION_HEADER,
	SYN_NOT_TCP,
	SYN_TCP_TRUNCATED,
	SYN_TCP_HEADER,
	SYN_NOT_SYN,
	SYN_MALFORMED_OPTION,
	SYN_TCP_AO,
	SYN_TRUNCATED_COPY,
	SYN_BRIDGE,
	SYN_USERNS,
	SYN_RESULT_COUNT
};

#define SYN_LEFT_ALONE_FIRST SYN_NOT_IP
#define SYN_UNDECIDED SYN_RESULT_COUNT /* nothing speaks against it so far */

/* The name in JSON and metrics: "clamped", "already_small", "not_ip", ... Never NULL. */
const char *syn_result_name(enum syn_result result);

/* One SYN inside the caller's buffer. All lengths are bytes. */
struct syn {
	enum family family;
	uint8_t *ip;             /* first byte of the IP header */
	size_t ip_len;           /* IP packet by its own length field */
	uint8_t *tcp;            /* first byte of the TCP header */
	size_t tcp_header_len;   /* data offset x 4: 20 to 60 */
	size_t segment_len;      /* TCP header and payload */
	const uint8_t *source;      /* 4 or 16 bytes */
	const uint8_t *destination; /* 4 or 16 bytes */
};

/* Finds the SYN in one IP packet: points 1 to 5 of the packet contract (doc/design.md).
 * packet, len   the IP packet as it was copied; only read
 * ret_family    written when the version nibble says IPv4 or IPv6, also when there is no SYN
 * ret_syn       written only when it returns true
 * Returns true, or false with the reason in *ret_reason (SYN_NOT_IP to SYN_NOT_SYN). */
bool packet_find_syn(uint8_t *packet, size_t len, enum family *ret_family, struct syn *ret_syn,
		     enum syn_result *ret_reason);
