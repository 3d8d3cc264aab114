/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SYNs of the benchmark, made before they are sent. */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H

#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_FIRST_PORT = 1024, /* flow n has the source port FRAME_FIRST_PORT + n */
	FRAME_FLOWS_PORTS = 64000, /* up to so many nobody else has it */
	FRAME_FLOWS_MAX = 1 << 21,
	FRAME_MSS4 = 1460,
	FRAME_MSS6 = 1440,
};

/* An IP packet with a SYN of 40 bytes as Linux sends it: MSS first, then SACK, timestamps, scale. */
struct frame {
	uint16_t ethertype_be;
	uint8_t len;
	uint8_t tcp_at;
	uint8_t ip[80];
};

/* Flow n, even ones IPv4, odd ones IPv6, between two of `peers` hosts that a generator of random
 * numbers chooses: 10.64.0.0 + i or fd00:64::i.
 * state   of the generator of random numbers; is changed */
void frame_make(struct frame *frame, uint32_t n, uint32_t peers, uint32_t *state);

/* Puts a number into the sequence number; the checksum stays right. */
void frame_stamp(struct frame *frame, uint32_t number);

/* The complement sum of bytes, not folded to its end: 0xffff where a checksum within is right.
 * sum   what was summed before, 0 at the start; len is even but for the last call */
uint32_t frame_sum(const uint8_t *bytes, size_t len, uint32_t sum);

#endif
