/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded texts, and the kernel's own in a network namespace of this process alone. Needs root and
 * ip(8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/array.h"
#include "edge/probe/snmp.h"

#define U SNMP_UNKNOWN

/* Linux 6.18, the first lines. */
#define NAMES                                                                                      \
	"Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams "             \
	"InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout "  \
	"ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates OutTransmits\n"
#define VALUES "Ip: 2 64 7710 0 0 0 0 0 7710 4904 0 0 0 12 5 2 3 0 17 4904\n"
static const char ipv4_recorded[] = NAMES VALUES "Icmp: InMsgs InErrors\nIcmp: 12 0\n"
	"Tcp: RtoAlgorithm InSegs OutSegs RetransSegs InErrs\nTcp: 1 2495 1357 7 0\n"
	"Udp: OutSegs RetransSegs\nUdp: 65 66\n";
static const char ipv6_recorded[] =
	"Ip6InReceives                   \t2\n"
	"Ip6ReasmTimeout                 \t0\n"
	"Ip6ReasmReqds                   \t8\n"
	"Ip6ReasmOKs                     \t4\n"
	"Ip6ReasmFails                   \t1\n"
	"Ip6FragOKs                      \t0\n"
	"Ip6FragFails                    \t0\n"
	"Ip6FragCreates                  \t19\n"
	"Icmp6InMsgs                     \t0\n";

static const struct {
	const char *name;
	enum family family;
	const char *text;
	uint64_t told;
} texts[] = {
	{ "recorded",          FAMILY_IPV4, ipv4_recorded, 5 },
	{ "recorded, IPv6",    FAMILY_IPV6, ipv6_recorded, 4 },
	{ "empty",             FAMILY_IPV4, "", U },
	{ "empty, IPv6",       FAMILY_IPV6, "", U },
	{ "one for the other", FAMILY_IPV4, ipv6_recorded, U },
	{ "and back",          FAMILY_IPV6, ipv4_recorded, U },
	{ "other columns",     FAMILY_IPV4, "Ip: A ReasmOKs B\nIp: 1 2 3\n", 2 },
	{ "no such column",    FAMILY_IPV4, "Ip: A B\nIp: 1 2\n", U },
	{ "too few values",    FAMILY_IPV4, "Ip: A ReasmOKs\nIp: 1\n", U },
	{ "too many values",   FAMILY_IPV4, "Ip: ReasmOKs\nIp: 1 2 3\n", 1 },
	{ "twice",             FAMILY_IPV4, "Ip: ReasmOKs\nIp: 1\nIp: ReasmOKs\nIp: 2\n", 1 },
	{ "values of another", FAMILY_IPV4, "Ip: ReasmOKs\nIcmp: 1\nIp: 2\n", U },
	{ "behind others",     FAMILY_IPV4, "\nTcp: A\nTcp: 1\nIp: ReasmOKs\nIp: 9\n", 9 },
	{ "below zero",        FAMILY_IPV4, "Ip: ReasmOKs\nIp: -1\n", U },
	{ "no number",         FAMILY_IPV4, "Ip: ReasmOKs\nIp: 2x\n", U },
	{ "the largest",       FAMILY_IPV6, "Ip6ReasmOKs 18446744073709551614\n", UINT64_MAX - 1 },
	{ "too large",         FAMILY_IPV6, "Ip6ReasmOKs 18446744073709551616\n", U },
	{ "no value",          FAMILY_IPV6, "Ip6ReasmOKs \n", U },
	{ "a longer name",     FAMILY_IPV6, "Ip6ReasmOKsToo 1\n", U },
	{ "no newline",        FAMILY_IPV6, "Ip6ReasmReqds 1\nIp6ReasmOKs 2", U },
};

static const struct {
	const char *name, *text, *line, *column;
	uint64_t told;
} finds[] = {
	{ "recorded",          ipv4_recorded, "Tcp:", "RetransSegs", 7 },
	{ "another line",      ipv4_recorded, "Udp:", "RetransSegs", 66 },
	{ "no such line",      ipv4_recorded, "Sctp:", "RetransSegs", U },
	{ "no such column",    ipv4_recorded, "Tcp:", "Nothing", U },
	{ "values of another", "Tcp: A\nUdp: 1\nTcp: 2\n", "Tcp:", "A", U },
	{ "no values",         "Tcp: A\n", "Tcp:", "A", U },
	{ "too few values",    "Tcp: A B\nTcp: 1\n", "Tcp:", "B", U },
	{ "an empty line",     "\nTcp: A\nTcp: 1\n", "Tcp:", "A", 1 },
	{ "nothing",           "", "Tcp:", "A", U },
};

static void test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(finds); i++) {
		uint64_t told = snmp_find(finds[i].text, strlen(finds[i].text), finds[i].line,
					  finds[i].column);

		if (told != finds[i].told)
			fail_msg("%s: %" PRIu64, finds[i].name, told);
	}
}

/* From a copy of exactly that length: a sanitizer sees what reads on. */
static uint64_t parse(enum family family, const char *text, size_t len)
{
	char *copy = malloc(len + !len);
	struct snmp_counts counts;

	assert_non_null(copy);
	memcpy(copy, text, len);
	if (family == FAMILY_IPV4)
		snmp_parse_ipv4(copy, len, &counts);
	else
		snmp_parse_ipv6(copy, len, &counts);
	free(copy);
	return counts.value[family == FAMILY_IPV4 ? SNMP_REASSEMBLED_IPV4 : SNMP_REASSEMBLED_IPV6];
}

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		uint64_t told = parse(texts[i].family, texts[i].text, strlen(texts[i].text));

		if (told != texts[i].told)
			fail_msg("%s: %" PRIu64, texts[i].name, told);
	}
}

static void test_all_counters(void **state)
{
	static const uint64_t told[SNMP_COUNTERS] = {
		[SNMP_REASSEMBLED_IPV4] = 5,     [SNMP_REASSEMBLED_IPV6] = 4,
		[SNMP_NOT_REASSEMBLED_IPV4] = 2, [SNMP_NOT_REASSEMBLED_IPV6] = 1,
		[SNMP_FRAGMENTS_IPV4] = 17,      [SNMP_FRAGMENTS_IPV6] = 19,
		[SNMP_TCP_SENT] = 1357,          [SNMP_TCP_SENT_AGAIN] = 7,
	};
	struct snmp_counts counts;

	(void)state;
	snmp_parse_ipv4(ipv4_recorded, strlen(ipv4_recorded), &counts);
	snmp_parse_ipv6(ipv6_recorded, strlen(ipv6_recorded), &counts);
	for (enum snmp_counter i = 0; i < SNMP_COUNTERS; i++) {
		if (counts.value[i] != told[i])
			fail_msg("counter %d: %" PRIu64, (int)i, counts.value[i]);
	}
	assert_true(snmp_sum(2, 3) == 5 && snmp_sum(U, 3) == U && snmp_sum(2, U) == U);
}

/* A cut text tells what is whole in it and never another number. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (size_t len = 0; len < strlen(texts[i].text); len++) {
			uint64_t told = parse(texts[i].family, texts[i].text, len);

			if (told != U && told != texts[i].told)
				fail_msg("%s cut to %zu", texts[i].name, len);
		}
	}
	assert_true(parse(FAMILY_IPV4, ipv4_recorded, strlen(NAMES VALUES)) == 5);
	assert_true(parse(FAMILY_IPV4, ipv4_recorded, strlen(NAMES VALUES) - 1) == U);
}

/* A datagram larger than the MTU of lo, which is cut and put together here. */
static void send_in_pieces(const char *address)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(9) };
	const char bytes[3000] = { 0 };
	bool is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
	int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && (is_six || inet_pton(AF_INET, address, &four.sin_addr) == 1));
	assert_int_equal(sendto(fd, bytes, sizeof(bytes), 0,
				is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
				is_six ? sizeof(six) : sizeof(four)),
			 sizeof(bytes));
	close(fd);
}

static void test_counters_of_the_kernel(void **state)
{
	static const char *const ways[] = { "127.0.0.1", "::1" };
	struct snmp snmp;

	(void)state;
	snmp_init(&snmp);
	for (size_t i = 0; i < COUNT(ways); i++) {
		uint64_t before = snmp_reassembled(&snmp);

		assert_true(before != U);
		send_in_pieces(ways[i]);
		assert_true(snmp_reassembled(&snmp) == before + 1);
	}
	snmp_done(&snmp);
}

/* Who listens and takes nobody off the queue, which the first fills: of the others each SYN is
 * dropped, and sent again a second later. */
static void test_syns_sent_again(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(to);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), clients[3];

	(void)state;
	assert_int_equal(snmp_syns_sent_again(), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&to, len), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&to, &len), 0);
	for (size_t i = 0; i < COUNT(clients); i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(clients[i], (struct sockaddr *)&to, len);
	}
	for (int i = 0; snmp_syns_sent_again() == 0 && i < 600; i++)
		usleep(100000);
	assert_true(snmp_syns_sent_again() > 0 && snmp_syns_sent_again() != U);
	for (size_t i = 0; i < COUNT(clients); i++)
		close(clients[i]);
	close(listener);
}

/* Too many open files, once: not a count without one of the families, and no reason to give up. */
static void test_not_open_yet(void **state)
{
	struct rlimit old, none;
	struct snmp snmp;
	uint64_t told;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ 0, old.rlim_max };
	snmp_init(&snmp);
	for (int room = 0; room < 2; room++) { /* for so many of the two files */
		int next = dup(STDERR_FILENO);

		assert_true(next >= 0);
		close(next);
		none.rlim_cur = (rlim_t)(next + room);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		told = snmp_reassembled(&snmp);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		assert_true(told == U);
	}
	assert_true(snmp.fd[FAMILY_IPV4] >= 0);
	assert_true(snmp_reassembled(&snmp) != U);
	snmp_done(&snmp);
}

static int enter_namespace(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0) {
		perror("a network namespace of our own (are you root?)");
		return -1;
	}
	return system("ip link set lo mtu 1300 up") == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_all_counters),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_counters_of_the_kernel),
		cmocka_unit_test(test_syns_sent_again),
		cmocka_unit_test(test_not_open_yet),
	};

	return cmocka_run_group_tests_name("snmp", tests, enter_namespace, NULL);
}
