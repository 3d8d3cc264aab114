/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Against the kernel itself, in a network namespace of this process alone. Needs root and ip(8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"
#include "daemon/discovery/ways.h"

static const char *const setup[] = {
	"ip link set lo up",
	"ip link add v0 type veth peer name v1",
	"ip link set v0 up",
	"ip link set v1 up",
	"ip addr add 192.0.2.2/24 dev v0",
	"ip addr add 2001:db8::2/64 dev v0 nodad",
	"ip route add 10.8.0.0/16 dev v0 mtu lock 1400",
	"ip route add 10.9.0.0/16 dev v1",
	"ip route add unreachable 10.12.0.0/16",
	"ip route add 10.8.0.0/16 dev v1 table 4000",
	"ip route add fd09::/16 dev v1",
	"ip rule add fwmark 7 lookup 4000",
};

static unsigned int questions; /* that the kernel was asked for a way */
static int refusal;            /* errno of sends that are to fail */

/* Counts, and passes on to the kernel. */
ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	const struct nlmsghdr *message = data;
	int left = (int)len;

	if (refusal) {
		errno = refusal;
		return -1;
	}
	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
		questions += message->nlmsg_type == RTM_GETROUTE;
	return syscall(SYS_sendto, fd, data, len, flags, to, to_len);
}

struct asking {
	struct nl *nl;
	struct ways *ways;
};

static int run(const char *const *commands, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (system(commands[i]) != 0) {
			fprintf(stderr, "failed: %s\n", commands[i]);
			return -1;
		}
	}
	return 0;
}

static int enter_namespace(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0) {
		perror("a network namespace of our own (are you root?)");
		return -1;
	}
	return run(setup, COUNT(setup));
}

static int open_ways(void **state)
{
	struct asking *asking = calloc(1, sizeof(*asking));

	if (!asking || nl_open(NETLINK_ROUTE, 0, &asking->nl) < 0)
		return -1;
	asking->ways = ways_new(asking->nl);
	questions = 0;
	refusal = 0;
	*state = asking;
	return asking->ways ? 0 : -1;
}

static int close_ways(void **state)
{
	struct asking *asking = *state;

	ways_free(asking->ways);
	nl_close(asking->nl);
	free(asking);
	return 0;
}

static struct path_question way_to(const char *destination, uint32_t mark)
{
	struct path_question way = { .mark = mark };

	assert_int_equal(address_parse(destination, &way.destination), 0);
	return way;
}

static void add_end(struct peer_list *peers, const struct path_question *way)
{
	struct peer peer = { .has_endpoint = way != NULL };

	if (way)
		peer.way = *way;
	assert_int_equal(peer_list_append(peers, &peer), 0);
}

static const struct {
	const char *name, *destination;
	uint32_t mark;
	bool reachable;
	const char *link; /* NULL: none */
	uint32_t mtu;
	bool locked;
} cases[] = {
	{ "on the link",     "192.0.2.9",     0, true,  "v0", 0,    false },
	{ "metric",          "10.8.0.1",      0, true,  "v0", 1400, true },
	{ "by mark",         "10.8.0.1",      7, true,  "v1", 0,    false },
	{ "another link",    "10.9.0.1",      0, true,  "v1", 0,    false },
	{ "IPv6",            "fd09::1",       0, true,  "v1", 0,    false },
	{ "this host",       "192.0.2.2",     0, true,  NULL, 0,    false },
	{ "unreachable",     "10.12.0.1",     0, false, NULL, 0,    false },
	{ "no route",        "198.51.100.1",  0, false, NULL, 0,    false },
	{ "no IPv6 route",   "2001:db8:1::1", 0, false, NULL, 0,    false },
};

static void expect_answer(struct asking *asking, size_t i)
{
	struct path_question way = way_to(cases[i].destination, cases[i].mark);
	uint32_t ifindex = cases[i].link ? if_nametoindex(cases[i].link) : 0;
	struct path_answer answer;

	memset(&answer, 0xff, sizeof(answer));
	assert_true(ways_find(asking->ways, &way, &answer));
	if (answer.reachable != cases[i].reachable || answer.ifindex != ifindex ||
	    answer.mtu != cases[i].mtu || answer.mtu_locked != cases[i].locked)
		fail_msg("%s: reachable %d, by %u, MTU %u, locked %d", cases[i].name,
			 answer.reachable, answer.ifindex, answer.mtu, answer.mtu_locked);
}

static void test_answers(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_answer(*state, i);
}

static void test_prepared_answers_are_asked_for_once(void **state)
{
	struct asking *asking = *state;
	struct peer_list *peers = peer_list_new();
	unsigned int asked;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct path_question way = way_to(cases[i].destination, cases[i].mark);

		add_end(peers, &way);
		add_end(peers, &way); /* two peers may share an endpoint */
	}
	add_end(peers, NULL);
	assert_int_equal(ways_prepare(asking->ways, peers), 0);
	/* each once, and the one with a metric once more for whose it is */
	assert_int_equal(questions, COUNT(cases) + 1);
	asked = questions;
	assert_int_equal(ways_prepare(asking->ways, peers), 0);
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_answer(asking, i);
	assert_int_equal(questions, asked);
	peer_list_unref(peers);
}

static void test_what_is_forgotten_is_asked_anew(void **state)
{
	static const char *const change[] = { "ip route replace 10.9.0.0/16 dev v0" };
	static const char *const back[] = { "ip route replace 10.9.0.0/16 dev v1" };
	struct path_question way = way_to("10.9.0.1", 0);
	struct asking *asking = *state;
	struct path_answer answer;

	assert_true(ways_find(asking->ways, &way, &answer));
	assert_int_equal(answer.ifindex, if_nametoindex("v1"));
	assert_int_equal(run(change, COUNT(change)), 0);
	assert_true(ways_find(asking->ways, &way, &answer));
	assert_int_equal(answer.ifindex, if_nametoindex("v1"));
	ways_forget(asking->ways);
	assert_true(ways_find(asking->ways, &way, &answer));
	assert_int_equal(answer.ifindex, if_nametoindex("v0"));
	assert_int_equal(questions, 2);
	assert_int_equal(run(back, COUNT(back)), 0);
}

static struct path_question numbered(unsigned int i)
{
	struct path_question way = way_to(i % 2 ? "10.9.0.0" : "10.8.0.0", i % 3 ? 0 : 7);

	way.destination.bytes[2] = (uint8_t)(i >> 8);
	way.destination.bytes[3] = (uint8_t)i;
	return way;
}

/* More than one message, and the table grows under way. */
static void test_many(void **state)
{
	const uint32_t v0 = if_nametoindex("v0"), v1 = if_nametoindex("v1");
	struct asking *asking = *state;
	struct peer_list *peers = peer_list_new();
	unsigned int asked;

	for (unsigned int i = 0; i < 5000; i++) {
		struct path_question way = numbered(i);

		add_end(peers, &way);
	}
	assert_int_equal(ways_prepare(asking->ways, peers), 0);
	asked = questions;
	for (unsigned int i = 0; i < 5000; i++) {
		struct path_question way = numbered(i);
		struct path_answer answer;

		assert_true(ways_find(asking->ways, &way, &answer));
		assert_int_equal(answer.ifindex, i % 2 || i % 3 == 0 ? v1 : v0);
	}
	assert_int_equal(questions, asked);
	peer_list_unref(peers);
}

static void test_no_answer_is_no_way(void **state)
{
	struct path_question way = way_to("10.9.0.1", 0);
	struct asking *asking = *state;
	struct peer_list *peers = peer_list_new();
	struct path_answer answer;

	add_end(peers, &way);
	refusal = ENOBUFS;
	assert_int_equal(ways_prepare(asking->ways, peers), -ENOBUFS);
	refusal = 0;
	assert_true(ways_find(asking->ways, &way, &answer));
	assert_false(answer.reachable);
	ways_forget(asking->ways);
	assert_true(ways_find(asking->ways, &way, &answer));
	assert_true(answer.reachable);
	ways_forget(asking->ways);
	refusal = ENOBUFS;
	assert_false(ways_find(asking->ways, &way, &answer));
	peer_list_unref(peers);
}

#define WAYS(test) cmocka_unit_test_setup_teardown(test, open_ways, close_ways)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WAYS(test_answers),
		WAYS(test_prepared_answers_are_asked_for_once),
		WAYS(test_what_is_forgotten_is_asked_anew),
		WAYS(test_many),
		WAYS(test_no_answer_is_no_way),
	};

	return cmocka_run_group_tests_name("ways", tests, enter_namespace, NULL);
}
