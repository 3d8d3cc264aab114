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
#include <sys/syscall.h>
#include <unistd.h>

#include "base/array.h"
#include "daemon/discovery/knowledge.h"
#include "pmtu_exception.h"

static const char *const setup[] = {
	"ip link set lo up",
	"ip link add v0 address 02:00:00:00:00:01 type veth peer name v1",
	"ip addr add 192.0.2.2/24 dev v0",
	"ip link set v0 up",
	"ip link set v1 up",
	"ip link add x0 type vxlan id 1 dstport 4789",
	"bridge fdb append 00:00:00:00:00:00 dev x0 dst 192.0.2.9",
	"ip link set x0 up",
	"ip link add g0 type veth peer name g1",
	"ip addr add 10.0.0.1 peer 10.0.0.9 dev g0", /* after 192.0.2.2, and before it in order */
	"ip link set g0 up",
};

static bool refuse_ways;      /* whether questions for one way are to fail; dumps pass */
static bool refuse_addresses; /* whether the dump of addresses is to fail */

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	const struct nlmsghdr *message = data;

	if (refuse_addresses && message->nlmsg_type == RTM_GETADDR) {
		errno = ENOBUFS;
		return -1;
	}
	if (refuse_ways && message->nlmsg_type == RTM_GETROUTE &&
	    (message->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) {
		errno = ENOBUFS;
		return -1;
	}
	return syscall(SYS_sendto, fd, data, len, flags, to, to_len);
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
	return 0;
}

static void on_peers(void *userdata)
{
	(void)userdata;
}

static bool is_reachable(struct knowledge *knowledge)
{
	struct path_question way = { .oif = 0 };
	struct path_answer answer = { 0 };
	size_t count, peers = 0;
	struct peer_list *const *lists = discovery_lists(knowledge->discovery, &count);

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < lists[i]->count; k++) {
			if (lists[i]->list[k].has_endpoint) {
				way = lists[i]->list[k].way;
				peers++;
			}
		}
	}
	assert_int_equal(peers, 1);
	return ways_find(knowledge->ways, &way, &answer) && answer.reachable;
}

static void test_ways_that_could_not_be_asked_for(void **state)
{
	struct config_report report;
	struct knowledge knowledge;
	struct config *config;
	sd_event *event;

	(void)state;
	assert_int_equal(config_load("/dev/null", CONFIG_ABSENT_WARNS, &config, &report), 0);
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(knowledge_init(&knowledge, event, NULL, on_peers, NULL), 0);

	refuse_ways = true;
	assert_int_equal(knowledge_look(&knowledge, STALE_KERNEL | STALE_PEERS, config), 1);
	assert_true(knowledge.incomplete);
	assert_false(is_reachable(&knowledge));
	refuse_ways = false;
	assert_int_equal(knowledge_look(&knowledge, STALE_KERNEL, config), 1);
	assert_false(knowledge.incomplete);
	assert_true(is_reachable(&knowledge));

	knowledge_done(&knowledge);
	sd_event_unref(event);
	config_report_done(&report);
	config_free(config);
}

static bool has_own(const struct knowledge *knowledge, const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), 0);
	return knowledge->own && bsearch(&address, knowledge->own, knowledge->own_count,
					 sizeof(address), address_compare);
}

/* Who is at the other end of g0, as text. */
static const char *neighbour(const struct knowledge *knowledge)
{
	static char text[PREFIX_TEXT_MAX];

	if (knowledge->neighbours.count != 1 ||
	    knowledge->neighbours.list[0].ifindex != if_nametoindex("g0"))
		return "nobody";
	return address_format(&knowledge->neighbours.list[0].address, text);
}

static void test_addresses(void **state)
{
	struct config_report report;
	struct knowledge knowledge;
	struct config *config;
	sd_event *event;

	(void)state;
	assert_int_equal(config_load("/dev/null", CONFIG_ABSENT_WARNS, &config, &report), 0);
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(knowledge_init(&knowledge, event, NULL, on_peers, NULL), 0);
	assert_int_equal(knowledge_look(&knowledge, STALE_KERNEL, config), 1);
	assert_true(has_own(&knowledge, "192.0.2.2") && has_own(&knowledge, "10.0.0.1") &&
		    has_own(&knowledge, "127.0.0.1"));
	assert_false(has_own(&knowledge, "10.0.0.9"));
	assert_string_equal(neighbour(&knowledge), "10.0.0.9");

	/* What cannot be asked for stays. */
	assert_int_equal(system("ip addr flush dev g0 && ip addr add 10.0.0.5/30 dev g0"), 0);
	refuse_addresses = true;
	assert_int_equal(knowledge_look(&knowledge, RTNL_CHANGED_ROUTES, config), -ENOBUFS);
	assert_true(has_own(&knowledge, "10.0.0.1"));
	assert_string_equal(neighbour(&knowledge), "10.0.0.9");
	refuse_addresses = false;
	assert_int_equal(knowledge_look(&knowledge, RTNL_CHANGED_ROUTES, config), 1);
	assert_false(has_own(&knowledge, "10.0.0.1"));
	assert_true(has_own(&knowledge, "10.0.0.5"));
	assert_string_equal(neighbour(&knowledge), "10.0.0.6");

	knowledge_done(&knowledge);
	sd_event_unref(event);
	config_report_done(&report);
	config_free(config);
}

static bool kernel_believes(struct nl *nl, const char *host, uint32_t mtu)
{
	struct hint_list hints = { 0 };
	struct address address;
	bool found = false;

	assert_int_equal(address_parse(host, &address), 0);
	assert_int_equal(rtnl_dump_hints(nl, &hints), 0);
	for (size_t i = 0; i < hints.count; i++)
		found |= hints.list[i].mtu == mtu &&
			 address_equal(&hints.list[i].destination, &address);
	hint_list_done(&hints);
	return found;
}

/* A router tells the MTU of the way to a host by v0, which takes 1500 bytes; until that is heard,
 * as a link that has just come up may drop it. */
static void tell(struct nl *nl, const char *host, uint32_t mtu)
{
	static const uint8_t v0_mac[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x01 };

	for (int i = 0; !kernel_believes(nl, host, mtu); i++) {
		if (i == 500)
			fail_msg("%s: the kernel does not believe %u", host, mtu);
		plant_exception(&(const struct exception){
			.link = "v1", .mac = v0_mac, .router = "192.0.2.66", .host = "192.0.2.2",
			.destination = host, .mtu = mtu,
		});
		usleep(10000);
	}
}

/* Only those of the far end of x0, 192.0.2.9, are a reason to build anew. */
static const struct { const char *host; uint32_t mtu; int result; size_t kept; } exceptions[] = {
	{ "192.0.2.50", 1400, 0, 0 },
	{ "192.0.2.50", 1300, 0, 0 },
	{ "192.0.2.9",  1400, 1, 1 },
	{ "192.0.2.51", 1400, 0, 1 },
	{ "192.0.2.9",  1300, 1, 1 },
};

static void test_exceptions(void **state)
{
	struct config_report report;
	struct knowledge knowledge;
	struct config *config;
	sd_event *event;

	(void)state;
	assert_int_equal(config_load("/dev/null", CONFIG_ABSENT_WARNS, &config, &report), 0);
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(knowledge_init(&knowledge, event, NULL, on_peers, NULL), 0);
	assert_int_equal(knowledge_look(&knowledge, STALE_KERNEL | STALE_HINTS, config), 1);
	for (size_t i = 0; i < COUNT(exceptions); i++) {
		tell(knowledge.questions, exceptions[i].host, exceptions[i].mtu);
		assert_int_equal(knowledge_look(&knowledge, STALE_HINTS, config),
				 exceptions[i].result);
		assert_int_equal(knowledge.hints.count, exceptions[i].kept);
	}
	assert_int_equal(knowledge.hints.list[0].mtu, 1300);
	knowledge_done(&knowledge);
	/* Who comes to know of the far end later knows of its exception too. */
	assert_int_equal(knowledge_init(&knowledge, event, NULL, on_peers, NULL), 0);
	assert_int_equal(knowledge_look(&knowledge, STALE_KERNEL, config), 1);
	assert_int_equal(knowledge.hints.count, 1);
	knowledge_done(&knowledge);
	sd_event_unref(event);
	config_report_done(&report);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways_that_could_not_be_asked_for),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_exceptions),
	};

	return cmocka_run_group_tests_name("knowledge", tests, enter_namespace, NULL);
}
