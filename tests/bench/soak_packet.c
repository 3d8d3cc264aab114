/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "soak_packet.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "frames.h"

enum { OPTIONS_MAX = 40 };

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

/* One option behind the others, as stacks send it or as nobody should. Returns the new length. */
static size_t add_option(uint8_t *options, size_t len, uint32_t *state)
{
	static const uint8_t kinds[] = { 0, 1, 1, 2, 2, 2, 2, 2, 3, 4, 5, 8, 19, 29, 30, 34, 254 };
	static const uint8_t lens[] = { 1, 1, 1, 4, 4, 4, 4, 3, 3, 2, 10, 10, 18, 16, 12, 10, 4 };
	static const uint16_t values[] = { 0, 1, 88, 535, 536, 1339, 1340, 1341, 1360, 1361, 1440,
					   1460, 8960, 65535 };
	size_t which = random_below(sizeof(kinds), state), room = lens[which];
	uint32_t value = values[random_below(sizeof(values) / sizeof(values[0]), state)];

	if (room > OPTIONS_MAX - len)
		room = OPTIONS_MAX - len;
	for (size_t i = 0; i < room; i++)
		options[len + i] = (uint8_t)random_below(256, state);
	if (room > 0)
		options[len] = kinds[which];
	if (room > 1)
		options[len + 1] = random_below(20, state) ? lens[which] :
							      (uint8_t)random_below(256, state);
	if (room > 3 && kinds[which] == 2)
		put16(options + len + 2, random_below(4, state) ? value : random_below(65536, state));
	return len + room;
}

/* Returns a multiple of 4. */
static size_t make_options(uint8_t *options, uint32_t *state)
{
	size_t len = 0, count = random_below(7, state);

	memset(options, random_below(2, state) ? 1 : 0, OPTIONS_MAX);
	for (size_t i = 0; i < count && len < OPTIONS_MAX; i++)
		len = add_option(options, len, state);
	return (len + 3) / 4 * 4;
}

static size_t make_ipv4(struct soak_packet *packet, uint32_t *state)
{
	static const uint8_t ends[] = { 192, 0, 2, 2, 198, 18, 0, 1 };
	size_t len = 20 + 4 * (random_below(8, state) == 0 ? 1 + random_below(3, state) : 0);
	uint8_t *ip = packet->ip;

	memset(ip, 1, len); /* its options are NOPs */
	memset(ip, 0, 20);
	ip[0] = (uint8_t)(0x40 | len / 4);
	ip[1] = (uint8_t)random_below(256, state);
	put16(ip + 4, random_below(65536, state));
	ip[6] = random_below(2, state) ? 0x40 : 0;
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	memcpy(ip + 12, ends, sizeof(ends));
	return len;
}

/* Destination options and padding of the hop-by-hop kind, in front of all. */
static size_t make_ipv6(struct soak_packet *packet, uint32_t *state)
{
	static const uint8_t ends[32] = { 0x20, 1, 0xd, 0xb8, 0, 1, [15] = 2,
					  0x20, 1, 0xd, 0xb8, 0, 0xf, [31] = 1 };
	uint32_t extensions = random_below(6, state) == 0 ? 1 + random_below(3, state) : 0;
	size_t len = 40, next_at = 6;
	uint8_t *ip = packet->ip;

	memset(ip, 0, SOAK_PACKET_MAX);
	ip[0] = 0x60;
	ip[3] = (uint8_t)random_below(256, state);
	ip[7] = 64;
	memcpy(ip + 8, ends, sizeof(ends));
	for (uint32_t i = 0; i < extensions; i++) {
		static const uint8_t padding[6] = { 1, 4 };

		ip[next_at] = i == 0 && random_below(2, state) ? 0 : 60;
		next_at = len;
		memcpy(ip + len + 2, padding, sizeof(padding));
		len += 8;
	}
	ip[next_at] = IPPROTO_TCP;
	return len;
}

/* The flags of a SYN most often, a data offset that lies now and then. */
static void make_tcp(struct soak_packet *packet, uint32_t n, uint32_t *state)
{
	uint8_t *tcp = packet->ip + packet->tcp_at, options[OPTIONS_MAX];
	size_t options_len = make_options(options, state);
	size_t data_len = random_below(3, state) ? 0 : random_below(200, state);
	uint32_t words = 5 + (uint32_t)options_len / 4;

	memset(tcp, 0, 20);
	put16(tcp, 1024 + random_below(60000, state));
	put16(tcp + 2, 443);
	put16(tcp + 4, n >> 16);
	put16(tcp + 6, n);
	tcp[12] = (uint8_t)((random_below(24, state) ? words : random_below(16, state)) << 4 |
			    random_below(16, state));
	tcp[13] = (uint8_t)(random_below(24, state) ? 2 | (random_below(4, state) ? 0 : 0x10) :
						       random_below(256, state));
	put16(tcp + 14, random_below(65536, state));
	memcpy(tcp + 20, options, options_len);
	for (size_t i = 0; i < data_len; i++)
		tcp[20 + options_len + i] = (uint8_t)random_below(256, state);
	packet->len = packet->tcp_at + 20 + options_len + data_len;
}

/* Lengths and checksums; that of TCP is wrong in one of eight. */
static void finish(struct soak_packet *packet, bool six, uint32_t *state)
{
	uint8_t *ip = packet->ip, *tcp = ip + packet->tcp_at;
	size_t len = packet->len - packet->tcp_at;
	uint32_t sum = frame_sum(ip + (six ? 8 : 12), six ? 32 : 8, IPPROTO_TCP + (uint32_t)len);

	put16(tcp + 16, ~frame_sum(tcp, len, sum));
	if (random_below(8, state) == 0)
		put16(tcp + 16, random_below(3, state) ? random_below(65536, state) :
			random_below(2, state) ? 0xffff : 0);
	put16(ip + (six ? 4 : 2), (uint32_t)(packet->len - (six ? 40 : 0)));
	if (!six)
		put16(ip + 10, ~frame_sum(ip, packet->tcp_at, 0));
}

void soak_packet_make(struct soak_packet *packet, uint32_t seed, uint32_t n)
{
	uint32_t state = seed ^ n * 2654435761u;
	bool six;

	random_below(2, &state);
	six = random_below(2, &state);
	packet->tcp_at = six ? make_ipv6(packet, &state) : make_ipv4(packet, &state);
	make_tcp(packet, n, &state);
	finish(packet, six, &state);
}

/* As ip_decrease_ttl in include/net/ip.h. */
void soak_packet_forward(struct soak_packet *packet)
{
	uint8_t *ip = packet->ip;
	uint32_t sum;

	if (ip[0] >> 4 == 6) {
		ip[7]--;
		return;
	}
	ip[8]--;
	sum = (uint32_t)(ip[10] << 8 | ip[11]) + 0x100;
	put16(ip + 10, sum + (sum >= 0xffff));
}
