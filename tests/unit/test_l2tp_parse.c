/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/l2tp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/peers/l2tp.h"
#include "l2tp_messages.h"
#include "rtnl_message.h"

#define HEADER sizeof(struct genlmsghdr)

static const struct {
	const uint8_t *bytes;
	size_t len;
	const char *line; /* number, version, wire, ends */
} tunnels[] = {
	{ RECORDED(l2tp_tunnel_1), "1 v3 udp 192.0.2.1:5000 192.0.2.7:6000" },
	{ RECORDED(l2tp_tunnel_7), "7 v3 ip 192.0.2.1:0 192.0.2.8:0" },
	{ RECORDED(l2tp_tunnel_11), "11 v3 udp 2001:db8::1:5001 2001:db8::7:6001" },
	{ RECORDED(l2tp_tunnel_12), "12 v2 udp 192.0.2.1:1701 192.0.2.9:1701" },
	{ RECORDED(l2tp_tunnel_15), "15 v3 ip 2001:db8::1:0 2001:db8::8:0" },
};

static void test_tunnels(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(tunnels); i++) {
		struct nlmsghdr *message = copy_message(tunnels[i].bytes, tunnels[i].len);
		struct l2tp_tunnel_list list = { 0 };
		struct l2tp_session_list none = { 0 };
		char line[256], local[PREFIX_TEXT_MAX], remote[PREFIX_TEXT_MAX];
		const struct l2tp_tunnel *tunnel;

		assert_int_equal(l2tp_parse_tunnel(message, &list), 0);
		assert_int_equal(list.count, 1);
		tunnel = &list.list[0];
		assert_true(tunnel->has_local && tunnel->has_remote);
		snprintf(line, sizeof(line), "%u v%u %s %s:%u %s:%u", tunnel->id, tunnel->version,
			 tunnel->udp ? "udp" : "ip", address_format(&tunnel->local, local),
			 tunnel->local_port, address_format(&tunnel->remote, remote),
			 tunnel->remote_port);
		assert_string_equal(line, tunnels[i].line);
		assert_int_equal(l2tp_parse_session(message, &none), 0);
		assert_int_equal(none.count, 0);
		l2tp_tunnel_list_done(&list);
		free(message);
	}
}

static const struct {
	const uint8_t *bytes;
	size_t len;
	struct l2tp_session session;
} sessions[] = {
	{ RECORDED(l2tp_session_1_3), { 1, 3, L2TP_PWTYPE_ETH, "l2a", 8, false } },
	{ RECORDED(l2tp_session_1_5), { 1, 5, L2TP_PWTYPE_ETH, "l2b", 0, true } },
	{ RECORDED(l2tp_session_7_9), { 7, 9, L2TP_PWTYPE_ETH, "l2c", 4, false } },
	{ RECORDED(l2tp_session_12_0), { 12, 0, L2TP_PWTYPE_PPP, "", 0, false } },
	{ RECORDED(l2tp_session_12_35), { 12, 35, L2TP_PWTYPE_PPP, "", 0, true } },
};

static void test_sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sessions); i++) {
		struct nlmsghdr *message = copy_message(sessions[i].bytes, sessions[i].len);
		const struct l2tp_session *expected = &sessions[i].session, *session;
		struct l2tp_session_list list = { 0 };
		struct l2tp_tunnel_list none = { 0 };

		assert_int_equal(l2tp_parse_session(message, &list), 0);
		assert_int_equal(list.count, 1);
		session = &list.list[0];
		assert_int_equal(session->tunnel, expected->tunnel);
		assert_int_equal(session->id, expected->id);
		assert_int_equal(session->wire, expected->wire);
		assert_string_equal(session->interface, expected->interface);
		assert_int_equal(session->cookie_len, expected->cookie_len);
		assert_int_equal(session->sends_sequence, expected->sends_sequence);
		assert_int_equal(l2tp_parse_tunnel(message, &none), 0);
		assert_int_equal(none.count, 0);
		l2tp_session_list_done(&list);
		free(message);
	}
}

/* Bytes until the kernel has told what a tunnel and a session must have. */
#define TUNNEL_NEEDS 50  /* message, family, version, CONN_ID, PEER_CONN_ID, ENCAP_TYPE */
#define SESSION_NEEDS 58 /* message, family, four numbers, PW_TYPE */

static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(tunnels); i++) {
		for (size_t len = NLMSG_HDRLEN; len < tunnels[i].len; len++) {
			bool whole = ends_with_attribute(tunnels[i].bytes, HEADER, len) &&
				     len >= TUNNEL_NEEDS;
			struct nlmsghdr *message = copy_message(tunnels[i].bytes, len);
			struct l2tp_tunnel_list list = { 0 };

			assert_int_equal(l2tp_parse_tunnel(message, &list), whole ? 0 : -EBADMSG);
			assert_int_equal(list.count, whole);
			l2tp_tunnel_list_done(&list);
			free(message);
		}
	}
	for (size_t i = 0; i < COUNT(sessions); i++) {
		for (size_t len = NLMSG_HDRLEN; len < sessions[i].len; len++) {
			bool whole = ends_with_attribute(sessions[i].bytes, HEADER, len) &&
				     len >= SESSION_NEEDS;
			struct nlmsghdr *message = copy_message(sessions[i].bytes, len);
			struct l2tp_session_list list = { 0 };

			assert_int_equal(l2tp_parse_session(message, &list), whole ? 0 : -EBADMSG);
			assert_int_equal(list.count, whole);
			l2tp_session_list_done(&list);
			free(message);
		}
	}
}

/* The fewest and the most bytes that an attribute can have; 20 are no limit. */
static const struct {
	const char *name;
	bool tunnel;
	uint16_t type;
	size_t least, most;
} attributes[] = {
	{ "CONN_ID",         true, L2TP_ATTR_CONN_ID, 4, 20 },
	{ "PROTO_VERSION",   true, L2TP_ATTR_PROTO_VERSION, 1, 20 },
	{ "ENCAP_TYPE",      true, L2TP_ATTR_ENCAP_TYPE, 2, 20 },
	{ "IP_SADDR",        true, L2TP_ATTR_IP_SADDR, 4, 20 },
	{ "IP_DADDR",        true, L2TP_ATTR_IP_DADDR, 4, 20 },
	{ "IP6_SADDR",       true, L2TP_ATTR_IP6_SADDR, 16, 20 },
	{ "IP6_DADDR",       true, L2TP_ATTR_IP6_DADDR, 16, 20 },
	{ "UDP_SPORT",       true, L2TP_ATTR_UDP_SPORT, 2, 20 },
	{ "UDP_DPORT",       true, L2TP_ATTR_UDP_DPORT, 2, 20 },
	{ "session CONN_ID", false, L2TP_ATTR_CONN_ID, 4, 20 },
	{ "SESSION_ID",      false, L2TP_ATTR_SESSION_ID, 4, 20 },
	{ "PW_TYPE",         false, L2TP_ATTR_PW_TYPE, 2, 20 },
	{ "IFNAME",          false, L2TP_ATTR_IFNAME, 0, 15 },
	{ "COOKIE",          false, L2TP_ATTR_COOKIE, 0, 8 },
	{ "SEND_SEQ",        false, L2TP_ATTR_SEND_SEQ, 1, 20 },
};

static struct nlmsghdr *build(size_t row, size_t len)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
	struct genlmsghdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	uint8_t data[20];

	memset(data, 'x', sizeof(data));
	header->cmd = attributes[row].tunnel ? L2TP_CMD_TUNNEL_GET : L2TP_CMD_SESSION_GET;
	mnl_attr_put_u32(message, L2TP_ATTR_CONN_ID, 1);
	mnl_attr_put_u32(message, L2TP_ATTR_SESSION_ID, 2);
	mnl_attr_put_u16(message, L2TP_ATTR_PW_TYPE, L2TP_PWTYPE_ETH);
	mnl_attr_put_u16(message, L2TP_ATTR_ENCAP_TYPE, L2TP_ENCAPTYPE_UDP);
	mnl_attr_put_u8(message, L2TP_ATTR_PROTO_VERSION, 3);
	mnl_attr_put(message, attributes[row].type, len, data);
	return copy_message(bytes, message->nlmsg_len);
}

static void test_attributes_of_each_length(void **state)
{
	(void)state;
	for (size_t row = 0; row < COUNT(attributes); row++) {
		for (size_t len = 0; len <= 20; len++) {
			struct nlmsghdr *message = build(row, len);
			struct l2tp_tunnel_list tunnel = { 0 };
			struct l2tp_session_list session = { 0 };
			bool good = len >= attributes[row].least && len <= attributes[row].most;
			int r = attributes[row].tunnel ? l2tp_parse_tunnel(message, &tunnel) :
							 l2tp_parse_session(message, &session);

			if (r != (good ? 0 : -EBADMSG) || tunnel.count + session.count != good)
				fail_msg("%s with %zu bytes: %d", attributes[row].name, len, r);
			l2tp_tunnel_list_done(&tunnel);
			l2tp_session_list_done(&session);
			free(message);
		}
	}
}

/* A UDP socket of IPv6 that is connected to an IPv4 host, and one that is not connected at all. */
static void test_addresses(void **state)
{
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 7 };
	static const uint8_t nowhere[16] = { 0 };
	struct l2tp_tunnel_list list = { 0 };

	(void)state;
	for (int connected = 0; connected < 2; connected++) {
		_Alignas(struct nlmsghdr) uint8_t bytes[256];
		struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
		struct genlmsghdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

		header->cmd = L2TP_CMD_TUNNEL_GET;
		mnl_attr_put_u32(message, L2TP_ATTR_CONN_ID, 1);
		mnl_attr_put_u16(message, L2TP_ATTR_ENCAP_TYPE, L2TP_ENCAPTYPE_UDP);
		mnl_attr_put_u8(message, L2TP_ATTR_PROTO_VERSION, 2);
		mnl_attr_put(message, L2TP_ATTR_IP6_DADDR, 16, connected ? mapped : nowhere);
		assert_int_equal(l2tp_parse_tunnel(message, &list), 0);
	}
	assert_int_equal(list.count, 2);
	assert_false(list.list[0].has_remote || list.list[0].has_local);
	assert_true(list.list[1].has_remote);
	assert_int_equal(list.list[1].remote.family, FAMILY_IPV4);
	assert_memory_equal(list.list[1].remote.bytes, mapped + 12, 4);
	l2tp_tunnel_list_done(&list);
}

static const struct {
	uint16_t type;
	uint8_t command;
	bool event;
} events[] = {
	{ 33, L2TP_CMD_TUNNEL_CREATE, true },   { 33, L2TP_CMD_TUNNEL_DELETE, true },
	{ 33, L2TP_CMD_TUNNEL_MODIFY, true },   { 33, L2TP_CMD_SESSION_CREATE, true },
	{ 33, L2TP_CMD_SESSION_DELETE, true },  { 33, L2TP_CMD_SESSION_MODIFY, true },
	{ 33, L2TP_CMD_NOOP, false },           { 33, L2TP_CMD_SESSION_GET, false },
	{ 33, L2TP_CMD_TUNNEL_GET, false },     { 32, L2TP_CMD_SESSION_CREATE, false },
};

static void test_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(events); i++) {
		struct nlmsghdr *message = copy_message(RECORDED(l2tp_session_1_3));
		struct genl_family family = { .id = 33 }, gone = { .id = 0 };

		message->nlmsg_type = events[i].type;
		((struct genlmsghdr *)NLMSG_DATA(message))->cmd = events[i].command;
		assert_int_equal(l2tp_is_event(message, &family), events[i].event);
		assert_false(l2tp_is_event(message, &gone));
		message->nlmsg_type = 0;
		assert_false(l2tp_is_event(message, &gone));
		message->nlmsg_type = family.id;
		message->nlmsg_len = NLMSG_HDRLEN;
		assert_false(l2tp_is_event(message, &family));
		free(message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tunnels),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_attributes_of_each_length),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests_name("l2tp_parse", tests, NULL, NULL);
}
