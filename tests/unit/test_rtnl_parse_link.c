/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/rtnl.h"
#include "rtnl_links.h"
#include "rtnl_message.h"

#define A62 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const uint8_t *bytes;
	size_t len;
	struct link link;
	const char *tunnel; /* link_tunnel_kind */
} links[] = {
	{ RECORDED(link_lo),
	  { .ifindex = 1, .name = "lo", .mtu = 65536, .mtu6 = 65536, .up = true,
	    .loopback = true }, NULL },
	{ RECORDED(link_tun),
	  { .ifindex = 33, .name = "tun5", .kind = "tun", .mtu = 1380, .mtu6 = 1380, .up = true },
	  "tun" },
	{ RECORDED(link_tap),
	  { .ifindex = 34, .name = "tap5", .kind = "tun", .mtu = 1500, .mtu6 = 1500, .tap = true },
	  "tap" },
	{ RECORDED(link_wireguard),
	  { .ifindex = 30, .name = "wg0", .kind = "wireguard", .mtu = 1420, .mtu6 = 1420 },
	  "wireguard" },
	{ RECORDED(link_veth),
	  { .ifindex = 6, .name = "v0", .kind = "veth", .alias = "uplink to provider A",
	    .mtu = 1492, .mtu6 = 1400, .lower_ifindex = 5, .up = true }, NULL },
	{ RECORDED(link_gre_fallback),
	  { .ifindex = 2, .name = "gre0", .kind = "gre", .mtu = 1476 }, NULL },
	/* 62 letters and a character of two bytes: it is cut before that, not through it */
	{ RECORDED(link_long_alias),
	  { .ifindex = 5, .name = "v1", .kind = "veth", .alias = A62, .mtu = 1500, .mtu6 = 1500,
	    .lower_ifindex = 6, .up = true }, NULL },
	/* IFLA_LINK 2 is its peer's index in another namespace, not its own */
	{ RECORDED(link_peer_elsewhere),
	  { .ifindex = 2, .name = "v0", .kind = "veth", .mtu = 1500, .mtu6 = 1500, .up = true },
	  NULL },
};

static void test_links(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(links); i++) {
		struct nlmsghdr *message = copy_message(links[i].bytes, links[i].len);
		const struct link *expected = &links[i].link, *link;
		struct link_list list = { 0 };
		const char *tunnel;

		assert_int_equal(rtnl_parse_link(message, &list), 0);
		assert_int_equal(list.count, 1);
		link = &list.list[0];
		assert_int_equal(link->ifindex, expected->ifindex);
		assert_string_equal(link->name, expected->name);
		assert_string_equal(link->kind, expected->kind);
		assert_string_equal(link->alias, expected->alias);
		assert_int_equal(link->mtu, expected->mtu);
		assert_int_equal(link->mtu6, expected->mtu6);
		assert_int_equal(link->lower_ifindex, expected->lower_ifindex);
		assert_int_equal(link->up, expected->up);
		assert_int_equal(link->loopback, expected->loopback);
		assert_int_equal(link->tap, expected->tap);
		tunnel = link_tunnel_kind(link);
		assert_string_equal(tunnel ? tunnel : "", links[i].tunnel ? links[i].tunnel : "");
		link_list_done(&list);
		free(message);
	}
}

/* What is no whole link: other news, and a bridge's or IPv6's own view of one. */
static void test_other_messages_append_nothing(void **state)
{
	const struct { uint16_t type; uint8_t family; } others[] = {
		{ RTM_DELLINK, AF_UNSPEC }, { RTM_NEWROUTE, AF_UNSPEC }, { RTM_NEWADDR, AF_INET },
		{ RTM_NEWLINK, AF_BRIDGE }, { RTM_NEWLINK, AF_INET6 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct nlmsghdr *message = copy_message(RECORDED(link_tun));
		struct link_list list = { 0 };

		message->nlmsg_type = others[i].type;
		((struct ifinfomsg *)NLMSG_DATA(message))->ifi_family = others[i].family;
		assert_int_equal(rtnl_parse_link(message, &list), 0);
		assert_int_equal(list.count, 0);
		free(message);
	}
}

static void test_index_out_of_range(void **state)
{
	const int indexes[] = { 0, -1, INT32_MIN };

	(void)state;
	for (size_t i = 0; i < COUNT(indexes); i++) {
		struct nlmsghdr *message = copy_message(RECORDED(link_tun));
		struct link_list list = { 0 };

		((struct ifinfomsg *)NLMSG_DATA(message))->ifi_index = indexes[i];
		assert_int_equal(rtnl_parse_link(message, &list), -EBADMSG);
		assert_int_equal(list.count, 0);
		free(message);
	}
}

static void test_link_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(links); i++) {
		for (size_t len = NLMSG_HDRLEN; len < links[i].len; len++) {
			bool whole = ends_with_attribute(links[i].bytes, sizeof(struct ifinfomsg),
							 len);
			struct nlmsghdr *message = copy_message(links[i].bytes, len);
			struct link_list list = { 0 };

			assert_int_equal(rtnl_parse_link(message, &list), whole ? 0 : -EBADMSG);
			assert_int_equal(list.count, whole);
			link_list_done(&list);
			free(message);
		}
	}
}

/* The fewest bytes that each attribute can mean something with: what is shorter is refused. */
static const struct {
	const char *name;
	struct attribute_path path;
	size_t least;
} attributes[] = {
	{ "IFLA_MTU",        { { IFLA_MTU } },                                      4 },
	{ "IFLA_LINK",       { { IFLA_LINK } },                                     4 },
	{ "IFLA_MASTER",     { { IFLA_MASTER } },                                   4 },
	{ "IFLA_TUN_TYPE",   { { IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_TUN_TYPE } },  1 },
	{ "IFLA_INET6_CONF", { { IFLA_AF_SPEC, AF_INET6, IFLA_INET6_CONF } },      12 },
};

static struct nlmsghdr *build(size_t row, size_t len)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	struct nlattr *nest;

	message->nlmsg_type = RTM_NEWLINK;
	info->ifi_index = 7;
	nest = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_strz(message, IFLA_INFO_KIND, "tun");
	mnl_attr_nest_end(message, nest);
	return end_with_attribute(message, &attributes[row].path, len, IFF_TAP);
}

static void test_attributes_of_each_length(void **state)
{
	(void)state;
	for (size_t row = 0; row < COUNT(attributes); row++) {
		for (size_t len = 0; len <= attributes[row].least + 4; len++) {
			struct nlmsghdr *message = build(row, len);
			struct link_list list = { 0 };
			bool enough = len >= attributes[row].least;
			int r = rtnl_parse_link(message, &list);

			if (r != (enough ? 0 : -EBADMSG) || list.count != enough)
				fail_msg("%s with %zu bytes: %d", attributes[row].name, len, r);
			link_list_done(&list);
			free(message);
		}
	}
}

static void test_name_too_long(void **state)
{
	struct nlmsghdr *message = copy_message(RECORDED(link_tun));
	struct nlattr *name = (struct nlattr *)(void *)((uint8_t *)message + NLMSG_HDRLEN +
							sizeof(struct ifinfomsg));
	struct link_list list = { 0 };

	(void)state;
	assert_int_equal(name->nla_type, IFLA_IFNAME);
	/* It now runs over the next two attributes: no NUL among its first 16 bytes. */
	name->nla_len = (uint16_t)(sizeof(*name) + 20);
	memset(name + 1, 'x', 20);
	assert_int_equal(rtnl_parse_link(message, &list), -EBADMSG);
	assert_int_equal(list.count, 0);
	free(message);
}

/* A kind that says nothing of tun devices may use the same number for anything. */
static void test_type_of_tun_alone(void **state)
{
	struct nlmsghdr *message = copy_message(RECORDED(link_tap));
	struct link_list list = { 0 };
	char *kind = memmem(message, message->nlmsg_len, "tun", 4);

	(void)state;
	assert_non_null(kind);
	kind[0] = 'r';
	assert_int_equal(rtnl_parse_link(message, &list), 0);
	assert_string_equal(list.list[0].kind, "run");
	assert_false(list.list[0].tap);
	link_list_done(&list);
	free(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_other_messages_append_nothing),
		cmocka_unit_test(test_index_out_of_range),
		cmocka_unit_test(test_link_cut_anywhere),
		cmocka_unit_test(test_attributes_of_each_length),
		cmocka_unit_test(test_name_too_long),
		cmocka_unit_test(test_type_of_tun_alone),
	};

	return cmocka_run_group_tests_name("rtnl_parse_link", tests, NULL, NULL);
}
