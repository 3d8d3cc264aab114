/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frames.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { TCP_LEN = 40, SEQ_AT = 4, SUM_AT = 16 };

static uint32_t random_below(uint32_t n, uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)*state * n >> 32);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

uint32_t frame_sum(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	if (len % 2)
		sum += (uint32_t)bytes[len - 1] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* addresses, len   both addresses as they stand in the IP header */
static void make_tcp(uint8_t *tcp, uint32_t n, const uint8_t *addresses, size_t len)
{
	static const uint8_t options[20] = {
		2, 4, 0, 0, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7,
	};
	uint32_t sum = frame_sum(addresses, len, IPPROTO_TCP + TCP_LEN);

	memset(tcp, 0, TCP_LEN);
	put16(tcp, FRAME_FIRST_PORT + n);
	put16(tcp + 2, 443);
	put32(tcp + SEQ_AT, n);
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = 2; /* SYN */
	put16(tcp + 14, 64240);
	memcpy(tcp + 20, options, sizeof(options));
	put16(tcp + 22, len == 8 ? FRAME_MSS4 : FRAME_MSS6);
	put16(tcp + SUM_AT, ~frame_sum(tcp, TCP_LEN, sum));
}

static void make4(uint8_t *ip, uint32_t from, uint32_t to)
{
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, 20 + TCP_LEN);
	ip[6] = 0x40; /* not to be cut */
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	put32(ip + 12, 0x0a400000u + from);
	put32(ip + 16, 0x0a400000u + to);
	put16(ip + 10, ~frame_sum(ip, 20, 0));
}

static void make6(uint8_t *ip, uint32_t from, uint32_t to)
{
	memset(ip, 0, 40);
	ip[0] = 0x60;
	put16(ip + 4, TCP_LEN);
	ip[6] = IPPROTO_TCP;
	ip[7] = 64;
	put32(ip + 8, 0xfd000064u);
	put32(ip + 20, from);
	put32(ip + 24, 0xfd000064u);
	put32(ip + 36, to);
}

void frame_make(struct frame *frame, uint32_t n, uint32_t peers, uint32_t *state)
{
	uint32_t from = random_below(peers, state), to = random_below(peers, state);
	size_t at = n % 2 ? 40 : 20;

	frame->ethertype_be = htons(n % 2 ? 0x86dd : 0x0800);
	frame->tcp_at = (uint8_t)at;
	frame->len = (uint8_t)(at + TCP_LEN);
	if (n % 2) {
		make6(frame->ip, from, to);
		make_tcp(frame->ip + at, n, frame->ip + 8, 32);
	} else {
		make4(frame->ip, from, to);
		make_tcp(frame->ip + at, n, frame->ip + 12, 8);
	}
}

void frame_stamp(struct frame *frame, uint32_t number)
{
	uint8_t *tcp = frame->ip + frame->tcp_at;
	uint32_t sum = (uint32_t)(tcp[SUM_AT] << 8 | tcp[SUM_AT + 1]);

	for (int i = SEQ_AT; i < SEQ_AT + 4; i += 2) /* RFC 1624: the old one out */
		sum += (uint32_t)(tcp[i] << 8 | tcp[i + 1]);
	put32(tcp + SEQ_AT, number);
	sum = frame_sum(NULL, 0, sum) ^ 0xffff;
	sum = frame_sum(tcp + SEQ_AT, 4, sum);
	put16(tcp + SUM_AT, ~sum);
}
