/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/peers/ovpn.h"
#include "edge/peers/ovpn_uapi.h"
#include "ovpn_messages.h"
#include "peer_text.h"
#include "rtnl_message.h"

#define HEADER sizeof(struct genlmsghdr)

static const struct {
	const uint8_t *bytes;
	size_t len;
	bool dco;
	const char *line;
} rows[] = {
	{ RECORDED(ovpn_udp4), false,
	  "42 link 17 openvpn outer=4 mode=0 proto=0 dco=1 to 192.0.2.7 port 40000 "
	  "from 192.0.2.1 sport 1194 protocol 17 root allowed 10.8.0.2/32,2001:db8:8::2/128" },
	/* its own address is not bound */
	{ RECORDED(ovpn_udp6), false,
	  "7 link 17 openvpn outer=6 mode=0 proto=0 dco=1 to fe80::7 port 40001 sport 1194 "
	  "protocol 17 link 3 root allowed 10.8.0.3/32" },
	{ RECORDED(ovpn_tcp), false,
	  "0 link 17 openvpn mode=0 proto=1 dco=1 allowed 2001:db8:8::4/128" },
	{ RECORDED(ovpn_p2p), false,
	  "4294967295 link 17 openvpn outer=4 mode=0 proto=0 dco=1 to 192.0.2.8 port 1194 "
	  "sport 1195 protocol 17 root allowed 0.0.0.0/0,::/0" },
	{ RECORDED(ovpn_elsewhere), false,
	  "9 link 17 openvpn outer=4 mode=0 proto=0 dco=1 allowed 10.8.0.9/32: "
	  "its socket is in another network namespace" },
	{ RECORDED(dco_udp4), true,
	  "1 link 17 openvpn outer=4 mode=0 proto=0 dco=1 to 192.0.2.17 port 50000 "
	  "from 192.0.2.1 sport 1194 protocol 17 root allowed 10.9.0.2/32,2001:db8:9::2/128" },
	{ RECORDED(dco_udp6), true,
	  "2 link 17 openvpn outer=6 mode=0 proto=0 dco=1 to 2001:db8::17 port 50001 "
	  "from 2001:db8::1 sport 1194 protocol 17 root allowed 10.9.0.3/32" },
	{ RECORDED(dco_tcp), true, "3 link 17 openvpn mode=0 proto=1 dco=1 allowed 10.9.0.4/32" },
};

static struct ovpn_reading begin(bool dco)
{
	struct ovpn_reading reading = { .peers = peer_list_new(), .ifindex = 17, .dco = dco };

	assert_non_null(reading.peers);
	return reading;
}

static void test_peers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct nlmsghdr *message = copy_message(rows[i].bytes, rows[i].len);
		struct ovpn_reading reading = begin(rows[i].dco);

		assert_int_equal(ovpn_parse_peer(message, &reading), 0);
		assert_peers(reading.peers, 0, &rows[i].line, 1);
		peer_list_unref(reading.peers);
		free(message);
	}
}

/* In a message that is cut the nest of the peer is, or is not there at all. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t len = NLMSG_HDRLEN; len < rows[i].len; len++) {
			struct nlmsghdr *message = copy_message(rows[i].bytes, len);
			struct ovpn_reading reading = begin(rows[i].dco);

			assert_int_equal(ovpn_parse_peer(message, &reading), -EBADMSG);
			assert_int_equal(reading.peers->count, 0);
			peer_list_unref(reading.peers);
			free(message);
		}
	}
}

/* One dialect's message is nothing to the other. */
static void test_other_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct nlmsghdr *message = copy_message(rows[i].bytes, rows[i].len);
		struct ovpn_reading reading = begin(!rows[i].dco);

		assert_int_equal(ovpn_parse_peer(message, &reading), 0);
		assert_int_equal(reading.peers->count, 0);
		peer_list_unref(reading.peers);
		free(message);
	}
}

static const struct {
	const char *name;
	bool dco;
	uint16_t type;
	size_t least;
} attributes[] = {
	{ "id",          false, OVPN_PEER_ID, 4 },
	{ "IPv4 remote", false, OVPN_PEER_REMOTE_IPV4, 4 },
	{ "IPv6 remote", false, OVPN_PEER_REMOTE_IPV6, 16 },
	{ "scope",       false, OVPN_PEER_REMOTE_SCOPE, 4 },
	{ "port",        false, OVPN_PEER_REMOTE_PORT, 2 },
	{ "IPv4",        false, OVPN_PEER_VPN_IPV4, 4 },
	{ "IPv6",        false, OVPN_PEER_VPN_IPV6, 16 },
	{ "IPv4 local",  false, OVPN_PEER_LOCAL_IPV4, 4 },
	{ "IPv6 local",  false, OVPN_PEER_LOCAL_IPV6, 16 },
	{ "own port",    false, OVPN_PEER_LOCAL_PORT, 2 },
	{ "dco id",      true, OVPN_DCO_PEER_ID, 4 },
	{ "dco IPv4",    true, OVPN_DCO_PEER_VPN_IPV4, 4 },
	{ "dco IPv6",    true, OVPN_DCO_PEER_VPN_IPV6, 16 },
	{ "dco local",   true, OVPN_DCO_PEER_LOCAL, 4 },
	{ "dco port",    true, OVPN_DCO_PEER_LOCAL_PORT, 2 },
	{ "dco remote",  true, OVPN_DCO_PEER_SOCKADDR, 2 }, /* of a family that nobody knows */
};

static struct nlmsghdr *build(size_t row, size_t len)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
	struct genlmsghdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	bool dco = attributes[row].dco;
	uint8_t data[32];
	struct nlattr *nest;

	memset(data, 0x11, sizeof(data));
	header->cmd = dco ? OVPN_DCO_COMMAND_GET_PEER : OVPN_COMMAND_PEER_GET;
	nest = mnl_attr_nest_start(message, dco ? OVPN_DCO_ATTR_PEER : OVPN_ATTR_PEER);
	mnl_attr_put_u32(message, dco ? OVPN_DCO_PEER_ID : OVPN_PEER_ID, 5);
	mnl_attr_put(message, attributes[row].type, len, data);
	mnl_attr_nest_end(message, nest);
	return copy_message(bytes, message->nlmsg_len);
}

static void test_attributes_of_each_length(void **state)
{
	(void)state;
	for (size_t row = 0; row < COUNT(attributes); row++) {
		for (size_t len = 0; len <= attributes[row].least + 4; len++) {
			struct nlmsghdr *message = build(row, len);
			struct ovpn_reading reading = begin(attributes[row].dco);
			bool enough = len >= attributes[row].least;
			int r = ovpn_parse_peer(message, &reading);

			if (r != (enough ? 0 : -EBADMSG) || reading.peers->count != enough)
				fail_msg("%s with %zu bytes: %d", attributes[row].name, len, r);
			peer_list_unref(reading.peers);
			free(message);
		}
	}
}

static void test_peer_without_number(void **state)
{
	struct nlmsghdr *message = copy_message(RECORDED(ovpn_udp4));
	uint16_t *id = memmem(message, message->nlmsg_len, "\x08\0\x01\0\x2a", 5);
	struct ovpn_reading reading = begin(false);

	(void)state;
	assert_non_null(id);
	id[1] = 77;
	assert_int_equal(ovpn_parse_peer(message, &reading), -EBADMSG);
	assert_int_equal(reading.peers->count, 0);
	peer_list_unref(reading.peers);
	free(message);
}

static const struct {
	const char *id;
	int result;
	uint32_t number;
} ids[] = {
	{ "42", 0, 42 },
	{ "0", 0, 0 },
	{ "4294967295", 0, 4294967295 },
	{ "4294967296", -EINVAL, 0 },
	{ "alice/42", 0, 42 },
	{ "O/ops/alice/7", 0, 7 },
	{ "alice", -EINVAL, 0 },
	{ "42/alice", -EINVAL, 0 },
	{ "alice/", -EINVAL, 0 },
	{ "", -EINVAL, 0 },
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		uint32_t number = 0;

		assert_int_equal(ovpn_peer_number(ids[i].id, &number), ids[i].result);
		assert_int_equal(number, ids[i].number);
	}
}

/* A list of peers by number and warning: in order, each once, what was there before untouched. */
static void test_sort(void **state)
{
	static const char *const told[] = { "9", "10", "9", "2", "10", "10", "4294967295", "2" };
	static const char *const sorted[] = { "77", "2", "2", "9", "10", "4294967295" };
	struct ovpn_reading reading = begin(false);

	(void)state;
	ovpn_sort_peers(&reading);
	assert_int_equal(reading.peers->count, 0);
	for (size_t i = 0; i < COUNT(told) + 2; i++) {
		struct peer peer = { .id = strdup(i < 2 ? sorted[i] : told[i - 2]) };

		assert_int_equal(peer_list_append(reading.peers, &peer), 0);
	}
	reading.before = 2;
	ovpn_sort_peers(&reading);
	assert_int_equal(reading.peers->count, COUNT(sorted));
	for (size_t i = 0; i < COUNT(sorted); i++)
		assert_string_equal(reading.peers->list[i].id, sorted[i]);
	peer_list_unref(reading.peers);
}

/* Those that come before the next dump, beside the peers that are known. */
static void test_unknown(void **state)
{
	static const char udp[] = "- link 17 openvpn mode=0 proto=0 dco=1 allowed 0.0.0.0/0,::/0";
	static const char tcp[] = "- link 17 openvpn mode=0 proto=1 dco=1 allowed 0.0.0.0/0,::/0";
	static const struct {
		const uint8_t *bytes[2];
		size_t len[2];
		const char *unknown; /* NULL: none */
	} cases[] = {
		{ { NULL }, { 0 }, udp },
		{ { ovpn_udp4 }, { sizeof(ovpn_udp4) }, udp },
		{ { ovpn_tcp }, { sizeof(ovpn_tcp) }, tcp },
		{ { ovpn_tcp, ovpn_udp4 }, { sizeof(ovpn_tcp), sizeof(ovpn_udp4) }, udp },
		{ { ovpn_p2p }, { sizeof(ovpn_p2p) }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ovpn_reading reading = begin(false);
		size_t count = 0;

		for (; count < 2 && cases[i].bytes[count]; count++) {
			struct nlmsghdr *message = copy_message(cases[i].bytes[count],
								cases[i].len[count]);

			assert_int_equal(ovpn_parse_peer(message, &reading), 0);
			free(message);
		}
		assert_int_equal(ovpn_append_unknown(&reading), 0);
		assert_peers(reading.peers, count, &cases[i].unknown, cases[i].unknown != NULL);
		peer_list_unref(reading.peers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_other_messages),
		cmocka_unit_test(test_attributes_of_each_length),
		cmocka_unit_test(test_peer_without_number),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests_name("ovpn_parse", tests, NULL, NULL);
}
