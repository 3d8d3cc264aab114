/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One walk over the options of a TCP header (RFC 9293 section 3.2, Linux tcp_parse_options). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TCPOPT_EOL = 0,
	TCPOPT_NOP = 1,
	TCPOPT_MSS = 2, /* RFC 9293 section 3.7.1; length 4 */
	TCPOPT_MD5 = 19, /* RFC 2385 */
	TCPOPT_AO = 29,  /* RFC 5925 */
};

#define TCPOPT_MSS_LEN 4
#define TCPOPT_MSS_MAX 10 /* 40 bytes of options / 4 */

struct tcpopt {
	uint8_t mss_at[TCPOPT_MSS_MAX]; /* offsets of kind bytes from the TCP header's start */
	uint8_t mss_count;   /* options of kind 2 and length 4 */
	bool mss_odd_length; /* an option of kind 2 and another length was stepped over */
	bool md5, ao;        /* kinds 19, 29 seen */
	bool malformed;      /* a length was below 2 or over the rest: the walk ended there */
};

/* Walks the options of a TCP header of header_len bytes (20 to 60, all readable). */
struct tcpopt tcpopt_walk(const uint8_t *tcp, size_t header_len);
