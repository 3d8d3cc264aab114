/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "base/array.h"
#include "edge/netlink/endpoint.h"

static struct address address(const char *text)
{
	struct address parsed;

	assert_int_equal(address_parse(text, &parsed), 0);
	return parsed;
}

static const struct {
	const char *given, *told;
	bool is_address, is_host;
} addresses[] = {
	{ "192.0.2.7", "192.0.2.7", true, true },
	{ "2001:db8::7", "2001:db8::7", true, true },
	{ "::ffff:192.0.2.7", "192.0.2.7", true, true },
	{ "::ffff:0.0.0.0", "0.0.0.0", false, false },
	{ "::192.0.2.7", "::192.0.2.7", true, true }, /* RFC 4291 2.5.5.1: compatible is not mapped */
	{ "::fffe:192.0.2.7", "::fffe:c000:207", true, true },
	{ "0.0.0.0", "0.0.0.0", false, false },
	{ "::", "::", false, false },
	{ "::1", "::1", true, true },
	{ "0.0.0.1", "0.0.0.1", true, true },
	{ "224.0.0.0", "224.0.0.0", true, false },
	{ "239.255.255.255", "239.255.255.255", true, false },
	{ "223.255.255.255", "223.255.255.255", true, true },
	{ "240.0.0.1", "240.0.0.1", true, true },
	{ "ff02::1", "ff02::1", true, false },
	{ "fe80::1", "fe80::1", true, true },
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct address given = address(addresses[i].given), told;
		char text[PREFIX_TEXT_MAX];

		told = endpoint_address(given.family, given.bytes);
		assert_string_equal(address_format(&told, text), addresses[i].told);
		assert_int_equal(endpoint_is_address(&told), addresses[i].is_address);
		assert_int_equal(endpoint_is_host(&told), addresses[i].is_host);
	}
}

static const struct {
	const char *to, *from; /* NULL: not known */
	uint16_t outer;
	bool has_source;
} ways[] = {
	{ "192.0.2.7", "192.0.2.1", 4, true },
	{ "2001:db8::7", "2001:db8::1", 6, true },
	{ "192.0.2.7", "0.0.0.0", 4, false },
	{ "2001:db8::7", "::", 6, false },
	{ "192.0.2.7", "2001:db8::1", 4, false },
	{ NULL, "192.0.2.1", 0, false },
};

static void test_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct endpoint endpoint = { .known = ways[i].to, .port = 9, .scope = 3 };
		struct address source = address(ways[i].from);
		struct peer peer = { .layer_count = 1 };

		if (ways[i].to)
			endpoint.address = address(ways[i].to);
		endpoint_set(&peer, &endpoint, IPPROTO_UDP);
		endpoint_set_source(&peer, &source);
		assert_int_equal(peer.has_endpoint, ways[i].to != NULL);
		assert_int_equal(peer.endpoint_port, ways[i].to ? 9 : 0);
		assert_int_equal(peer.way.protocol, ways[i].to ? IPPROTO_UDP : 0);
		assert_int_equal(encap_has(&peer.layer[0], ENCAP_KEY_OUTER), ways[i].to != NULL);
		assert_int_equal(peer.layer[0].value[ENCAP_KEY_OUTER], ways[i].outer);
		assert_int_equal(peer.way.oif, ways[i].outer == 6 ? 3 : 0);
		assert_int_equal(peer.way.has_source, ways[i].has_source);
		if (ways[i].has_source)
			assert_memory_equal(&peer.way.source, &source, sizeof(source));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_ways),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
