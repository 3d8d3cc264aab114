/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Against the kernel itself, in a network namespace of this process alone. Needs root and ip(8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/rtnl.h"

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s: failed", command);
}

/* Two links, both ends here; addresses and routes of all sorts on the first. */
static const char *const setup[] = {
	"ip link set lo up",
	"ip link add v0 type veth peer name v1",
	"ip link set v1 up",
	"ip link set v0 mtu 1492 alias 'to the provider' up",
	"ip addr add 192.0.2.2/24 dev v0",
	"ip addr add 2001:db8::2/64 dev v0 nodad",
	"echo 1400 >/proc/sys/net/ipv6/conf/v0/mtu",
	"ip route add 10.9.0.0/16 dev v0 mtu 1300",
	"ip route add 10.9.0.0/16 dev v1 table 4000 mtu 1290",
	"ip route add 10.10.0.0/16 mtu 1350 nexthop via 192.0.2.1 dev v0 nexthop dev v1",
	"ip route add blackhole 10.11.0.0/16",
	"ip route add fd09::/16 dev v0 mtu 1310",
	"ip route add fd0a::/16 dev v1 table 4000",
	"ip rule add fwmark 7 lookup 4000",
	"ip nexthop add id 7 via 192.0.2.1 dev v0",
	"ip nexthop add id 8 dev v1",
	"ip nexthop add id 9 via 2001:db8::1 dev v0",
	"ip nexthop add id 10 group 7/8,3",
	"ip nexthop add id 11 blackhole",
	"ip route add 100.64.0.0/16 nhid 7 mtu 1280",
	"ip route add 100.65.0.0/16 nhid 10 mtu 1270",
	"ip route add 100.66.0.0/16 nhid 11",
	"ip route add fd10::/16 nhid 9 mtu 1320",
};

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
	return 0;
}

static struct nl *open_questions(void)
{
	struct nl *nl;

	assert_int_equal(nl_open(NETLINK_ROUTE, 0, &nl), 0);
	return nl;
}

static const struct link *find_link(const struct link_list *links, const char *name)
{
	for (size_t i = 0; i < links->count; i++) {
		if (strcmp(links->list[i].name, name) == 0)
			return &links->list[i];
	}
	fail_msg("no link %s", name);
	return NULL;
}

static void test_links(void **state)
{
	struct nl *nl = open_questions();
	struct link_list links = { 0 };
	const struct link *link;

	(void)state;
	assert_int_equal(rtnl_dump_links(nl, &links), 0);
	link = find_link(&links, "v0");
	assert_int_equal(link->ifindex, if_nametoindex("v0"));
	assert_int_equal(link->lower_ifindex, if_nametoindex("v1"));
	assert_int_equal(link->mtu, 1492);
	assert_int_equal(link->mtu6, 1400);
	assert_string_equal(link->kind, "veth");
	assert_string_equal(link->alias, "to the provider");
	assert_true(link->up);
	assert_false(link->loopback);
	link = find_link(&links, "lo");
	assert_true(link->loopback);
	assert_string_equal(link->kind, "");
	link_list_done(&links);
	nl_close(nl);
}

static const struct { const char *prefix, *link; uint32_t mtu; unsigned int times; } expected[] = {
	{ "192.0.2.0/24",   "v0", 0,    1 },
	{ "10.9.0.0/16",    "v0", 1300, 1 },
	{ "10.9.0.0/16",    "v1", 1290, 1 },
	{ "10.10.0.0/16",   "v0", 1350, 1 },
	{ "10.10.0.0/16",   "v1", 1350, 1 },
	{ "10.11.0.0/16",   "lo", 0,    0 }, /* a black hole */
	{ "192.0.2.2/32",   "v0", 0,    0 }, /* our own address */
	{ "127.0.0.0/8",    "lo", 0,    0 },
	{ "fd09::/16",      "v0", 1310, 1 },
	{ "fd0a::/16",      "v1", 0,    1 },
	{ "2001:db8::/64",  "v0", 0,    1 },
	{ "2001:db8::2/128", "v0", 0,   0 },
	{ "100.64.0.0/16",  "v0", 1280, 1 }, /* by next hop objects, from here on */
	{ "100.65.0.0/16",  "v0", 1270, 1 },
	{ "100.65.0.0/16",  "v1", 1270, 1 },
	{ "100.66.0.0/16",  "lo", 0,    0 },
	{ "fd10::/16",      "v0", 1320, 1 },
};

static void check_routes(void)
{
	struct nl *nl = open_questions();
	struct route_list routes = { 0 };

	assert_int_equal(rtnl_dump_routes(nl, &routes), 0);
	for (size_t i = 0; i < COUNT(expected); i++) {
		unsigned int times = 0;
		struct prefix prefix;

		assert_int_equal(prefix_parse(expected[i].prefix, &prefix), 0);
		for (size_t n = 0; n < routes.count; n++)
			times += prefix_compare(&routes.list[n].prefix, &prefix) == 0 &&
				 routes.list[n].ifindex == if_nametoindex(expected[i].link) &&
				 routes.list[n].mtu == expected[i].mtu;
		if (times != expected[i].times)
			fail_msg("%s dev %s mtu %u: %u times", expected[i].prefix,
				 expected[i].link, expected[i].mtu, times);
	}
	route_list_done(&routes);
	nl_close(nl);
}

static void test_routes(void **state)
{
	(void)state;
	check_routes();
}

/* The same routes, told by the kernel as next hop objects alone. */
static void test_routes_by_objects_alone(void **state)
{
	(void)state;
	run("echo 0 >/proc/sys/net/ipv4/nexthop_compat_mode");
	check_routes();
	run("echo 1 >/proc/sys/net/ipv4/nexthop_compat_mode");
}

static int collect(const struct nlmsghdr *message, void *userdata)
{
	unsigned int *changed = userdata;

	*changed |= rtnl_event_kind(message);
	return 0;
}

/* Waits 5 seconds at most. */
static bool has_events(struct nl *nl)
{
	struct pollfd wait = { .fd = nl_fd(nl), .events = POLLIN };

	return poll(&wait, 1, 5000) == 1;
}

/* What each is told by: type and family (AF_UNSPEC: any) of a message that means that change. */
static const struct { const char *command; uint16_t type; uint8_t family; unsigned int changed; }
changes[] = {
	{ "ip link set v0 mtu 1480",            RTM_NEWLINK,    AF_UNSPEC, RTNL_CHANGED_LINKS  },
	{ "ip link set v0 alias other",         RTM_NEWLINK,    AF_UNSPEC, RTNL_CHANGED_LINKS  },
	{ "ip link add v2 type veth peer v3",   RTM_NEWLINK,    AF_UNSPEC, RTNL_CHANGED_LINKS  },
	{ "ip link set v2 up",                  RTM_NEWLINK,    AF_UNSPEC, RTNL_CHANGED_LINKS  },
	{ "ip link set v3 up",                  RTM_NEWLINK,    AF_INET6,  RTNL_CHANGED_LINKS  },
	{ "ip link del v2",                     RTM_DELLINK,    AF_UNSPEC, RTNL_CHANGED_LINKS  },
	{ "ip route add 10.12.0.0/16 dev v0",   RTM_NEWROUTE,   AF_INET,   RTNL_CHANGED_ROUTES },
	{ "ip route del 10.12.0.0/16",          RTM_DELROUTE,   AF_INET,   RTNL_CHANGED_ROUTES },
	{ "ip route add fd0c::/16 dev v0",      RTM_NEWROUTE,   AF_INET6,  RTNL_CHANGED_ROUTES },
	{ "ip addr add 203.0.113.1/24 dev v0",  RTM_NEWADDR,    AF_INET,   RTNL_CHANGED_ROUTES },
	{ "ip addr del 203.0.113.1/24 dev v0",  RTM_DELADDR,    AF_INET,   RTNL_CHANGED_ROUTES },
	{ "ip addr add fd0d::1/64 dev v0",      RTM_NEWADDR,    AF_INET6,  RTNL_CHANGED_ROUTES },
	{ "ip rule add fwmark 9 lookup 4000",   RTM_NEWRULE,    AF_INET,   RTNL_CHANGED_RULES  },
	{ "ip rule del fwmark 9",               RTM_DELRULE,    AF_INET,   RTNL_CHANGED_RULES  },
	{ "ip -6 rule add fwmark 9 lookup 4000", RTM_NEWRULE,   AF_INET6,  RTNL_CHANGED_RULES  },
	{ "ip nexthop add id 1 dev v0",         RTM_NEWNEXTHOP, AF_UNSPEC, RTNL_CHANGED_ROUTES },
	{ "ip nexthop replace id 1 dev v1",     RTM_NEWNEXTHOP, AF_UNSPEC, RTNL_CHANGED_ROUTES },
};

struct awaited {
	uint16_t type;
	uint8_t family;
	unsigned int changed; /* by all messages of that type and family */
};

static int await(const struct nlmsghdr *message, void *userdata)
{
	struct awaited *awaited = userdata;
	const uint8_t *family = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type == awaited->type &&
	    (awaited->family == AF_UNSPEC || awaited->family == *family))
		awaited->changed |= rtnl_event_kind(message);
	return 0;
}

static void test_events(void **state)
{
	unsigned int before = 0;
	struct nl *nl;

	(void)state;
	assert_int_equal(rtnl_open_events(&nl), 0);
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct awaited awaited = { changes[i].type, changes[i].family, 0 };

		assert_int_equal(nl_read_events(nl, collect, &before), 0);
		run(changes[i].command);
		/* Some come only once the kernel's own work queue has run. */
		while (!(awaited.changed & changes[i].changed)) {
			if (!has_events(nl))
				fail_msg("%s: nothing heard", changes[i].command);
			assert_int_equal(nl_read_events(nl, await, &awaited), 0);
		}
	}
	nl_close(nl);
}

/* More events than fit: said once, and what comes after is heard again. */
static void test_lost_events_are_told(void **state)
{
	const int small = 4096;
	unsigned int changed = 0;
	struct nl *nl;

	(void)state;
	assert_int_equal(rtnl_open_events(&nl), 0);
	assert_int_equal(setsockopt(nl_fd(nl), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	run("for i in $(seq 40); do echo route add 10.13.$i.0/24 dev v0; done | ip -batch -");
	assert_int_equal(nl_read_events(nl, collect, &changed), -ENOBUFS);
	assert_int_equal(nl_read_events(nl, collect, &changed), 0);
	changed = 0;
	run("ip route add 10.14.0.0/16 dev v0");
	assert_true(has_events(nl));
	assert_int_equal(nl_read_events(nl, collect, &changed), 0);
	assert_int_equal(changed, RTNL_CHANGED_ROUTES);
	nl_close(nl);
}

static void test_socket_is_usable_after_a_refusal(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[64];
	struct nl *nl = open_questions();
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	struct link_list links = { 0 };

	(void)state;
	message->nlmsg_type = RTM_DELLINK;
	info->ifi_index = 4711;
	assert_int_equal(nl_ask(nl, message, NULL, NULL), -ENODEV);
	assert_int_equal(rtnl_dump_links(nl, &links), 0);
	assert_non_null(find_link(&links, "lo"));
	link_list_done(&links);
	nl_close(nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_routes_by_objects_alone),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_lost_events_are_told),
		cmocka_unit_test(test_socket_is_usable_after_a_refusal),
	};

	return cmocka_run_group_tests_name("rtnl", tests, enter_namespace, NULL);
}
