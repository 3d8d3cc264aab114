/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Against the kernel itself, in a network namespace of this process alone. Needs root and ip(8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/clock.h"
#include "edge/netlink/route_mtu.h"

static const char *const setup[] = {
	"ip link set lo up",
	"ip link add v0 index 77 type veth peer name v1",
	"ip link set v0 addrgenmode none", /* such an address's route comes a second later */
	"ip link set v1 addrgenmode none",
	"ip link set v0 up",
	"ip link set v1 up",
	"ip addr add 192.0.2.2/24 dev v0",
	"ip addr add 2001:db8::2/64 dev v0 nodad",
	"ip route add 10.1.0.0/16 dev v0",
	"ip route append 10.1.0.0/16 dev v0 proto 78 mtu 1300",
	"ip route add 10.2.0.0/16 via 192.0.2.9 metric 7 src 192.0.2.2 advmss 1200",
	"ip route add fd01::/16 dev v0 metric 20",
	"ip route add fd02::/16 via 2001:db8::9 metric 20",
};

/* All that ip(8) tells of routes. */
static void read_routes(char *text, size_t size)
{
	FILE *ip = popen("ip -4 route show table all; ip -6 route show table all", "r");

	assert_non_null(ip);
	text[fread(text, 1, size - 1, ip)] = '\0';
	assert_int_equal(pclose(ip), 0);
}

/* What the kernel adds and changes of its own once it has seen that both ends are up, which it looks
 * at in its own time. */
static int settle(void)
{
	const struct timespec pause = { .tv_nsec = 10 * (long)NS_PER_MS };
	const uint64_t end_ns = clock_monotonic_ns() + 30 * NS_PER_SECOND;
	char text[4096];

	do {
		nanosleep(&pause, NULL);
		read_routes(text, sizeof(text));
		if (strstr(text, "ff00::/8 dev v0") && strstr(text, "ff00::/8 dev v1") &&
		    !strstr(text, "linkdown"))
			return 0;
	} while (clock_monotonic_ns() < end_ns);
	fprintf(stderr, "the links do not come up:\n%s", text);
	return -1;
}

static int enter_namespace(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0) {
		perror("a network namespace of our own (are you root?)");
		return -1;
	}
	for (size_t i = 0; i < COUNT(setup); i++) {
		if (system(setup[i]) != 0) {
			fprintf(stderr, "failed: %s\n", setup[i]);
			return -1;
		}
	}
	return settle();
}

static struct nl *opened(void)
{
	struct nl *nl;

	assert_int_equal(nl_open(NETLINK_ROUTE, 0, &nl), 0);
	return nl;
}

/* The first route of somebody else with that prefix, changed to be ours. */
static struct mtu_route of_prefix(const struct mtu_route_list *list, const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	for (size_t i = 0; i < list->count; i++) {
		struct mtu_route route = list->list[i];

		if (prefix_compare(&route.prefix, &prefix) != 0 || route.table != 254)
			continue;
		route.mtu = 1300;
		route.priority -= prefix.address.family == FAMILY_IPV6;
		return route;
	}
	fail_msg("no route to %s", text);
	abort();
}

static size_t count_ours(struct nl *nl)
{
	struct mtu_route_list list;
	size_t count;

	assert_int_equal(route_mtu_dump(nl, true, &list), 0);
	count = list.count;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(list.list[i].protocol, ROUTE_MTU_PROTOCOL);
	mtu_route_list_done(&list);
	return count;
}

/* Ours come in front of theirs and go again, though theirs have the same MTU; theirs stay. */
static void test_ours_come_and_go(void **state)
{
	static const char *const prefixes[] = { "10.1.0.0/16", "10.2.0.0/16", "fd01::/16",
						"fd02::/16" };
	struct mtu_route ours[COUNT(prefixes)];
	struct route_mtu_change changes[COUNT(prefixes)];
	char before[4096], with[4096], after[4096];
	struct mtu_route_list list, found;
	struct nl *nl = opened();

	(void)state;
	read_routes(before, sizeof(before));
	assert_int_equal(route_mtu_dump(nl, false, &list), 0);
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		ours[i] = of_prefix(&list, prefixes[i]);
		changes[i] = (struct route_mtu_change){ .route = &ours[i], .add = true };
	}
	assert_int_equal(route_mtu_change(nl, list.bytes, changes, COUNT(changes)), 0);
	for (size_t i = 0; i < COUNT(changes); i++)
		assert_int_equal(changes[i].result, 0);
	assert_int_equal(count_ours(nl), COUNT(prefixes));
	read_routes(with, sizeof(with));
	assert_non_null(strstr(with, "10.1.0.0/16 dev v0 proto 77 scope link mtu 1300 \n"
				     "10.1.0.0/16 dev v0 scope link"));
	/* The first of a dump is the one that is taken. */
	assert_int_equal(route_mtu_dump(nl, false, &found), 0);
	for (size_t i = 0; i < COUNT(prefixes); i++)
		assert_int_equal(of_prefix(&found, prefixes[i]).protocol, ROUTE_MTU_PROTOCOL);
	mtu_route_list_done(&found);
	for (size_t i = 0; i < COUNT(changes); i++)
		changes[i].add = false;
	assert_int_equal(route_mtu_change(nl, list.bytes, changes, COUNT(changes)), 0);
	assert_int_equal(count_ours(nl), 0);
	read_routes(after, sizeof(after));
	assert_string_equal(after, before);
	/* Once more hits nobody else's. */
	assert_int_equal(route_mtu_change(nl, list.bytes, changes, COUNT(changes)), 0);
	for (size_t i = 0; i < COUNT(changes); i++)
		assert_int_equal(changes[i].result, -ESRCH);
	read_routes(after, sizeof(after));
	assert_string_equal(after, before);
	mtu_route_list_done(&list);
	nl_close(nl);
}

/* A refusal is its own route's, in a batch and behind it. */
static void test_refused(void **state)
{
	struct mtu_route_list list;
	struct route_mtu_change changes[150];
	struct mtu_route good[150];
	struct nl *nl = opened();

	(void)state;
	assert_int_equal(route_mtu_dump(nl, false, &list), 0);
	for (size_t i = 0; i < COUNT(changes); i++) {
		good[i] = of_prefix(&list, "10.1.0.0/16");
		good[i].prefix.address.bytes[1] = (uint8_t)(100 + i);
		good[i].ifindex = i % 50 == 7 ? 4711 : 77;
		changes[i] = (struct route_mtu_change){ .route = &good[i], .add = true };
	}
	assert_int_equal(route_mtu_change(nl, list.bytes, changes, COUNT(changes)), 0);
	for (size_t i = 0; i < COUNT(changes); i++)
		assert_int_equal(changes[i].result, i % 50 == 7 ? -ENODEV : 0);
	assert_int_equal(count_ours(nl), 147);
	for (size_t i = 0; i < COUNT(changes); i++)
		changes[i].add = false;
	assert_int_equal(route_mtu_change(nl, list.bytes, changes, COUNT(changes)), 0);
	assert_int_equal(count_ours(nl), 0);
	mtu_route_list_done(&list);
	nl_close(nl);
}

static int count_event(const struct nlmsghdr *message, void *userdata)
{
	(void)message;
	++*(int *)userdata;
	return 0;
}

/* What we do is no event for us; what others do is. */
static void test_own_changes_are_no_events(void **state)
{
	struct nl *nl = opened(), *events;
	struct route_mtu_change change = { .add = true };
	struct mtu_route_list list;
	struct mtu_route route;
	int heard = 0;

	(void)state;
	assert_int_equal(nl_open(NETLINK_ROUTE, RTMGRP_IPV4_ROUTE, &events), 0);
	assert_int_equal(nl_ignore(events, nl), 0);
	assert_int_equal(route_mtu_dump(nl, false, &list), 0);
	route = of_prefix(&list, "10.1.0.0/16");
	change.route = &route;
	assert_int_equal(route_mtu_change(nl, list.bytes, &change, 1), 0);
	assert_int_equal(change.result, 0);
	assert_int_equal(nl_read_events(events, count_event, &heard), 0);
	assert_int_equal(heard, 0);
	assert_int_equal(system("ip route del 10.1.0.0/16 proto 77"), 0);
	assert_int_equal(nl_read_events(events, count_event, &heard), 0);
	assert_int_equal(heard, 1);
	mtu_route_list_done(&list);
	nl_close(events);
	nl_close(nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ours_come_and_go),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_own_changes_are_no_events),
	};

	return cmocka_run_group_tests_name("route_mtu", tests, enter_namespace, NULL);
}
