/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SYNs with options as stacks send them and as nobody should: random ones, and ones that lie. All are
 * packets that the IP layer of a router takes: what is hostile is TCP. */
#ifndef BENCH_SOAK_PACKET_H
#define BENCH_SOAK_PACKET_H

#include <stddef.h>
#include <stdint.h>

enum { SOAK_PACKET_MAX = 512 };

struct soak_packet {
	uint8_t ip[SOAK_PACKET_MAX];
	size_t len, tcp_at;
};

/* Packet n of a seed, always the same one, with n as its sequence number; from the client to a sink
 * of netns.Path in tests/lib. */
void soak_packet_make(struct soak_packet *packet, uint32_t seed, uint32_t n);

/* What a router does to it: one hop less. */
void soak_packet_forward(struct soak_packet *packet);

#endif
