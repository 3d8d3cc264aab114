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
#include <sys/socket.h>
#include <unistd.h>

#include "edge/snmp.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define U SNMP_UNKNOWN

/* Linux 6.18, the first lines. */
#define NAMES                                                                                      \
	"Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams "             \
	"InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout "  \
	"ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates OutTransmits\n"
#define VALUES "Ip: 2 64 7710 0 0 0 0 0 7710 4904 0 0 0 12 5 2 3 0 17 4904\n"
static const char ipv4_recorded[] = NAMES VALUES "Icmp: InMsgs InErrors\nIcmp: 12 0\n";
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
	struct snmp_fragments told;
} texts[] = {
	{ "recorded",          FAMILY_IPV4, ipv4_recorded, { 5, 2, 17 } },
	{ "recorded, IPv6",    FAMILY_IPV6, ipv6_recorded, { 4, 1, 19 } },
	{ "empty",             FAMILY_IPV4, "",            { U, U, U }  },
	{ "empty, IPv6",       FAMILY_IPV6, "",            { U, U, U }  },
	{ "one for the other", FAMILY_IPV4, ipv6_recorded, { U, U, U }  },
	{ "and back",          FAMILY_IPV6, ipv4_recorded, { U, U, U }  },
	{ "other columns",     FAMILY_IPV4, "Ip: A FragCreates B\nIp: 1 2 3\n", { U, U, 2 } },
	{ "too few values",    FAMILY_IPV4, "Ip: ReasmOKs FragCreates\nIp: 1\n", { 1, U, U } },
	{ "too many values",   FAMILY_IPV4, "Ip: ReasmOKs\nIp: 1 2 3\n", { 1, U, U } },
	{ "values of another", FAMILY_IPV4, "Ip: ReasmOKs\nIcmp: 1\nIp: 2\n", { U, U, U } },
	{ "behind others",     FAMILY_IPV4, "\nTcp: A\nTcp: 1\nIp: ReasmOKs\nIp: 9\n",
	  { 9, U, U } },
	{ "no number",         FAMILY_IPV4, "Ip: ReasmOKs ReasmFails\nIp: -1 2x\n", { U, U, U } },
	{ "the largest",       FAMILY_IPV6, "Ip6ReasmOKs 18446744073709551614\n",
	  { UINT64_MAX - 1, U, U } },
	{ "too large",         FAMILY_IPV6, "Ip6ReasmOKs 18446744073709551616\n", { U, U, U } },
	{ "no value",          FAMILY_IPV6, "Ip6ReasmOKs\nIp6FragCreates \n", { U, U, U } },
	{ "no newline",        FAMILY_IPV6, "Ip6ReasmOKs 1\nIp6FragCreates 2", { 1, U, U } },
};

/* From a copy of exactly that length: a sanitizer sees what reads on. */
static struct snmp_fragments parse(enum family family, const char *text, size_t len)
{
	struct snmp_fragments told;
	char *copy = malloc(len + !len);

	assert_non_null(copy);
	memcpy(copy, text, len);
	told = family == FAMILY_IPV4 ? snmp_parse_ipv4(copy, len) : snmp_parse_ipv6(copy, len);
	free(copy);
	return told;
}

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct snmp_fragments told =
			parse(texts[i].family, texts[i].text, strlen(texts[i].text));

		if (memcmp(&told, &texts[i].told, sizeof(told)) != 0)
			fail_msg("%s: %" PRIu64 " %" PRIu64 " %" PRIu64, texts[i].name,
				 told.reassembled, told.reassembly_failed, told.created);
	}
}

/* A cut text tells what is whole in it and never another number. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct snmp_fragments *all = &texts[i].told;

		for (size_t len = 0; len < strlen(texts[i].text); len++) {
			struct snmp_fragments told = parse(texts[i].family, texts[i].text, len);

			if ((told.reassembled != U && told.reassembled != all->reassembled) ||
			    (told.reassembly_failed != U &&
			     told.reassembly_failed != all->reassembly_failed) ||
			    (told.created != U && told.created != all->created))
				fail_msg("%s cut to %zu", texts[i].name, len);
		}
	}
	assert_true(parse(FAMILY_IPV4, ipv4_recorded, strlen(NAMES VALUES)).created == 17);
	assert_true(parse(FAMILY_IPV4, ipv4_recorded, strlen(NAMES VALUES) - 1).created == U);
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
	static const struct { const char *address; enum family family; } ways[] = {
		{ "127.0.0.1", FAMILY_IPV4 },
		{ "::1",       FAMILY_IPV6 },
	};
	struct snmp *snmp = snmp_open();

	(void)state;
	assert_non_null(snmp);
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct snmp_counters before = snmp_read(snmp), after;
		const struct snmp_fragments *was = &before.family[ways[i].family];

		send_in_pieces(ways[i].address);
		after = snmp_read(snmp);
		assert_true(after.family[ways[i].family].created == was->created + 3);
		assert_true(after.family[ways[i].family].reassembled == was->reassembled + 1);
		assert_true(after.family[ways[i].family].reassembly_failed == 0);
		assert_memory_equal(&after.family[!ways[i].family],
				    &before.family[!ways[i].family],
				    sizeof(struct snmp_fragments));
	}
	snmp_close(snmp);
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
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_counters_of_the_kernel),
	};

	return cmocka_run_group_tests_name("snmp", tests, enter_namespace, NULL);
}
