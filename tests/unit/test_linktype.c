/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ctl/trace/linktype.h"

#define NONE 0xffff /* no IP packet in the frame */

#define MACS 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2
#define COOKED 0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0 /* up to the protocol */
#define COOKED2 0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0 /* behind the protocol */

/* A frame ends where its list does; behind it comes nothing. */
#define FRAME(...) { __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static const struct {
	const char *name;
	uint32_t link_type;
	uint8_t frame[40];
	size_t len;
	size_t ip; /* offset of the IP packet, or NONE */
} cases[] = {
	{ "raw 101, IPv4", 101, FRAME(0x45, 0), 0 },
	{ "raw 101, IPv6", 101, FRAME(0x60, 0), 0 },
	{ "raw 101, neither is for the core to say", 101, FRAME(0x12, 0), 0 },
	{ "raw 12", 12, FRAME(0x45), 0 },
	{ "raw 14", 14, FRAME(0x45), 0 },
	{ "IPv4 only", 228, FRAME(0x45), 0 },
	{ "IPv4 only holds IPv6", 228, FRAME(0x60), NONE },
	{ "IPv6 only", 229, FRAME(0x60), 0 },
	{ "IPv6 only holds IPv4", 229, FRAME(0x45), NONE },
	{ "Ethernet, IPv4", 1, FRAME(MACS, 8, 0, 0x45), 14 },
	{ "Ethernet, IPv6", 1, FRAME(MACS, 0x86, 0xdd, 0x60), 14 },
	{ "Ethernet, ARP", 1, FRAME(MACS, 8, 6, 0x45), NONE },
	{ "Ethernet, a length instead of a type", 1, FRAME(MACS, 0, 0x2e, 0x45), NONE },
	{ "Ethernet says IPv4 above IPv6", 1, FRAME(MACS, 8, 0, 0x60), NONE },
	{ "Ethernet says IPv6 above IPv4", 1, FRAME(MACS, 0x86, 0xdd, 0x45), NONE },
	{ "Ethernet without a packet", 1, FRAME(MACS, 8, 0), 14 },
	{ "Ethernet, cut in its type", 1, FRAME(MACS, 8), NONE },
	{ "VLAN", 1, FRAME(MACS, 0x81, 0, 0, 5, 8, 0, 0x45), 18 },
	{ "VLAN, IPv6", 1, FRAME(MACS, 0x81, 0, 0, 5, 0x86, 0xdd, 0x60), 18 },
	{ "VLAN, ARP", 1, FRAME(MACS, 0x81, 0, 0, 5, 8, 6, 0x45), NONE },
	{ "VLAN, cut in its type", 1, FRAME(MACS, 0x81, 0, 0, 5, 8), NONE },
	{ "VLAN, cut in its tag", 1, FRAME(MACS, 0x81, 0, 0), NONE },
	{ "QinQ", 1, FRAME(MACS, 0x88, 0xa8, 0, 7, 0x81, 0, 0, 5, 8, 0, 0x45), 22 },
	{ "QinQ as it was", 1, FRAME(MACS, 0x91, 0, 0, 7, 0x81, 0, 0, 5, 8, 0, 0x45), 22 },
	{ "QinQ, cut behind the first tag", 1, FRAME(MACS, 0x88, 0xa8, 0, 7, 0x81, 0), NONE },
	{ "three tags", 1,
	  FRAME(MACS, 0x88, 0xa8, 0, 7, 0x81, 0, 0, 5, 0x81, 0, 0, 5, 8, 0, 0x45), 26 },
	{ "PPPoE", 1, FRAME(MACS, 0x88, 0x64, 0x11, 0, 0, 1, 0, 1, 0, 0x21, 0x45), NONE },
	{ "cooked, IPv4", 113, FRAME(COOKED, 8, 0, 0x45), 16 },
	{ "cooked, IPv6", 113, FRAME(COOKED, 0x86, 0xdd, 0x60), 16 },
	{ "cooked, VLAN", 113, FRAME(COOKED, 0x81, 0, 0, 5, 8, 0, 0x45), 20 },
	{ "cooked, Netlink", 113, FRAME(COOKED, 0, 4, 0x45), NONE },
	{ "cooked, cut in its protocol", 113, FRAME(COOKED, 8), NONE },
	{ "cooked 2, IPv4", 276, FRAME(8, 0, COOKED2, 0x45), 20 },
	{ "cooked 2, IPv6", 276, FRAME(0x86, 0xdd, COOKED2, 0x60), 20 },
	{ "cooked 2, VLAN", 276, FRAME(0x81, 0, COOKED2, 0, 5, 8, 0, 0x45), 24 },
	{ "cooked 2, cut", 276, FRAME(8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0),
	  NONE },
	{ "a link type we know by name", 0, FRAME(2, 0, 0, 0, 0x45), NONE },
	{ "a link type we don't know", 4711, FRAME(0x45), NONE },
};

/* Looks into a heap copy of exactly that length. */
static size_t find(uint32_t link_type, const uint8_t *frame, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	size_t ip = NONE;
	bool found;

	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, frame, len);
	found = linktype_find_ip(link_type, copy, len, &ip);
	free(copy);
	assert_int_equal(found, ip != NONE);
	return ip;
}

static void test_find_ip(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t ip = find(cases[i].link_type, cases[i].frame, cases[i].len);

		if (ip != cases[i].ip)
			fail_msg("%s: at %zu", cases[i].name, ip);
	}
}

/* No frame that ends earlier finds its packet elsewhere, or reads behind its end. */
static void test_every_truncation(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t len = 0; len < cases[i].len; len++) {
			size_t ip = find(cases[i].link_type, cases[i].frame, len);

			if (ip != NONE && ip != len && ip != cases[i].ip)
				fail_msg("%s, %zu bytes: at %zu", cases[i].name, len, ip);
		}
	}
}

static void test_names(void **unused)
{
	char list[256], tiny[20];

	(void)unused;
	assert_string_equal(linktype_name(1), "ETHERNET");
	assert_string_equal(linktype_name(0), "NULL");
	assert_null(linktype_name(4711));
	assert_true(linktype_is_supported(276));
	assert_false(linktype_is_supported(0));
	assert_false(linktype_is_supported(4711));
	linktype_list_supported(list, sizeof(list));
	assert_string_equal(list, "1 (ETHERNET), 12 (RAW), 14 (RAW), 101 (RAW), 113 (LINUX_SLL), "
				  "228 (IPV4), 229 (IPV6), 276 (LINUX_SLL2)");
	linktype_list_supported(tiny, sizeof(tiny));
	assert_string_equal(tiny, "1 (ETHERNET), 12 (R");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find_ip),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("linktype", tests, NULL, NULL);
}
