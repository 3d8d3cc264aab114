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
#include "rtnl_message.h"
#include "rtnl_routes.h"

/* Attributes and metrics: how many bytes of them are kept. */
static const struct {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	const char *route;
} routes[] = {
	{ "default route",    RECORDED(route_default),
	  "0.0.0.0/0 table 254 dev 6 metric 0 mtu 0 type 1, 8+0" },
	{ "with an MTU",      RECORDED(route_mtu),
	  "10.9.0.0/16 table 254 dev 33 metric 0 mtu 1300 type 1, 0+0" },
	{ "two next hops",    RECORDED(route_multipath),
	  "10.10.0.0/16 table 254 dev 0 metric 0 mtu 1350 type 1, 0+0, not whole" },
	{ "IPv6 gateway",     RECORDED(route_via_inet6),
	  "10.11.0.0/16 table 254 dev 6 metric 0 mtu 0 type 1, 24+0" },
	{ "another table",    RECORDED(route_table_4000),
	  "10.12.0.0/16 table 4000 dev 6 metric 0 mtu 1400 type 1, 0+0" },
	{ "black hole",       RECORDED(route_blackhole),
	  "10.13.0.0/16 table 254 dev 0 metric 0 mtu 0 type 6, 0+0" },
	{ "object alone",     RECORDED(route_nexthop_bare),
	  "10.17.0.0/16 table 254 dev 0 metric 0 mtu 0 type 1, 0+0" },
	{ "own address",      RECORDED(route_local),
	  "10.8.0.1/32 table 255 dev 33 metric 0 mtu 0 type 2, 8+0" },
	{ "IPv6 with MTU",    RECORDED(route_six_mtu),
	  "fd09::/16 table 254 dev 33 metric 1024 mtu 1290 type 1, 8+0" },
	{ "IPv6, two hops",   RECORDED(route_six_multipath),
	  "fd09:1::/32 table 254 dev 0 metric 1024 mtu 1300 type 1, 8+0, not whole" },
};

static void format(const struct mtu_route_list *list, char *text, size_t size)
{
	char prefix[PREFIX_TEXT_MAX];

	text[0] = '\0';
	if (list->count == 0)
		return;
	snprintf(text, size, "%s table %u dev %u metric %u mtu %u type %u, %u+%u%s",
		 prefix_format(&list->list[0].prefix, prefix), list->list[0].table,
		 list->list[0].ifindex, list->list[0].priority, list->list[0].mtu,
		 list->list[0].type, list->list[0].attributes_len, list->list[0].metrics_len,
		 list->list[0].whole ? "" : ", not whole");
}

static void test_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(routes); i++) {
		struct nlmsghdr *message = copy_message(routes[i].bytes, routes[i].len);
		struct mtu_route_list list = { 0 };
		char text[256];

		assert_int_equal(route_mtu_parse(message, &list), 0);
		format(&list, text, sizeof(text));
		if (strcmp(text, routes[i].route) != 0)
			fail_msg("%s: %s", routes[i].name, text);
		mtu_route_list_done(&list);
		free(message);
	}
}

static void test_what_appends_nothing(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		struct rtmsg header; /* what is set of it; protocol of ours: then it appends */
	} others[] = {
		{ "removed",     RTM_DELROUTE, { .rtm_family = AF_INET } },
		{ "MPLS",        RTM_NEWROUTE, { .rtm_family = AF_MPLS } },
		{ "cached copy", RTM_NEWROUTE,
		  { .rtm_family = AF_INET, .rtm_flags = RTM_F_CLONED } },
		{ "for a TOS",   RTM_NEWROUTE, { .rtm_family = AF_INET, .rtm_tos = 8 } },
		{ "for sources", RTM_NEWROUTE, { .rtm_family = AF_INET, .rtm_src_len = 8 } },
		{ "dead",        RTM_NEWROUTE,
		  { .rtm_family = AF_INET, .rtm_flags = RTNH_F_DEAD } },
		{ "ours, dead",  RTM_NEWROUTE, { .rtm_family = AF_INET, .rtm_flags = RTNH_F_DEAD,
						 .rtm_protocol = ROUTE_MTU_PROTOCOL } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct nlmsghdr *message = copy_message(RECORDED(route_mtu));
		struct mtu_route_list list = { 0 };

		message->nlmsg_type = others[i].type;
		memcpy(NLMSG_DATA(message), &others[i].header, sizeof(others[i].header));
		assert_int_equal(route_mtu_parse(message, &list), 0);
		if (list.count != (others[i].header.rtm_protocol == ROUTE_MTU_PROTOCOL))
			fail_msg("%s: %zu routes", others[i].name, list.count);
		mtu_route_list_done(&list);
		free(message);
	}
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(routes); i++) {
		for (size_t len = NLMSG_HDRLEN; len < routes[i].len; len++) {
			bool whole = ends_with_attribute(routes[i].bytes, sizeof(struct rtmsg),
							 len);
			struct nlmsghdr *message = copy_message(routes[i].bytes, len);
			struct mtu_route_list list = { 0 };
			int r = route_mtu_parse(message, &list);

			if (!whole)
				assert_int_equal(r, -EBADMSG);
			assert_int_equal(list.count, r == 0);
			mtu_route_list_done(&list);
			free(message);
		}
	}
}

/* A route as somebody else might have it: gateway, source, locked MTU, two more metrics. */
static struct nlmsghdr *start_route(void *bytes, uint8_t family, uint32_t metric)
{
	static const uint8_t address[16] = { 10, 9, 0, 2 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	size_t len = family == AF_INET ? 4 : 16;
	struct nlattr *nest;

	message->nlmsg_type = RTM_NEWROUTE;
	*header = (struct rtmsg){ .rtm_family = family, .rtm_dst_len = 8, .rtm_type = RTN_UNICAST,
				  .rtm_scope = RT_SCOPE_LINK, .rtm_protocol = RTPROT_STATIC,
				  .rtm_flags = RTNH_F_ONLINK };
	mnl_attr_put_u32(message, RTA_TABLE, 4000);
	mnl_attr_put(message, RTA_DST, len, address);
	mnl_attr_put_u32(message, RTA_PRIORITY, metric);
	nest = mnl_attr_nest_start(message, RTA_METRICS);
	mnl_attr_put_u32(message, RTAX_LOCK, 1 << RTAX_MTU | 1 << RTAX_ADVMSS);
	mnl_attr_put_u32(message, RTAX_MTU, 1300);
	mnl_attr_put_u32(message, RTAX_ADVMSS, 1200);
	mnl_attr_put_strz(message, RTAX_CC_ALGO, "reno");
	mnl_attr_nest_end(message, nest);
	mnl_attr_put(message, RTA_PREFSRC, len, address);
	mnl_attr_put(message, RTA_GATEWAY, len, address);
	mnl_attr_put_u32(message, RTA_OIF, 7);
	return message;
}

/* What we say of a route is read again as the same route, but for whose it is. */
static void check_said_again(uint8_t family, bool add)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[512], said[ROUTE_MTU_REQUEST_MAX];
	struct nlmsghdr *message = start_route(bytes, family, 20), *request = (void *)said;
	struct mtu_route_list list = { 0 };
	const struct mtu_route *theirs, *ours;
	uint16_t flags = NLM_F_REQUEST | NLM_F_ACK;
	size_t len;

	assert_int_equal(route_mtu_parse(message, &list), 0);
	len = route_mtu_put(&list.list[0], list.bytes, add, said);
	assert_int_equal(len, request->nlmsg_len);
	assert_int_equal(len % 4, 0);
	assert_int_equal(request->nlmsg_type, add ? RTM_NEWROUTE : RTM_DELROUTE);
	if (add)
		flags |= family == AF_INET ? NLM_F_CREATE : NLM_F_CREATE | NLM_F_EXCL;
	assert_int_equal(request->nlmsg_flags, flags);
	request->nlmsg_type = RTM_NEWROUTE;
	assert_int_equal(route_mtu_parse(request, &list), 0);
	assert_int_equal(list.count, 2);
	theirs = &list.list[0], ours = &list.list[1];
	assert_int_equal(ours->protocol, ROUTE_MTU_PROTOCOL);
	assert_int_equal(prefix_compare(&ours->prefix, &theirs->prefix), 0);
	assert_int_equal(ours->table, 4000);
	assert_int_equal(ours->ifindex, 7);
	assert_int_equal(ours->priority, 20);
	assert_int_equal(ours->mtu, 1300);
	assert_int_equal(ours->locks, 1 << RTAX_MTU | 1 << RTAX_ADVMSS);
	assert_int_equal(ours->scope, RT_SCOPE_LINK);
	assert_true(ours->onlink && ours->whole);
	assert_int_equal(ours->attributes_len, family == AF_INET ? 16 : 40);
	assert_int_equal(ours->metrics_len, 8 + 12);
	assert_memory_equal(list.bytes + ours->extra, list.bytes + theirs->extra,
			    (size_t)ours->attributes_len + ours->metrics_len);
	mtu_route_list_done(&list);
}

static void test_said_again(void **state)
{
	(void)state;
	check_said_again(AF_INET, true);
	check_said_again(AF_INET, false);
	check_said_again(AF_INET6, true);
	check_said_again(AF_INET6, false);
}

/* What does not fit, and what is not understood, is not said again by halves. */
static void test_not_whole(void **state)
{
	static const struct { uint16_t type; size_t len; bool whole; } more[] = {
		{ RTA_GATEWAY,  60, true  },
		{ RTA_GATEWAY, 160, false },
		{ RTA_ENCAP,     4, false },
		{ RTA_NH_ID,     4, true  },
	};
	static const uint8_t data[160];

	(void)state;
	for (size_t i = 0; i < COUNT(more); i++) {
		_Alignas(struct nlmsghdr) uint8_t bytes[512], said[ROUTE_MTU_REQUEST_MAX];
		struct nlmsghdr *message = start_route(bytes, AF_INET, 0);
		struct mtu_route_list list = { 0 };

		mnl_attr_put(message, more[i].type, more[i].len, data);
		assert_int_equal(route_mtu_parse(message, &list), 0);
		assert_int_equal(list.count, 1);
		assert_int_equal(list.list[0].whole, more[i].whole);
		assert_true(route_mtu_put(&list.list[0], list.bytes, true, said) <= sizeof(said));
		mtu_route_list_done(&list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_what_appends_nothing),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_said_again),
		cmocka_unit_test(test_not_whole),
	};

	return cmocka_run_group_tests_name("route_mtu_message", tests, NULL, NULL);
}
