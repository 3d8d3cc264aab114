/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/packet.h"
#include "core/wire.h"

#define SYN_FOUND SYN_RESULT_COUNT /* in tables: not a reason, it is a SYN */

/* 192.0.2.7.40000 > 198.51.100.9.443: S 1:5(4) win 64240 <mss 1460> */
static const uint8_t packet4[] = {
	0x45, 0x00, 0x00, 0x30, 0x00, 0x07, 0x40, 0x00, 0x40, 0x06, 0x4d, 0xc3,
	0xc0, 0x00, 0x02, 0x07, 0xc6, 0x33, 0x64, 0x09,
	0x9c, 0x40, 0x01, 0xbb, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
	0x60, 0x02, 0xfa, 0xf0, 0x12, 0x34, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4,
	'd', 'a', 't', 'a',
};

/* 2001:db8::7.40000 > 2001:db8:1::9.443: S 1:5(4) win 64240 <mss 1460> */
static const uint8_t packet6[] = {
	0x60, 0x00, 0x00, 0x00, 0x00, 0x1c, 0x06, 0x40,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07,
	0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x09,
	0x9c, 0x40, 0x01, 0xbb, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
	0x60, 0x02, 0xfa, 0xf0, 0x12, 0x34, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4,
	'd', 'a', 't', 'a',
};

struct found {
	bool is_syn;
	enum family family;
	enum syn_result reason;
	struct syn syn;
	size_t tcp_at; /* offset of syn.tcp */
};

/* Looks into a copy that ends where its heap block ends, so that a sanitizer sees any read behind
 * it, and that has to come back as it was. */
static struct found look(const uint8_t *packet, size_t len)
{
	struct found found = { .family = FAMILY_COUNT, .reason = SYN_FOUND };
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, packet, len);
	found.is_syn = packet_find_syn(copy, len, &found.family, &found.syn, &found.reason);
	if (len > 0)
		assert_memory_equal(copy, packet, len);
	if (found.is_syn) {
		assert_ptr_equal(found.syn.ip, copy);
		found.tcp_at = (size_t)(found.syn.tcp - copy);
	}
	free(copy);
	return found;
}

struct change {
	uint8_t at, value;
};

static const struct {
	const char *name;
	int version;
	size_t len; /* of the buffer, 0: all of it */
	struct change changes[3];
	enum syn_result reason;
} cases[] = {
	{ "a SYN", 4, 0, { { 0 } }, SYN_FOUND },
	{ "a SYN over IPv6", 6, 0, { { 0 } }, SYN_FOUND },
	{ "version 0", 4, 0, { { 0, 0x05 } }, SYN_NOT_IP },
	{ "version 5", 4, 0, { { 0, 0x55 } }, SYN_NOT_IP },
	{ "version 15", 6, 0, { { 0, 0xf0 } }, SYN_NOT_IP },
	{ "IHL 0", 4, 0, { { 0, 0x40 } }, SYN_IP_HEADER },
	{ "IHL 4", 4, 0, { { 0, 0x44 } }, SYN_IP_HEADER },
	{ "IHL over the total length", 4, 0, { { 0, 0x4f } }, SYN_IP_HEADER },
	{ "total length 19", 4, 0, { { 3, 19 } }, SYN_IP_HEADER },
	{ "total length 0, as offloading leaves it", 4, 0, { { 3, 0 } }, SYN_IP_HEADER },
	{ "total length of the header", 4, 0, { { 3, 20 } }, SYN_TCP_TRUNCATED },
	{ "total length one over", 4, 0, { { 3, 49 } }, SYN_IP_TRUNCATED },
	{ "total length far over", 4, 0, { { 2, 0xff } }, SYN_IP_TRUNCATED },
	{ "cut by one byte", 4, 47, { { 0, 0x45 } }, SYN_IP_TRUNCATED },
	{ "cut within the IPv4 header", 4, 19, { { 0, 0x45 } }, SYN_IP_TRUNCATED },
	{ "more fragments", 4, 0, { { 6, 0x20 } }, SYN_FRAGMENT },
	{ "a fragment's offset", 4, 0, { { 7, 0x01 } }, SYN_FRAGMENT },
	{ "a large fragment's offset", 4, 0, { { 6, 0x10 } }, SYN_FRAGMENT },
	{ "the reserved bit is no fragment", 4, 0, { { 6, 0x80 } }, SYN_FOUND },
	{ "neither DF nor a fragment", 4, 0, { { 6, 0x00 } }, SYN_FOUND },
	{ "UDP", 4, 0, { { 9, 17 } }, SYN_NOT_TCP },
	{ "ESP", 4, 0, { { 9, 50 } }, SYN_NOT_TCP },
	{ "payload length 0", 6, 0, { { 5, 0 } }, SYN_JUMBO },
	{ "payload length one over", 6, 0, { { 5, 29 } }, SYN_IP_TRUNCATED },
	{ "cut by one byte over IPv6", 6, 67, { { 0, 0x60 } }, SYN_IP_TRUNCATED },
	{ "cut within the IPv6 header", 6, 39, { { 0, 0x60 } }, SYN_IP_TRUNCATED },
	{ "UDP over IPv6", 6, 0, { { 6, 17 } }, SYN_NOT_TCP },
	{ "ESP over IPv6", 6, 0, { { 6, 50 } }, SYN_NOT_TCP },
	{ "no next header", 6, 0, { { 6, 59 } }, SYN_NOT_TCP },
	{ "AH over IPv6", 6, 0, { { 6, 51 } }, SYN_AH },
	{ "a fragment over IPv6", 6, 0, { { 6, 44 } }, SYN_FRAGMENT },
	{ "an extension header over the end", 6, 0, { { 6, 60 }, { 41, 3 } },
	  SYN_EXTENSION_HEADER },
	{ "a segment of 19 bytes", 4, 0, { { 3, 39 } }, SYN_TCP_TRUNCATED },
	{ "a segment of 20 bytes", 4, 0, { { 3, 40 }, { 32, 0x50 } }, SYN_FOUND },
	{ "data offset 0", 4, 0, { { 32, 0x00 } }, SYN_TCP_HEADER },
	{ "data offset 4", 4, 0, { { 32, 0x40 } }, SYN_TCP_HEADER },
	{ "data offset up to the end", 4, 0, { { 32, 0x70 } }, SYN_FOUND },
	{ "data offset over the end", 4, 0, { { 32, 0x80 } }, SYN_TCP_HEADER },
	{ "ACK", 4, 0, { { 33, 0x10 } }, SYN_NOT_SYN },
	{ "no flag", 4, 0, { { 33, 0x00 } }, SYN_NOT_SYN },
	{ "SYN and ACK", 4, 0, { { 33, 0x12 } }, SYN_FOUND },
	{ "SYN, ECE and CWR", 4, 0, { { 33, 0xc2 } }, SYN_FOUND },
	{ "SYN and everything that is free", 4, 0, { { 33, 0xfa } }, SYN_FOUND },
	{ "SYN and FIN", 4, 0, { { 33, 0x03 } }, SYN_NOT_SYN },
	{ "SYN and RST", 4, 0, { { 33, 0x06 } }, SYN_NOT_SYN },
	{ "reserved bits beside the offset", 4, 0, { { 32, 0x6f } }, SYN_FOUND },
	{ "a short header comes before its offset", 4, 0, { { 3, 39 }, { 32, 0 } },
	  SYN_TCP_TRUNCATED },
	{ "a fragment comes before the protocol", 4, 0, { { 6, 0x20 }, { 9, 17 } }, SYN_FRAGMENT },
};

static void test_reasons(void **unused)
{
	uint8_t packet[sizeof(packet6)];

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool ipv4 = cases[i].version == 4;
		size_t whole = ipv4 ? sizeof(packet4) : sizeof(packet6);
		struct found found;

		memcpy(packet, ipv4 ? packet4 : packet6, whole);
		for (size_t n = 0; n < 3; n++) {
			struct change change = cases[i].changes[n];

			if (change.at != 0 || change.value != 0)
				packet[change.at] = change.value;
		}
		found = look(packet, cases[i].len ? cases[i].len : whole);
		if (found.reason != cases[i].reason || found.is_syn != (found.reason == SYN_FOUND))
			fail_msg("%s: %s", cases[i].name, syn_result_name(found.reason));
	}
}

static void test_what_is_found(void **unused)
{
	struct found found;

	(void)unused;
	found = look(packet4, sizeof(packet4));
	assert_int_equal(found.family, FAMILY_IPV4);
	assert_int_equal(found.syn.family, FAMILY_IPV4);
	assert_int_equal(found.tcp_at, 20);
	assert_int_equal(found.syn.ip_len, 48);
	assert_int_equal(found.syn.tcp_header_len, 24);
	assert_int_equal(found.syn.segment_len, 28);
	assert_int_equal(found.syn.source - found.syn.ip, 12);
	assert_int_equal(found.syn.destination - found.syn.ip, 16);

	found = look(packet6, sizeof(packet6));
	assert_int_equal(found.family, FAMILY_IPV6);
	assert_int_equal(found.syn.family, FAMILY_IPV6);
	assert_int_equal(found.tcp_at, 40);
	assert_int_equal(found.syn.ip_len, 68);
	assert_int_equal(found.syn.tcp_header_len, 24);
	assert_int_equal(found.syn.segment_len, 28);
	assert_int_equal(found.syn.source - found.syn.ip, 8);
	assert_int_equal(found.syn.destination - found.syn.ip, 24);
}

static void test_bytes_behind_the_packet_do_not_count(void **unused)
{
	uint8_t padded[sizeof(packet4) + 9];
	struct found found;

	(void)unused;
	memset(padded, 0x02, sizeof(padded));
	memcpy(padded, packet4, sizeof(packet4));
	found = look(padded, sizeof(padded));
	assert_true(found.is_syn);
	assert_int_equal(found.syn.segment_len, 28);
	padded[32] = 0x80; /* a data offset that only the bytes behind would fill */
	assert_int_equal(look(padded, sizeof(padded)).reason, SYN_TCP_HEADER);
}

static void test_every_truncation(void **unused)
{
	(void)unused;
	for (size_t len = 0; len < sizeof(packet4); len++)
		assert_int_equal(look(packet4, len).reason, len ? SYN_IP_TRUNCATED : SYN_NOT_IP);
	for (size_t len = 0; len < sizeof(packet6); len++)
		assert_int_equal(look(packet6, len).reason, len ? SYN_IP_TRUNCATED : SYN_NOT_IP);
}

static void test_family_is_told_without_a_syn(void **unused)
{
	(void)unused;
	assert_int_equal(look(packet4, 1).family, FAMILY_IPV4);
	assert_int_equal(look(packet6, 1).family, FAMILY_IPV6);
	assert_int_equal(look(packet6, 0).family, FAMILY_COUNT);
}

static void test_ipv4_options(void **unused)
{
	uint8_t packet[60 + sizeof(packet4)];

	(void)unused;
	for (uint8_t words = 5; words < 16; words++) {
		size_t header = words * 4u;
		struct found found;

		memset(packet, 0x01, sizeof(packet));
		memcpy(packet, packet4, 20);
		packet[0] = 0x40 | words;
		wire_put16(packet + 2, (uint16_t)(header + 28));
		memcpy(packet + header, packet4 + 20, 28);
		found = look(packet, header + 28);
		assert_true(found.is_syn);
		assert_int_equal(found.tcp_at, header);
		assert_int_equal(found.syn.segment_len, 28);
	}
}

enum { HOP = 0, TCP = 6, ROUTE = 43, FRAG = 44, ESP = 50, AUTH = 51, DEST = 60, MOBILITY = 135 };

#define HEADERS_MAX 10

static const struct {
	const char *name;
	uint8_t kinds[HEADERS_MAX]; /* up to the TCP */
	uint8_t units;              /* length field of the first header: 8 bytes each */
	enum syn_result reason;
} chains[] = {
	{ "hop-by-hop", { HOP, TCP }, 0, SYN_FOUND },
	{ "destination", { DEST, TCP }, 0, SYN_FOUND },
	{ "routing", { ROUTE, TCP }, 0, SYN_FOUND },
	{ "a long header", { DEST, TCP }, 3, SYN_FOUND },
	{ "the usual order", { HOP, DEST, ROUTE, DEST, TCP }, 0, SYN_FOUND },
	{ "the same thing twice", { ROUTE, ROUTE, TCP }, 0, SYN_FOUND },
	{ "hop-by-hop second", { DEST, HOP, TCP }, 0, SYN_EXTENSION_HEADER },
	{ "hop-by-hop twice", { HOP, HOP, TCP }, 0, SYN_EXTENSION_HEADER },
	{ "eight", { HOP, DEST, DEST, DEST, DEST, DEST, DEST, DEST, TCP }, 0, SYN_FOUND },
	{ "nine", { HOP, DEST, DEST, DEST, DEST, DEST, DEST, DEST, DEST, TCP }, 0,
	  SYN_EXTENSION_HEADER },
	{ "an atomic fragment", { FRAG, TCP }, 0, SYN_FRAGMENT },
	{ "a fragment behind others", { HOP, DEST, FRAG, TCP }, 0, SYN_FRAGMENT },
	{ "AH behind others", { HOP, AUTH, TCP }, 0, SYN_AH },
	{ "ESP behind others", { HOP, ESP, TCP }, 0, SYN_NOT_TCP },
	{ "mobility", { MOBILITY, TCP }, 0, SYN_NOT_TCP },
};

/* Puts the chain between packet6's header and its segment. Returns the packet's length. */
static size_t build_chain(uint8_t *packet, const uint8_t *kinds, uint8_t units, size_t *ret_tcp_at)
{
	size_t at = IPV6_HEADER_LEN;

	memcpy(packet, packet6, IPV6_HEADER_LEN);
	packet[6] = kinds[0];
	for (size_t i = 0; kinds[i] != TCP; i++) {
		size_t len = 8 + (i == 0 ? units * 8u : 0);

		memset(packet + at, 0, len);
		packet[at] = kinds[i + 1];
		packet[at + 1] = i == 0 ? units : 0;
		at += len;
	}
	*ret_tcp_at = at;
	memcpy(packet + at, packet6 + IPV6_HEADER_LEN, 28);
	wire_put16(packet + 4, (uint16_t)(at + 28 - IPV6_HEADER_LEN));
	return at + 28;
}

static void test_extension_headers(void **unused)
{
	uint8_t packet[256];

	(void)unused;
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		size_t tcp_at;
		size_t len = build_chain(packet, chains[i].kinds, chains[i].units, &tcp_at);
		struct found found = look(packet, len);

		if (found.reason != chains[i].reason)
			fail_msg("%s: %s", chains[i].name, syn_result_name(found.reason));
		if (found.is_syn && (found.tcp_at != tcp_at || found.syn.segment_len != 28))
			fail_msg("%s: TCP at %zu, %zu bytes", chains[i].name, found.tcp_at,
				 found.syn.segment_len);
	}
}

/* The IP length ends at each byte of a chain; nothing behind it may be read. */
static void test_a_chain_that_ends_anywhere(void **unused)
{
	static const uint8_t kinds[] = { HOP, ROUTE, DEST, TCP };
	uint8_t packet[256];
	size_t tcp_at, len = build_chain(packet, kinds, 1, &tcp_at);

	(void)unused;
	for (size_t end = IPV6_HEADER_LEN + 1; end < len; end++) {
		enum syn_result want = end < tcp_at ? SYN_EXTENSION_HEADER :
				       end < tcp_at + 20 ? SYN_TCP_TRUNCATED :
				       end < tcp_at + 24 ? SYN_TCP_HEADER : SYN_FOUND;

		wire_put16(packet + 4, (uint16_t)(end - IPV6_HEADER_LEN));
		assert_int_equal(look(packet, end).reason, want);
		assert_int_equal(look(packet, len).reason, want);
	}
}

static void test_every_result_has_its_own_name(void **unused)
{
	(void)unused;
	for (int i = 0; i < SYN_RESULT_COUNT; i++) {
		const char *name = syn_result_name((enum syn_result)i);

		assert_non_null(name);
		assert_string_not_equal(name, "unknown");
		for (int k = 0; k < i; k++)
			assert_string_not_equal(name, syn_result_name((enum syn_result)k));
	}
	assert_string_equal(syn_result_name(SYN_ALREADY_SMALL), "already_small");
	assert_string_equal(syn_result_name(SYN_RESULT_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_what_is_found),
		cmocka_unit_test(test_bytes_behind_the_packet_do_not_count),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_family_is_told_without_a_syn),
		cmocka_unit_test(test_ipv4_options),
		cmocka_unit_test(test_extension_headers),
		cmocka_unit_test(test_a_chain_that_ends_anywhere),
		cmocka_unit_test(test_every_result_has_its_own_name),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
