/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/nexthop.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/rtnl.h"
#include "rtnl_message.h"
#include "rtnl_nexthops.h"

static const struct {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	const char *ways; /* of each: id, what it leads to */
} objects[] = {
	{ "by a gateway",    RECORDED(nexthop_gateway),   "7 dev 3, " },
	{ "a link",          RECORDED(nexthop_link),      "8 dev 2, " },
	{ "IPv6",            RECORDED(nexthop_six),       "9 dev 3, " },
	{ "a group",         RECORDED(nexthop_group),     "10 id 7, 10 id 8, " },
	{ "resilient group", RECORDED(nexthop_resilient), "12 id 7, 12 id 8, " },
	{ "a black hole",    RECORDED(nexthop_blackhole), "" },
};

static void format_ways(const struct nexthop_list *list, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->count; i++) {
		const struct nexthop *way = &list->list[i];

		assert_int_equal(way->ifindex == 0, way->member != 0);
		len += (size_t)snprintf(text + len, size - len, "%u %s %u, ", way->id,
					way->member ? "id" : "dev",
					way->member ? way->member : way->ifindex);
		assert_true(len < size);
	}
}

static void test_objects(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(objects); i++) {
		struct nlmsghdr *message = copy_message(objects[i].bytes, objects[i].len);
		struct nexthop_list list = { 0 };
		char text[128];

		assert_int_equal(rtnl_parse_nexthop(message, &list), 0);
		format_ways(&list, text, sizeof(text));
		if (strcmp(text, objects[i].ways) != 0)
			fail_msg("%s: %s", objects[i].name, text);
		message->nlmsg_type = RTM_DELNEXTHOP;
		nexthop_list_done(&list);
		assert_int_equal(rtnl_parse_nexthop(message, &list), 0);
		assert_int_equal(list.count, 0);
		free(message);
	}
}

/* What is left of an object may tell less, but nothing else. */
static void test_object_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(objects); i++) {
		for (size_t len = NLMSG_HDRLEN; len < objects[i].len; len++) {
			bool whole = ends_with_attribute(objects[i].bytes, sizeof(struct nhmsg),
							 len);
			struct nlmsghdr *message = copy_message(objects[i].bytes, len);
			struct nexthop_list list = { 0 };
			char text[128];

			assert_int_equal(rtnl_parse_nexthop(message, &list), whole ? 0 : -EBADMSG);
			format_ways(&list, text, sizeof(text));
			if (list.count > 0 && (!whole || strcmp(text, objects[i].ways) != 0))
				fail_msg("%s, %zu bytes: %s", objects[i].name, len, text);
			nexthop_list_done(&list);
			free(message);
		}
	}
}

static struct nlmsghdr *build(uint16_t type, size_t len, bool with_id)
{
	const struct attribute_path path = { { type } };
	_Alignas(struct nlmsghdr) uint8_t bytes[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);

	message->nlmsg_type = RTM_NEWNEXTHOP;
	mnl_nlmsg_put_extra_header(message, sizeof(struct nhmsg));
	if (with_id)
		mnl_attr_put_u32(message, NHA_ID, 5);
	return end_with_attribute(message, &path, len, 1);
}

/* The lengths that each attribute can mean something with, and how many ways it then tells. */
static void test_attributes_of_each_length(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 32; len++) {
		const struct { uint16_t type; bool with_id; int result; size_t ways; } rows[] = {
			{ NHA_ID,    false, len < 4 ? -EBADMSG : 0, 0 },
			{ NHA_OIF,   false, len < 4 ? -EBADMSG : 0, 0 },
			{ NHA_OIF,   true,  len < 4 ? -EBADMSG : 0, len < 4 ? 0 : 1 },
			{ NHA_GROUP, false, 0, 0 },
			{ NHA_GROUP, true,  len % 8 ? -EBADMSG : 0, len % 8 ? 0 : len / 8 },
		};

		for (size_t i = 0; i < COUNT(rows); i++) {
			struct nlmsghdr *message = build(rows[i].type, len, rows[i].with_id);
			struct nexthop_list list = { 0 };
			int r = rtnl_parse_nexthop(message, &list);

			if (r != rows[i].result || list.count != rows[i].ways)
				fail_msg("attribute %u with %zu bytes: %d, %zu ways", rows[i].type,
					 len, r, list.count);
			nexthop_list_done(&list);
			free(message);
		}
	}
}

/* Unsorted, as nothing promises an order. */
static const struct nexthop ways[] = {
	{ 10, 0, 7 }, { 8, 2, 0 }, { 10, 0, 8 }, { 7, 3, 0 }, { 13, 0, 10 }, { 14, 0, 99 },
	{ 15, 0, 15 }, { UINT32_MAX, 4, 0 },
};

static const struct {
	const char *name;
	uint32_t id;
	const char *links;
} routes[] = {
	{ "one link",               7,          "3 " },
	{ "another",                8,          "2 " },
	{ "the largest id",         UINT32_MAX, "4 " },
	{ "a group",                10,         "3 2 " },
	{ "groups are never nested", 13,        "" },
	{ "nor their own members",  15,         "" },
	{ "a member that is gone",  14,         "" },
	{ "unknown",                9,          "" },
};

static void test_routes_by_objects(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(routes); i++) {
		struct nexthop copy[COUNT(ways)];
		struct nexthop_list nexthops = { copy, COUNT(copy), COUNT(copy) };
		struct bare_route route = { .route.mtu = 1280, .nexthop = routes[i].id };
		const struct bare_list bare = { &route, 1, 1 };
		struct route_list list = { 0 };
		char text[64] = "";
		size_t len = 0;

		memcpy(copy, ways, sizeof(ways));
		assert_int_equal(prefix_parse("100.64.0.0/16", &route.route.prefix), 0);
		assert_int_equal(rtnl_resolve_routes(&bare, &nexthops, &list), 0);
		for (size_t n = 0; n < list.count; n++) {
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%u ",
						list.list[n].ifindex);
			assert_int_equal(list.list[n].mtu, 1280);
			assert_int_equal(prefix_compare(&list.list[n].prefix,
							&route.route.prefix), 0);
		}
		if (strcmp(text, routes[i].links) != 0)
			fail_msg("%s: %s", routes[i].name, text);
		route_list_done(&list);
	}
}

/* As from a kernel that knows no objects. */
static void test_no_objects(void **state)
{
	struct bare_route route = { .nexthop = 7 };
	const struct bare_list bare = { &route, 1, 1 };
	struct nexthop_list none = { 0 };
	struct route_list list = { 0 };

	(void)state;
	assert_int_equal(rtnl_resolve_routes(&bare, &none, &list), 0);
	assert_int_equal(list.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_object_cut_anywhere),
		cmocka_unit_test(test_attributes_of_each_length),
		cmocka_unit_test(test_routes_by_objects),
		cmocka_unit_test(test_no_objects),
	};

	return cmocka_run_group_tests_name("rtnl_nexthop", tests, NULL, NULL);
}
