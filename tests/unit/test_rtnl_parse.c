/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/route_mtu.h"
#include "edge/netlink/rtnl.h"
#include "rtnl_message.h"
#include "rtnl_routes.h"

static const struct {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	const char *routes; /* prefix, link or object, MTU for each */
} routes[] = {
	{ "default route",    RECORDED(route_default),       "0.0.0.0/0 dev 6 mtu 0, " },
	{ "with an MTU",      RECORDED(route_mtu),           "10.9.0.0/16 dev 33 mtu 1300, " },
	{ "two next hops",    RECORDED(route_multipath),
	  "10.10.0.0/16 dev 6 mtu 1350, 10.10.0.0/16 dev 33 mtu 1350, " },
	{ "IPv6 gateway",     RECORDED(route_via_inet6),     "10.11.0.0/16 dev 6 mtu 0, " },
	{ "another table",    RECORDED(route_table_4000),    "10.12.0.0/16 dev 6 mtu 1400, " },
	{ "black hole",       RECORDED(route_blackhole),     "" },
	{ "next hop objects", RECORDED(route_nexthop_group),
	  "10.18.0.0/16 dev 14 mtu 0, 10.18.0.0/16 dev 6 mtu 0, " },
	{ "object alone",     RECORDED(route_nexthop_bare),  "10.17.0.0/16 object 1 mtu 0, " },
	{ "object and MTU",   RECORDED(route_nexthop_mtu),   "10.16.0.0/16 object 7 mtu 1280, " },
	{ "IPv6, object",     RECORDED(route_six_nexthop),   "fd10::/16 object 9 mtu 1290, " },
	{ "own address",      RECORDED(route_local),         "" },
	{ "IPv6 default",     RECORDED(route_six_default),   "::/0 dev 6 mtu 0, " },
	{ "IPv6 with MTU",    RECORDED(route_six_mtu),       "fd09::/16 dev 33 mtu 1290, " },
	{ "IPv6, two hops",   RECORDED(route_six_multipath),
	  "fd09:1::/32 dev 6 mtu 1300, fd09:1::/32 dev 33 mtu 1300, " },
	{ "IPv6 host route",  RECORDED(route_six_host),      "fd09::7/128 dev 33 mtu 1281, " },
	{ "IPv6 own address", RECORDED(route_six_local),     "" },
};

static void format_routes(const struct route_list *list, const struct bare_list *bare, char *text,
			  size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->count + bare->count; i++) {
		const struct bare_route *object =
			i < list->count ? NULL : &bare->list[i - list->count];
		const struct route *route = object ? &object->route : &list->list[i];
		char prefix[PREFIX_TEXT_MAX];

		assert_int_equal(route->ifindex == 0, object != NULL);
		len += (size_t)snprintf(text + len, size - len, "%s %s %u mtu %u, ",
					prefix_format(&route->prefix, prefix),
					object ? "object" : "dev",
					object ? object->nexthop : route->ifindex, route->mtu);
		assert_true(len < size);
	}
}

static void test_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(routes); i++) {
		struct nlmsghdr *message = copy_message(routes[i].bytes, routes[i].len);
		struct route_list list = { 0 };
		struct bare_list bare = { 0 };
		char text[256];

		assert_int_equal(rtnl_parse_route(message, &list, &bare), 0);
		format_routes(&list, &bare, text, sizeof(text));
		if (strcmp(text, routes[i].routes) != 0)
			fail_msg("%s: %s", routes[i].name, text);
		route_list_done(&list);
		bare_list_done(&bare);
		free(message);
	}
}

/* What is no route that a packet may take: other news, other families, cached copies; and what we
 * wrote ourselves. */
static void test_other_messages_append_nothing(void **state)
{
	const struct { uint16_t type; uint8_t family, kind, protocol; uint32_t flags; } others[] = {
		{ RTM_DELROUTE, AF_INET,   RTN_UNICAST,   RTPROT_BOOT,        0            },
		{ RTM_NEWLINK,  AF_INET,   RTN_UNICAST,   RTPROT_BOOT,        0            },
		{ RTM_NEWROUTE, AF_MPLS,   RTN_UNICAST,   RTPROT_BOOT,        0            },
		{ RTM_NEWROUTE, AF_UNSPEC, RTN_UNICAST,   RTPROT_BOOT,        0            },
		{ RTM_NEWROUTE, AF_INET,   RTN_UNICAST,   RTPROT_BOOT,        RTM_F_CLONED },
		{ RTM_NEWROUTE, AF_INET,   RTN_MULTICAST, RTPROT_BOOT,        0            },
		{ RTM_NEWROUTE, AF_INET,   RTN_THROW,     RTPROT_BOOT,        0            },
		{ RTM_NEWROUTE, AF_INET,   RTN_UNICAST,   ROUTE_MTU_PROTOCOL, 0            },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct nlmsghdr *message = copy_message(RECORDED(route_mtu));
		struct rtmsg *header = NLMSG_DATA(message);
		struct route_list list = { 0 };
		struct bare_list bare = { 0 };

		message->nlmsg_type = others[i].type;
		header->rtm_family = others[i].family;
		header->rtm_type = others[i].kind;
		header->rtm_protocol = others[i].protocol;
		header->rtm_flags = others[i].flags;
		assert_int_equal(rtnl_parse_route(message, &list, &bare), 0);
		assert_int_equal(list.count, 0);
		free(message);
	}
}

static void test_prefix_too_long(void **state)
{
	struct nlmsghdr *four = copy_message(RECORDED(route_mtu));
	struct nlmsghdr *six = copy_message(RECORDED(route_six_mtu));
	struct route_list list = { 0 };
	struct bare_list bare = { 0 };

	(void)state;
	((struct rtmsg *)NLMSG_DATA(four))->rtm_dst_len = 33;
	((struct rtmsg *)NLMSG_DATA(six))->rtm_dst_len = 129;
	assert_int_equal(rtnl_parse_route(four, &list, &bare), -EBADMSG);
	assert_int_equal(rtnl_parse_route(six, &list, &bare), -EBADMSG);
	assert_int_equal(list.count, 0);
	free(four);
	free(six);
}

/* A length without the address that it belongs to. */
static void test_prefix_without_address(void **state)
{
	struct nlmsghdr *message = copy_message(RECORDED(route_mtu));
	uint8_t *destination = memmem(message, message->nlmsg_len, "\x08\0\x01\0", 4);
	struct route_list list = { 0 };
	struct bare_list bare = { 0 };

	(void)state;
	assert_non_null(destination);
	destination[2] = RTA_PREFSRC;
	assert_int_equal(rtnl_parse_route(message, &list, &bare), -EBADMSG);
	assert_int_equal(list.count, 0);
	free(message);
}

/* Bits behind the length are no part of the prefix, whatever the message says. */
static void test_bits_behind_the_prefix(void **state)
{
	struct nlmsghdr *message = copy_message(RECORDED(route_mtu));
	struct route_list list = { 0 };
	struct bare_list bare = { 0 };
	char text[PREFIX_TEXT_MAX];

	(void)state;
	((struct rtmsg *)NLMSG_DATA(message))->rtm_dst_len = 5;
	assert_int_equal(rtnl_parse_route(message, &list, &bare), 0);
	assert_string_equal(prefix_format(&list.list[0].prefix, text), "8.0.0.0/5");
	route_list_done(&list);
	bare_list_done(&bare);
	free(message);
}

/* Where an attribute is missing a route may be good for nothing, but never for another prefix. */
static void test_route_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(routes); i++) {
		for (size_t len = NLMSG_HDRLEN; len < routes[i].len; len++) {
			const struct rtmsg *header =
				(const void *)(routes[i].bytes + NLMSG_HDRLEN);
			bool whole = ends_with_attribute(routes[i].bytes, sizeof(*header), len);
			struct nlmsghdr *message = copy_message(routes[i].bytes, len);
			struct route_list list = { 0 };
			struct bare_list bare = { 0 };
			int r = rtnl_parse_route(message, &list, &bare);

			if (len < NLMSG_HDRLEN + sizeof(*header))
				assert_int_equal(r, -EBADMSG);
			else if (header->rtm_type != RTN_UNICAST)
				assert_int_equal(r, 0);
			else if (!whole)
				assert_int_equal(r, -EBADMSG);
			if (r < 0)
				assert_int_equal(list.count + bare.count, 0);
			for (size_t n = 0; n < list.count; n++)
				assert_int_equal(list.list[n].prefix.length, header->rtm_dst_len);
			route_list_done(&list);
			bare_list_done(&bare);
			free(message);
		}
	}
}

/* The fewest bytes that each attribute can mean something with: what is shorter is refused. */
static const struct {
	const char *name;
	uint8_t family;
	struct attribute_path path;
	size_t least;
} attributes[] = {
	{ "RTA_DST",       AF_INET,  { { RTA_DST } },                 4 },
	{ "RTA_DST, IPv6", AF_INET6, { { RTA_DST } },                16 },
	{ "RTA_OIF",       AF_INET,  { { RTA_OIF } },                 4 },
	{ "RTAX_MTU",      AF_INET,  { { RTA_METRICS, RTAX_MTU } },   4 },
	{ "RTA_NH_ID",     AF_INET,  { { RTA_NH_ID } },               4 },
};

static struct nlmsghdr *build(size_t row, size_t len)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(message, sizeof(*route));

	message->nlmsg_type = RTM_NEWROUTE;
	route->rtm_family = attributes[row].family;
	route->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(message, RTA_OIF, 7);
	return end_with_attribute(message, &attributes[row].path, len, 1);
}

static void test_attributes_of_each_length(void **state)
{
	(void)state;
	for (size_t row = 0; row < COUNT(attributes); row++) {
		for (size_t len = 0; len <= attributes[row].least + 4; len++) {
			struct nlmsghdr *message = build(row, len);
			struct route_list list = { 0 };
			struct bare_list bare = { 0 };
			bool enough = len >= attributes[row].least;
			int r = rtnl_parse_route(message, &list, &bare);

			if (r != (enough ? 0 : -EBADMSG) || list.count != enough)
				fail_msg("%s with %zu bytes: %d", attributes[row].name, len, r);
			route_list_done(&list);
			bare_list_done(&bare);
			free(message);
		}
	}
}

/* Either hop of two, 16 and 8 bytes long. What came before the bad one must not stay appended. */
static void test_hop_that_claims_a_wrong_length(void **state)
{
	const struct { size_t from_end; uint16_t claimed; } hops[] = {
		{ 24, 0 }, { 24, 7 }, { 24, 17 }, { 24, 23 }, { 24, 25 }, { 24, UINT16_MAX },
		{  8, 0 }, {  8, 7 }, {  8, 9 },  {  8, 16 }, {  8, 24 }, {  8, UINT16_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(hops); i++) {
		struct nlmsghdr *message = copy_message(RECORDED(route_multipath));
		uint8_t *end = (uint8_t *)message + message->nlmsg_len;
		struct route_list list = { 0 };
		struct bare_list bare = { 0 };
		int expected = hops[i].claimed == 23 ? 0 : -EBADMSG;

		memcpy(end - hops[i].from_end, &hops[i].claimed, sizeof(hops[i].claimed));
		if (rtnl_parse_route(message, &list, &bare) != expected)
			fail_msg("%u bytes claimed, %zu there", hops[i].claimed, hops[i].from_end);
		/* 23 bytes and their padding swallow the second hop. */
		assert_int_equal(list.count, expected == 0);
		route_list_done(&list);
		bare_list_done(&bare);
		free(message);
	}
}

#define BOTH (RTNL_CHANGED_LINKS | RTNL_CHANGED_ROUTES)

static const struct {
	const char *name;
	uint16_t type;
	uint8_t family; /* the first byte of any rtnetlink message */
	uint32_t route_flags;
	unsigned int changed;
} events[] = {
	{ "link",               RTM_NEWLINK,    AF_UNSPEC, 0,            BOTH },
	{ "link gone",          RTM_DELLINK,    AF_UNSPEC, 0,            BOTH },
	{ "IPv6 of a link",     RTM_NEWLINK,    AF_INET6,  0,            BOTH },
	{ "port of a bridge",   RTM_NEWLINK,    AF_BRIDGE, 0,            0 },
	{ "route",              RTM_NEWROUTE,   AF_INET,   0,            RTNL_CHANGED_ROUTES },
	{ "route gone",         RTM_DELROUTE,   AF_INET6,  0,            RTNL_CHANGED_ROUTES },
	{ "cached route",       RTM_NEWROUTE,   AF_INET6,  RTM_F_CLONED, 0 },
	{ "address",            RTM_NEWADDR,    AF_INET,   0,            RTNL_CHANGED_ROUTES },
	{ "address gone",       RTM_DELADDR,    AF_INET,   0,            RTNL_CHANGED_ROUTES },
	{ "next hop",           RTM_NEWNEXTHOP, AF_UNSPEC, 0,            RTNL_CHANGED_ROUTES },
	{ "next hop gone",      RTM_DELNEXTHOP, AF_UNSPEC, 0,            RTNL_CHANGED_ROUTES },
	{ "rule",               RTM_NEWRULE,    AF_INET,   0,            RTNL_CHANGED_RULES },
	{ "rule gone",          RTM_DELRULE,    AF_INET6,  0,            RTNL_CHANGED_RULES },
	{ "neighbour",          RTM_NEWNEIGH,   AF_INET,   0,            0 },
};

static void test_what_events_mean(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(events); i++) {
		uint8_t bytes[64] = { 0 };
		struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
		struct rtmsg *route = mnl_nlmsg_put_extra_header(message, sizeof(*route));

		message->nlmsg_type = events[i].type;
		route->rtm_family = events[i].family;
		route->rtm_flags = events[i].route_flags;
		if (message->nlmsg_type == RTM_NEWLINK || message->nlmsg_type == RTM_DELLINK)
			mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg) -
							    sizeof(struct rtmsg));
		if (rtnl_event_kind(message) != events[i].changed)
			fail_msg("%s", events[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_other_messages_append_nothing),
		cmocka_unit_test(test_prefix_too_long),
		cmocka_unit_test(test_prefix_without_address),
		cmocka_unit_test(test_bits_behind_the_prefix),
		cmocka_unit_test(test_route_cut_anywhere),
		cmocka_unit_test(test_attributes_of_each_length),
		cmocka_unit_test(test_hop_that_claims_a_wrong_length),
		cmocka_unit_test(test_what_events_mean),
	};

	return cmocka_run_group_tests_name("rtnl_parse", tests, NULL, NULL);
}
