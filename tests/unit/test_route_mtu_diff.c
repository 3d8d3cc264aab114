/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "daemon/routes/route_mtu_diff.h"

#define MOST 4

/* A route in few words. behind: a wanted one is to stand in front of that place of the dump. */
struct word {
	const char *prefix; /* NULL: no more */
	uint32_t mtu, table, priority, ifindex, locks;
	uint8_t protocol;
	const char *extra;  /* one byte each of gateway and metrics, "" without */
	size_t behind;
};

#define OURS .table = 254, .ifindex = 7, .protocol = ROUTE_MTU_PROTOCOL
#define THEIRS .table = 254, .ifindex = 7, .protocol = RTPROT_BOOT

static const struct {
	const char *name;
	struct word there[MOST], wanted[MOST];
	const char *changes;
} cases[] = {
	{ "nothing", { { 0 } }, { { 0 } }, "" },
	{ "to be added", { { "10.0.0.0/8", THEIRS } },
	  { { "10.0.0.0/8", 1300, OURS, .behind = 1 } }, "+10.0.0.0/8 1300, " },
	{ "to be removed", { { "10.0.0.0/8", 1300, OURS } }, { { 0 } }, "-10.0.0.0/8 1300, " },
	{ "of others alone", { { "10.0.0.0/8", 1300, THEIRS } }, { { 0 } }, "" },
	{ "right", { { "10.0.0.0/8", 1300, OURS } }, { { "10.0.0.0/8", 1300, OURS } }, "" },
	{ "another MTU", { { "10.0.0.0/8", 1300, OURS } }, { { "10.0.0.0/8", 1290, OURS } },
	  "-10.0.0.0/8 1300, +10.0.0.0/8 1290, " },
	{ "not locked", { { "fd00::/8", 1300, OURS } }, { { "fd00::/8", 1300, OURS, .locks = 4 } },
	  "-fd00::/8 1300, +fd00::/8 1300, " },
	{ "another link", { { "10.0.0.0/8", 1300, OURS } },
	  { { "10.0.0.0/8", 1300, 254, .ifindex = 8, .protocol = ROUTE_MTU_PROTOCOL } },
	  "-10.0.0.0/8 1300, +10.0.0.0/8 1300, " },
	{ "another table", { { "10.0.0.0/8", 1300, OURS } },
	  { { "10.0.0.0/8", 1300, 255, .ifindex = 7, .protocol = ROUTE_MTU_PROTOCOL } },
	  "-10.0.0.0/8 1300, +10.0.0.0/8 1300, " },
	{ "another gateway", { { "10.0.0.0/8", 1300, OURS, .extra = "ab" } },
	  { { "10.0.0.0/8", 1300, OURS, .extra = "cb" } },
	  "-10.0.0.0/8 1300, +10.0.0.0/8 1300, " },
	{ "other metrics", { { "10.0.0.0/8", 1300, OURS, .extra = "ab" } },
	  { { "10.0.0.0/8", 1300, OURS, .extra = "ac" } },
	  "-10.0.0.0/8 1300, +10.0.0.0/8 1300, " },
	{ "the same gateway", { { "10.0.0.0/8", 1300, OURS, .extra = "ab" } },
	  { { "10.0.0.0/8", 1300, OURS, .extra = "ab" } }, "" },
	{ "behind theirs", { { "10.0.0.0/8", THEIRS }, { "10.0.0.0/8", 1300, OURS } },
	  { { "10.0.0.0/8", 1300, OURS, .behind = 1 } }, "-10.0.0.0/8 1300, +10.0.0.0/8 1300, " },
	{ "in front of theirs", { { "10.0.0.0/8", 1300, OURS }, { "10.0.0.0/8", THEIRS } },
	  { { "10.0.0.0/8", 1300, OURS, .behind = 2 } }, "" },
	{ "twice", { { "10.0.0.0/8", 1300, OURS }, { "10.0.0.0/8", 1300, OURS } },
	  { { "10.0.0.0/8", 1300, OURS } }, "-10.0.0.0/8 1300, " },
	{ "removals first", { { "10.3.0.0/16", 1300, OURS }, { "10.2.0.0/16", 1300, OURS } },
	  { { "10.1.0.0/16", 1300, OURS }, { "10.2.0.0/16", 1300, OURS } },
	  "-10.3.0.0/16 1300, +10.1.0.0/16 1300, " },
};

static void make(const struct word *words, bool wanted, struct mtu_route_list *bytes,
		 struct mtu_route_list *ret_list)
{
	for (size_t i = 0; i < MOST && words[i].prefix; i++) {
		struct mtu_route route = {
			.mtu = words[i].mtu, .table = words[i].table, .ifindex = words[i].ifindex,
			.priority = words[i].priority, .locks = words[i].locks,
			.protocol = words[i].protocol, .type = RTN_UNICAST, .whole = true,
			.place = !wanted ? i : words[i].behind ? words[i].behind - 1 : SIZE_MAX,
			.extra = bytes->byte_count,
		};

		assert_int_equal(prefix_parse(words[i].prefix, &route.prefix), 0);
		if (words[i].extra) {
			route.attributes_len = route.metrics_len = 1;
			memcpy(bytes->bytes + bytes->byte_count, words[i].extra, 2);
			bytes->byte_count += 2;
		}
		assert_int_equal(mtu_route_list_append(ret_list, &route), 0);
	}
}

static void test_diff(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mtu_route_list there = { 0 }, wanted = { 0 };
		char text[256] = "", prefix[PREFIX_TEXT_MAX];
		struct route_mtu_changes changes;
		size_t len = 0;

		there.bytes = calloc(2 * MOST, 2);
		assert_non_null(there.bytes);
		make(cases[i].there, false, &there, &there);
		make(cases[i].wanted, true, &there, &wanted);
		assert_int_equal(route_mtu_diff(&there, &wanted, &changes), 0);
		for (size_t k = 0; k < changes.count; k++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%c%s %u, ",
						changes.list[k].add ? '+' : '-',
						prefix_format(&changes.list[k].route->prefix,
							      prefix),
						changes.list[k].route->mtu);
		if (strcmp(text, cases[i].changes) != 0)
			fail_msg("%s: %s", cases[i].name, text);
		route_mtu_changes_done(&changes);
		mtu_route_list_done(&there);
		mtu_route_list_done(&wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_diff) };

	return cmocka_run_group_tests_name("route_mtu_diff", tests, NULL, NULL);
}
