/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Against the kernel itself, in a network namespace of this process alone. Needs root and ip(8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/array.h"
#include "edge/netlink/rtnl.h"
#include "pmtu_exception.h"

static const uint8_t v0_mac[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x01 };

static const char *const setup[] = {
	"ip link set lo up",
	"ip link add v0 address 02:00:00:00:00:01 type veth peer name v1",
	"ip link set v1 up",
	"ip link set v0 mtu 1492 up",
	"ip addr add 192.0.2.2/24 dev v0",
	"ip addr add 2001:db8::2/64 dev v0 nodad",
	"echo 1 >/proc/sys/net/ipv4/ip_forward",
	"echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter",
	"echo 0 >/proc/sys/net/ipv4/conf/v0/rp_filter",
	"echo 0 >/proc/sys/net/ipv4/conf/v1/rp_filter",
	"ip route add 10.8.0.0/16 dev v0 mtu lock 1200",
	"ip route add 10.9.0.0/16 dev v0 mtu 1300",
	"ip route add 10.10.0.0/16 mtu 1350 nexthop via 192.0.2.1 dev v0 nexthop via 192.0.2.3 dev v0",
	"ip route add blackhole 10.11.0.0/16",
	"ip route add unreachable 10.12.0.0/16",
	"ip route add prohibit 10.13.0.0/16",
	"ip route add 10.14.0.0/16 dev v0",
	"ip route add 10.9.0.0/16 dev v1 table 4000 mtu 1290",
	"ip route add 10.9.0.0/16 dev v1 table 4001 mtu 1291",
	"ip route add fd08::/16 dev v0 mtu lock 1350",
	"ip route add fd09::/16 dev v0 mtu 1310",
	"ip route add fd0a::/16 dev v1 table 4000",
	"ip route add fd0b::/16 mtu 1330 nexthop via 2001:db8::1 nexthop via 2001:db8::3",
	"ip route add blackhole fd0c::/16",
	"ip rule add fwmark 7 lookup 4000",
	"ip -6 rule add fwmark 7 lookup 4000",
	"ip rule add uidrange 4711-4711 lookup 4000",
	"ip rule add ipproto udp dport 51820 lookup 4001",
	"ip rule add ipproto udp sport 500 lookup 4001",
};

/* What ICMP messages have told before the questions. */
static const struct exception exceptions[] = {
	{ "v1", v0_mac, "192.0.2.1",   "192.0.2.2",   "10.9.1.1",  1200 },
	{ "v1", v0_mac, "192.0.2.1",   "192.0.2.2",   "10.9.1.2",  400 },
	{ "v1", v0_mac, "192.0.2.1",   "192.0.2.2",   "10.14.1.1", 1250 },
	{ "v1", v0_mac, "192.0.2.1",   "192.0.2.2",   "10.10.1.1", 1260 },
	{ "v1", v0_mac, "192.0.2.1",   "192.0.2.2",   "10.8.1.1",  1100 }, /* locked: not believed */
	{ "v1", v0_mac, "2001:db8::1", "2001:db8::2", "fd09::1",   1290 },
	{ "v1", v0_mac, "2001:db8::1", "2001:db8::2", "fd0b::1",   1285 },
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
	for (size_t i = 0; i < COUNT(exceptions); i++)
		plant_exception(&exceptions[i]);
	return 0;
}

static struct nl *open_questions(void)
{
	struct nl *nl;

	assert_int_equal(nl_open(NETLINK_ROUTE, 0, &nl), 0);
	return nl;
}

/* The rest of a question: links by name, NULL for none. */
struct more {
	const char *source, *iif, *oif;
	uint32_t mark, uid; /* uid 0: not said */
	uint8_t protocol;
	uint16_t sport, dport;
};

static const struct {
	const char *name, *destination;
	struct more more;
	int result;
	const char *link; /* NULL: this host */
	uint32_t mtu;
	bool locked;
	const char *source; /* NULL: not looked at */
} questions[] = {
	{ "made here",            "10.9.3.1",     { 0 }, 0, "v0", 1300, false, "192.0.2.2" },
	{ "by another table",     "10.9.1.1",     { .mark = 7 }, 0, "v1", 1290, false, NULL },
	{ "passing through",      "10.9.3.1",     { .source = "192.0.2.9", .iif = "v1" }, 0, "v0",
	  1300, false, NULL },
	{ "this host",            "192.0.2.2",    { 0 }, 0, NULL, 0, false, NULL },
	{ "IPv6",                 "fd09::3",      { 0 }, 0, "v0", 1310, false, "2001:db8::2" },
	{ "IPv6, another table",  "fd0a::1",      { .mark = 7 }, 0, "v1", 0, false, NULL },
	{ "IPv6, this host",      "2001:db8::2",  { 0 }, 0, NULL, 0, false, NULL },
	{ "no route",             "198.51.100.1", { 0 }, -ENETUNREACH, NULL, 0, false, NULL },
	{ "no route, IPv6",       "fd0d::1",      { 0 }, -ENETUNREACH, NULL, 0, false, NULL },
	{ "black hole",           "10.11.1.1",    { 0 }, -EINVAL, NULL, 0, false, NULL },
	{ "black hole, IPv6",     "fd0c::1",      { 0 }, -EINVAL, NULL, 0, false, NULL },
	{ "unreachable",          "10.12.1.1",    { 0 }, -EHOSTUNREACH, NULL, 0, false, NULL },
	{ "prohibited",           "10.13.1.1",    { 0 }, -EACCES, NULL, 0, false, NULL },
	{ "a martian",            "10.9.1.1",     { .source = "127.0.0.9", .iif = "v1" }, -EINVAL,
	  NULL, 0, false, NULL },
	{ "iif without a source", "10.9.1.1",     { .iif = "v1" }, -EINVAL, NULL, 0, false, NULL },
	{ "mixed families",       "10.9.1.1",     { .source = "fd09::1" }, -EAFNOSUPPORT, NULL, 0,
	  false, NULL },
	{ "locked",               "10.8.1.1",     { 0 }, 0, "v0", 1200, true, NULL },
	{ "locked, IPv6",         "fd08::1",      { 0 }, 0, "v0", 1350, true, NULL },
	{ "several next hops",    "10.10.3.1",    { 0 }, 0, "v0", 1350, false, NULL },
	{ "likewise, IPv6",       "fd0b::3",      { 0 }, 0, "v0", 1330, false, NULL },
	{ "without a metric",     "10.14.3.1",    { 0 }, 0, "v0", 0, false, NULL },
	/* the route's metric, whatever the kernel has been told */
	{ "exception",            "10.9.1.1",     { 0 }, 0, "v0", 1300, false, NULL },
	{ "a locked exception",   "10.9.1.2",     { 0 }, 0, "v0", 1300, false, NULL },
	{ "exception, no metric", "10.14.1.1",    { 0 }, 0, "v0", 0, false, NULL },
	{ "exception, next hops", "10.10.1.1",    { 0 }, 0, "v0", 1350, false, NULL },
	{ "exception, IPv6",      "fd09::1",      { 0 }, 0, "v0", 1310, false, NULL },
	{ "likewise, next hops",  "fd0b::1",      { 0 }, 0, "v0", 1330, false, NULL },
	{ "bound to a link",      "198.51.100.1", { .oif = "v0" }, 0, "v0", 0, false, "192.0.2.2" },
	{ "bound to the other",   "10.9.1.1",     { .oif = "v1" }, 0, "v1", 0, false, NULL },
	{ "bound source",         "10.9.3.1",     { .source = "192.0.2.2" }, 0, "v0", 1300, false,
	  NULL },
	{ "of another user",      "10.9.1.1",     { .uid = 4711 }, 0, "v1", 1290, false, NULL },
	{ "of somebody",          "10.9.1.1",     { .uid = 4712 }, 0, "v0", 1300, false, NULL },
	{ "to a port",            "10.9.1.1",     { .protocol = IPPROTO_UDP, .dport = 51820 }, 0,
	  "v1", 1291, false, NULL },
	{ "from a port",          "10.9.1.1",     { .protocol = IPPROTO_UDP, .sport = 500 }, 0,
	  "v1", 1291, false, NULL },
	{ "to another",           "10.9.1.1",     { .protocol = IPPROTO_UDP, .dport = 51821 }, 0,
	  "v0", 1300, false, NULL },
	{ "of another protocol",  "10.9.1.1",     { .protocol = IPPROTO_TCP, .dport = 51820 }, 0,
	  "v0", 1300, false, NULL },
	/* such protocols cannot be asked with, and have no ports */
	{ "ESP",                  "10.9.1.1",     { .protocol = IPPROTO_ESP, .dport = 51820 }, 0,
	  "v0", 1300, false, NULL },
	{ "the other's ICMP",     "fd09::1",      { .protocol = IPPROTO_ICMP }, 0, "v0", 1310,
	  false, NULL },
};

static struct path_question question_from(size_t row)
{
	const struct more *more = &questions[row].more;
	struct path_question question = {
		.has_source = more->source,
		.iif = more->iif ? if_nametoindex(more->iif) : 0,
		.oif = more->oif ? if_nametoindex(more->oif) : 0,
		.mark = more->mark,
		.has_uid = more->uid,
		.uid = more->uid,
		.protocol = more->protocol,
		.sport = more->sport,
		.dport = more->dport,
	};

	assert_int_equal(address_parse(questions[row].destination, &question.destination), 0);
	if (more->source)
		assert_int_equal(address_parse(more->source, &question.source), 0);
	return question;
}

static void check_answer(size_t row, int r, const struct path_answer *answer)
{
	const char *link = questions[row].link, *source = questions[row].source;
	bool good = questions[row].result == 0;
	char text[PREFIX_TEXT_MAX] = "";

	if (answer->has_source)
		address_format(&answer->source, text);
	if (r != questions[row].result || answer->reachable != good ||
	    answer->ifindex != (link ? if_nametoindex(link) : 0) ||
	    answer->local != (good && !link) || answer->mtu != questions[row].mtu ||
	    answer->mtu_locked != questions[row].locked ||
	    (source && strcmp(text, source) != 0))
		fail_msg("%s: %d, link %u%s, MTU %u%s, from %s", questions[row].name, r,
			 answer->ifindex, answer->local ? ", local" : "", answer->mtu,
			 answer->mtu_locked ? " locked" : "", text);
}

static void test_one_by_one(void **state)
{
	struct nl *nl = open_questions();

	(void)state;
	for (size_t i = 0; i < COUNT(questions); i++) {
		struct path_question question = question_from(i);
		struct path_answer answer = { 0 };
		int r = rtnl_get_route(nl, &question, &answer);

		check_answer(i, r, &answer);
	}
	nl_close(nl);
}

/* A refusal leaves alone what the caller had. */
static void test_refusal_writes_nothing(void **state)
{
	struct path_question question = { 0 };
	struct path_answer answer = { .ifindex = 7, .mtu = 8 };
	struct nl *nl = open_questions();

	(void)state;
	assert_int_equal(address_parse("198.51.100.1", &question.destination), 0);
	assert_int_equal(rtnl_get_route(nl, &question, &answer), -ENETUNREACH);
	assert_int_equal(answer.ifindex, 7);
	assert_int_equal(answer.mtu, 8);
	nl_close(nl);
}

/* More than fit into a batch, those without an answer in between. */
static void test_many(void **state)
{
	const size_t sizes[] = { 0, 1, NL_BATCH_MAX, NL_BATCH_MAX + 1, 7 * NL_BATCH_MAX - 3 };
	struct path_question asked[7 * NL_BATCH_MAX];
	struct path_answer answers[7 * NL_BATCH_MAX];
	struct nl *nl = open_questions();

	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++)
		asked[i] = question_from(i % COUNT(questions));
	for (size_t n = 0; n < COUNT(sizes); n++) {
		memset(answers, 0xff, sizeof(answers));
		assert_int_equal(rtnl_get_ways(nl, asked, answers, sizes[n]), 0);
		for (size_t i = 0; i < sizes[n]; i++)
			check_answer(i % COUNT(questions), questions[i % COUNT(questions)].result,
				     &answers[i]);
	}
	nl_close(nl);
}

/* What one of very many costs: printed, and bounded where it would hurt. */
static void test_cost(void **state)
{
	static struct path_question asked[10000];
	static struct path_answer answers[10000];
	struct nl *nl = open_questions();
	struct timespec begin, end;
	double took_ns;

	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		const uint8_t bytes[4] = { 10, 14, (uint8_t)(i >> 8), (uint8_t)i };

		asked[i].destination = address_from_bytes(FAMILY_IPV4, bytes);
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(rtnl_get_ways(nl, asked, answers, COUNT(asked)), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	took_ns = (double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec);
	print_message("%.0f ns a question\n", took_ns / (double)COUNT(asked));
	for (size_t i = 0; i < COUNT(asked); i++)
		assert_true(answers[i].reachable);
	assert_true(took_ns < 5e9);
	nl_close(nl);
}

/* What the kernel believes of single destinations; the locked route's ICMP message is not there. */
static const struct { const char *destination; uint32_t mtu; bool locked; } expected_hints[] = {
	{ "10.9.1.1",  1200, false },
	{ "10.9.1.2",  552,  true  }, /* net.ipv4.route.min_pmtu */
	{ "10.14.1.1", 1250, false },
	{ "10.10.1.1", 1260, false },
	{ "fd09::1",   1290, false },
	{ "fd0b::1",   1285, false },
};

static void test_hints(void **state)
{
	struct nl *nl = open_questions();
	struct hint_list hints = { 0 };

	(void)state;
	assert_int_equal(rtnl_dump_hints(nl, &hints), 0);
	assert_int_equal(hints.count, COUNT(expected_hints));
	for (size_t i = 0; i < COUNT(expected_hints); i++) {
		bool found = false;

		for (size_t n = 0; n < hints.count; n++) {
			const struct path_hint *hint = &hints.list[n];
			char text[PREFIX_TEXT_MAX];

			address_format(&hint->destination, text);
			found |= strcmp(text, expected_hints[i].destination) == 0 &&
				 hint->ifindex == if_nametoindex("v0") &&
				 hint->mtu == expected_hints[i].mtu &&
				 hint->locked == expected_hints[i].locked;
		}
		if (!found)
			fail_msg("%s: no such hint", expected_hints[i].destination);
	}
	hint_list_done(&hints);
	nl_close(nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_by_one),
		cmocka_unit_test(test_refusal_writes_nothing),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_hints), /* the kernel tells of those that a question met */
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests_name("rtnl_way", tests, enter_namespace, NULL);
}
