/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Against the kernel itself, in a network namespace of this process alone. Needs root and ip(8).
 * States with algorithms need a kernel with ESP; there are recorded ones in test_xfrm_parse. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/in.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/array.h"
#include "edge/peers/xfrm.h"

#define TEMPLATE "tmpl src 192.0.2.1 dst 192.0.2.2 proto esp reqid 1 mode tunnel"

static int socket_error; /* what opening a socket fails with, 0 not */

int socket(int domain, int type, int protocol)
{
	if (socket_error) {
		errno = socket_error;
		return -1;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}

/* Where datagrams went, and the length of the longest. */
static struct {
	const uint8_t *bytes;
	size_t len;
} received;

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	ssize_t len = syscall(SYS_recvmsg, fd, message, flags);

	received.bytes = message->msg_iov[0].iov_base;
	if (len > (ssize_t)received.len)
		received.len = (size_t)len;
	return len;
}

/* Something was received since the last time, and nothing of it is left. */
static void check_wiped(void)
{
	assert_true(received.len > sizeof(struct nlmsghdr));
	for (size_t i = 0; i < received.len; i++)
		assert_int_equal(received.bytes[i], 0);
	received.len = 0;
}

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s: failed", command);
}

static const char *const setup[] = {
	"ip link set lo up",
	"echo 1 >/proc/sys/net/core/xfrm_acq_expires",
	"ip xfrm policy add src 10.1.0.0/24 dst 10.2.0.0/24 dir out priority 7 " TEMPLATE,
	"ip xfrm policy add src 10.2.0.0/24 dst 10.1.0.0/24 dir in priority 7 " TEMPLATE,
	"ip xfrm policy add src 10.2.0.0/24 dst 10.1.0.0/24 dir fwd priority 7 " TEMPLATE,
	"ip xfrm policy add src 10.1.0.0/24 dst 10.3.0.0/24 dir out priority 7",
	"ip xfrm policy add src 10.1.0.0/24 dst 10.4.0.0/24 dir out priority 5 action block",
	"ip xfrm policy add src fd01::/64 dst fd02::/64 dir out if_id 5 " TEMPLATE,
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

/* A policy of one socket, in the clear, as IKE daemons have them. */
static int open_socket_with_policy(void)
{
	struct xfrm_userpolicy_info policy = {
		.sel = { .family = AF_INET },
		.lft = { .soft_byte_limit = XFRM_INF, .hard_byte_limit = XFRM_INF,
			 .soft_packet_limit = XFRM_INF, .hard_packet_limit = XFRM_INF },
		.dir = XFRM_POLICY_OUT,
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_XFRM_POLICY, &policy, sizeof(policy)), 0);
	return fd;
}

static void test_dump(void **state)
{
	static const struct {
		const char *remote;
		uint32_t priority, if_id;
		bool block;
		size_t templates;
	} expected[] = {
		{ "10.2.0.0/24", 7, 0, false, 1 },
		{ "10.3.0.0/24", 7, 0, false, 0 },
		{ "10.4.0.0/24", 5, 0, true, 0 },
		{ "fd02::/64", 0, 5, false, 1 },
	};
	int fd = open_socket_with_policy();
	struct ipsec_state_list states;
	struct ipsec_policy_list policies;
	struct nl *nl;

	(void)state;
	assert_int_equal(xfrm_open(&nl), 0);
	assert_int_equal(xfrm_dump(nl, &states, &policies), 0);
	check_wiped();
	assert_int_equal(states.count, 0);
	assert_int_equal(policies.count, COUNT(expected)); /* oldest first */
	for (size_t i = 0; i < COUNT(expected); i++) {
		const struct ipsec_policy *policy = &policies.list[i];
		char text[PREFIX_TEXT_MAX];

		assert_string_equal(prefix_format(&policy->selector.remote, text),
				    expected[i].remote);
		assert_int_equal(policy->priority, expected[i].priority);
		assert_int_equal(policy->if_id, expected[i].if_id);
		assert_int_equal(policy->block, expected[i].block);
		assert_int_equal(policy->template_count, expected[i].templates);
	}
	ipsec_state_list_done(&states);
	ipsec_policy_list_done(&policies);
	nl_close(nl);
	close(fd);
}

/* How a release names itself, and what the lists make of it: an updated policy is the youngest
 * since Linux 6.12, and states may be stuck to since 6.13. */
static const char *release;

int uname(struct utsname *name)
{
	if (!release)
		return -1;
	memset(name, 0, sizeof(*name));
	strcpy(name->release, release);
	return 0;
}

static void test_releases(void **state)
{
	static const struct { const char *release; bool update_is_youngest, sticky; } releases[] = {
		{ "6.1.0-56-amd64", false, false },
		{ "5.15.0", false, false },
		{ "6.11.9", false, false },
		{ "6.12.0", true, false },
		{ "6.13-rc1", true, true },
		{ "6.18.44", true, true },
		{ "7.0", true, true },
		{ "unknown", true, true },
		{ NULL, true, true },
	};
	struct nl *nl;

	(void)state;
	run("ip xfrm policy update src 10.1.0.0/24 dst 10.2.0.0/24 dir out priority 7 " TEMPLATE);
	assert_int_equal(xfrm_open(&nl), 0);
	for (size_t i = 0; i < COUNT(releases); i++) {
		struct ipsec_state_list states;
		struct ipsec_policy_list policies;
		size_t place;

		release = releases[i].release;
		assert_int_equal(xfrm_dump(nl, &states, &policies), 0);
		assert_int_equal(policies.count, 4);
		place = releases[i].update_is_youngest ? 3 : 0;
		assert_int_equal(policies.list[place].selector.remote.address.bytes[1], 2);
		assert_int_equal(states.sticky, releases[i].sticky);
		ipsec_state_list_done(&states);
		ipsec_policy_list_done(&policies);
	}
	nl_close(nl);
}

static int count_changes(const struct nlmsghdr *message, void *userdata)
{
	unsigned int *changes = userdata;

	*changes += xfrm_is_change(message);
	return 0;
}

/* Each command, and whether something is heard within that time. */
static const struct { const char *command; int wait_ms; bool heard; } events[] = {
	{ "ip xfrm policy add src 10.1.0.0/24 dst 10.5.0.0/24 dir out " TEMPLATE, 2000, true },
	{ "ip xfrm policy update src 10.1.0.0/24 dst 10.5.0.0/24 dir out priority 9 " TEMPLATE,
	  2000, true },
	{ "ip xfrm policy delete src 10.1.0.0/24 dst 10.5.0.0/24 dir out", 2000, true },
	{ "true", 100, false },
	/* a state that nobody completes expires after a second */
	{ "ip xfrm state allocspi src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel min 9 max 9 "
	  ">/dev/null", 5000, true },
	{ "ip xfrm state flush", 100, false }, /* nothing there: no news */
};

static void test_events(void **state)
{
	struct nl *nl;

	(void)state;
	assert_int_equal(xfrm_open_events(&nl), 0);
	for (size_t i = 0; i < COUNT(events); i++) {
		struct pollfd waits = { .fd = nl_fd(nl), .events = POLLIN };
		unsigned int changes = 0;

		run(events[i].command);
		assert_int_equal(poll(&waits, 1, events[i].wait_ms), events[i].heard);
		assert_int_equal(nl_read_events(nl, count_changes, &changes), 0);
		assert_int_equal(changes, events[i].heard);
		if (changes)
			check_wiped();
	}
	nl_close(nl);
}

static void test_no_ipsec(void **state)
{
	struct ipsec_state_list states = { .count = 9 };
	struct ipsec_policy_list policies = { .count = 9 };
	struct nl *nl = (struct nl *)8;

	(void)state;
	socket_error = EPROTONOSUPPORT;
	assert_int_equal(xfrm_open(&nl), 0);
	assert_null(nl);
	assert_int_equal(xfrm_open_events(&nl), 0);
	assert_null(nl);
	assert_int_equal(xfrm_dump(NULL, &states, &policies), 0);
	assert_int_equal(states.count, 0);
	assert_int_equal(policies.count, 0);
	socket_error = EMFILE;
	nl = (struct nl *)8;
	assert_int_equal(xfrm_open(&nl), -EMFILE);
	assert_int_equal(xfrm_open_events(&nl), -EMFILE);
	assert_ptr_equal(nl, (struct nl *)8);
	socket_error = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_releases),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_no_ipsec),
	};

	return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
