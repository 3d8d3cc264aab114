/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lies, told to real sockets: a router of this process alone has seen a probe, or has not, and says
 * things about it. Needs root and ip(8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "edge/probe/probe.h"
#include "edge/probe/probe_socket.h"
#include "probe_net.h"

static int refusals; /* so many packets meet an error that an ICMP message has left */

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (refusals > 0) {
		refusals--;
		errno = EMSGSIZE;
		return -1;
	}
	return syscall(SYS_sendmsg, fd, message, flags);
}

static const struct way {
	const char *name;
	bool udp;
	const char *near, *router, *silent;
} ways[] = {
	{ "IPv4 ping", false, "192.0.2.1",     "192.0.2.2",     "203.0.113.7"      },
	{ "IPv4 UDP",  true,  "192.0.2.1",     "192.0.2.2",     "203.0.113.7"      },
	{ "IPv6 ping", false, "2001:db8:1::1", "2001:db8:1::2", "2001:db8:dead::7" },
	{ "IPv6 UDP",  true,  "2001:db8:1::1", "2001:db8:1::2", "2001:db8:dead::7" },
};

enum {
	STRANGER = -1,
	NOTHING = -2, /* neither heard nor counted */
};

/* What is said, by type and code of each family; with how much of the probe, and what is wrong. */
enum whole { WHOLE, HEADER, PADDED, CUT_NONCE };
enum wrong { RIGHT, WRONG_NONCE, WRONG_NUMBER };
static const struct lie {
	const char *name;
	struct { uint8_t type, code; } icmp[FAMILY_COUNT]; /* 0: there is no such error */
	bool from_destination;
	uint16_t mtu;
	enum whole quote;
	enum wrong wrong;
	int ping, udp; /* the kind that is heard, or as above */
} lies[] = {
	{ "too big", { { 3, 4 }, { 2, 0 } }, false, 1300, WHOLE, RIGHT,
	  PROBE_HEARD_TOO_BIG, PROBE_HEARD_TOO_BIG },
	{ "too big, no MTU", { { 3, 4 }, { 2, 0 } }, false, 0, WHOLE, RIGHT,
	  PROBE_HEARD_TOO_BIG, PROBE_HEARD_TOO_BIG },
	{ "too big, wrong nonce", { { 3, 4 }, { 2, 0 } }, false, 1300, WHOLE, WRONG_NONCE,
	  STRANGER, STRANGER },
	{ "too big, wrong number", { { 3, 4 }, { 2, 0 } }, false, 1300, WHOLE, WRONG_NUMBER,
	  STRANGER, STRANGER },
	{ "too big, no nonce", { { 3, 4 }, { 2, 0 } }, false, 1300, HEADER, RIGHT,
	  STRANGER, STRANGER },
	{ "too big, half a nonce", { { 3, 4 }, { 2, 0 } }, false, 1300, CUT_NONCE, RIGHT,
	  STRANGER, STRANGER },
	{ "too big, zeros for a nonce", { { 3, 4 }, { 2, 0 } }, false, 1300, PADDED, RIGHT,
	  STRANGER, STRANGER },
	{ "time exceeded", { { 11, 0 }, { 3, 0 } }, false, 0, WHOLE, RIGHT,
	  PROBE_HEARD_TIME_EXCEEDED, PROBE_HEARD_TIME_EXCEEDED },
	{ "time exceeded, no nonce", { { 11, 0 }, { 3, 0 } }, false, 0, HEADER, RIGHT,
	  PROBE_HEARD_TIME_EXCEEDED, PROBE_HEARD_TIME_EXCEEDED },
	{ "time exceeded, half a nonce", { { 11, 0 }, { 3, 0 } }, false, 0, CUT_NONCE, RIGHT,
	  PROBE_HEARD_TIME_EXCEEDED, PROBE_HEARD_TIME_EXCEEDED },
	{ "time exceeded, zeros for it", { { 11, 0 }, { 3, 0 } }, false, 0, PADDED, RIGHT,
	  PROBE_HEARD_TIME_EXCEEDED, PROBE_HEARD_TIME_EXCEEDED },
	{ "time exceeded, wrong nonce", { { 11, 0 }, { 3, 0 } }, false, 0, WHOLE, WRONG_NONCE,
	  STRANGER, STRANGER },
	{ "time exceeded, wrong in half", { { 11, 0 }, { 3, 0 } }, false, 0, CUT_NONCE, WRONG_NONCE,
	  STRANGER, STRANGER },
	{ "time exceeded, wrong number", { { 11, 0 }, { 3, 0 } }, false, 0, HEADER, WRONG_NUMBER,
	  STRANGER, STRANGER },
	{ "a piece is missing", { { 0 }, { 3, 1 } }, true, 0, WHOLE, RIGHT,
	  PROBE_HEARD_UNREACHABLE, PROBE_HEARD_UNREACHABLE },
	{ "a piece is missing, no nonce", { { 0 }, { 3, 1 } }, true, 0, HEADER, RIGHT,
	  STRANGER, STRANGER },
	{ "no port there", { { 3, 3 }, { 1, 4 } }, true, 0, WHOLE, RIGHT,
	  PROBE_HEARD_UNREACHABLE, PROBE_HEARD_ANSWER },
	{ "no port there, says a router", { { 3, 3 }, { 1, 4 } }, false, 0, WHOLE, RIGHT,
	  PROBE_HEARD_UNREACHABLE, PROBE_HEARD_UNREACHABLE },
	{ "no port there, no nonce", { { 3, 3 }, { 1, 4 } }, true, 0, HEADER, RIGHT,
	  STRANGER, STRANGER },
	{ "no port there, wrong nonce", { { 3, 3 }, { 1, 4 } }, true, 0, WHOLE, WRONG_NONCE,
	  STRANGER, STRANGER },
	{ "prohibited", { { 3, 13 }, { 1, 1 } }, false, 0, WHOLE, RIGHT,
	  PROBE_HEARD_UNREACHABLE, PROBE_HEARD_UNREACHABLE },
	{ "prohibited, no nonce", { { 3, 13 }, { 1, 1 } }, false, 0, HEADER, RIGHT,
	  STRANGER, STRANGER },
	{ "no such header", { { 12, 0 }, { 4, 1 } }, false, 7, WHOLE, RIGHT,
	  PROBE_HEARD_UNREACHABLE, PROBE_HEARD_UNREACHABLE },
};

/* A probe that the router has seen and thrown away. */
struct told {
	struct probe_sockets *sockets;
	struct probe_packet packet;
	struct seen seen;
};

static struct told set_up_told(const struct way *way)
{
	struct told told = { .sockets = probe_sockets_new() };
	int fd = watch("r0");

	assert_non_null(told.sockets);
	told.packet = (struct probe_packet){ .id = 17, .destination = address_of(way->silent),
					     .udp = way->udp, .size = 1350 };
	assert_int_equal(probe_send(told.sockets, &told.packet), 0);
	told.seen = look(fd);
	close(fd);
	return told;
}

/* Where the nonce and the number of a probe lie in its packet. */
static size_t nonce_at(const struct seen *seen)
{
	return seen->header + 8;
}
static size_t number_at(const struct seen *seen)
{
	return seen->header + (seen->udp ? 3 : 7);
}

static void say(const struct way *way, const struct seen *seen, const struct lie *lie)
{
	static const size_t lengths[] = { [WHOLE] = 200, [HEADER] = 0, [PADDED] = 120,
					  [CUT_NONCE] = 7 };
	struct address to = address_of(way->near);
	struct address from = address_of(lie->from_destination ? way->silent : way->router);
	size_t len = nonce_at(seen) + lengths[lie->quote];
	uint8_t icmp[512] = { 0 };

	icmp[0] = lie->icmp[seen->family].type;
	icmp[1] = lie->icmp[seen->family].code;
	wire_put16(icmp + 6, lie->mtu);
	memcpy(icmp + 8, seen->bytes, len);
	if (lie->wrong == WRONG_NONCE)
		icmp[8 + nonce_at(seen) + 6] ^= 1;
	if (lie->wrong == WRONG_NUMBER)
		icmp[8 + number_at(seen)] ^= 1;
	if (lie->quote == PADDED)
		memset(icmp + 8 + nonce_at(seen), 0, lengths[PADDED]);
	tell_near(&from, &to, icmp, 8 + len);
}

/* What came of it: the kind that was heard, STRANGER, or NOTHING. */
static int outcome(struct told *told, const struct address *from, uint32_t mtu)
{
	struct pollfd wait = { .fd = probe_fd(told->sockets), .events = POLLIN };
	uint64_t before = probe_socket_totals(told->sockets).strangers, after;
	struct probe_heard heard;
	int r;

	if (poll(&wait, 1, WAIT_MS) != 1)
		fail_msg("nothing came");
	r = probe_receive(told->sockets, &heard);
	after = probe_socket_totals(told->sockets).strangers;
	if (r == 0)
		return after == before + 1 ? STRANGER : NOTHING;
	assert_true(after == before);
	assert_int_equal(heard.id, 17);
	assert_int_equal(heard.mtu, heard.kind == PROBE_HEARD_TOO_BIG ? mtu : 0);
	assert_memory_equal(&heard.from, from, sizeof(*from));
	return (int)heard.kind;
}

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways) * COUNT(lies); i++) {
		const struct way *way = &ways[i / COUNT(lies)];
		const struct lie *lie = &lies[i % COUNT(lies)];
		struct address from = address_of(lie->from_destination ? way->silent : way->router);
		int wanted = way->udp ? lie->udp : lie->ping, r;
		struct told told = set_up_told(way);

		/* The kernel keeps IPv4's missing piece to itself. */
		if (lie->icmp[told.seen.family].type == 0) {
			probe_sockets_free(told.sockets);
			continue;
		}
		say(way, &told.seen, lie);
		r = outcome(&told, &from, lie->mtu);
		if (r != wanted)
			fail_msg("%s: %s: %d", way->name, lie->name, r);
		/* A second time it fits nothing. */
		say(way, &told.seen, lie);
		r = outcome(&told, &from, lie->mtu);
		if (r != STRANGER)
			fail_msg("%s: %s, again: %d", way->name, lie->name, r);
		probe_sockets_free(told.sockets);
	}
}

/* A redirect says nothing of the packet: it went on. UDP sockets do not even hear of it. */
static void test_redirect(void **state)
{
	static const struct lie redirect = { "redirect", { { 5, 1 }, { 0 } }, false, 0, WHOLE,
					     RIGHT, NOTHING, NOTHING };
	struct told told = set_up_told(&ways[0]);
	struct address from = address_of(ways[0].router);

	(void)state;
	say(&ways[0], &told.seen, &redirect);
	assert_int_equal(outcome(&told, &from, 0), NOTHING);
	say(&ways[0], &told.seen, &lies[0]);
	assert_int_equal(outcome(&told, &from, lies[0].mtu), PROBE_HEARD_TOO_BIG);
	probe_sockets_free(told.sockets);
}

static const struct answer {
	const char *name;
	bool from_router;
	enum wrong wrong;
	int longer; /* bytes */
	int outcome;
} answers[] = {
	{ "right",             false, RIGHT,        0,     PROBE_HEARD_ANSWER },
	{ "from elsewhere",    true,  RIGHT,        0,     STRANGER           },
	{ "wrong nonce",       false, WRONG_NONCE,  0,     STRANGER           },
	{ "wrong number",      false, WRONG_NUMBER, 0,     STRANGER           },
	{ "a byte is missing", false, RIGHT,        -1,    STRANGER           },
	{ "a byte too much",   false, RIGHT,        1,     STRANGER           },
	{ "half a nonce",      false, RIGHT,        -1300, STRANGER           },
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(answers); i++) {
		const struct way *way = &ways[i % 2 * 2];
		const struct answer *answer = &answers[i / 2];
		struct address from = address_of(answer->from_router ? way->router : way->silent);
		struct address to = address_of(way->near);
		struct told told = set_up_told(way);
		size_t len = told.seen.len - told.seen.header;
		uint8_t icmp[2048] = { 0 };
		int r;

		memcpy(icmp, told.seen.bytes + told.seen.header, len);
		icmp[0] = told.seen.family == FAMILY_IPV4 ? 0 : 129;
		icmp[8] ^= answer->wrong == WRONG_NONCE;
		icmp[7] ^= answer->wrong == WRONG_NUMBER;
		tell_near(&from, &to, icmp, len + (size_t)answer->longer);
		r = outcome(&told, &from, 0);
		if (r != answer->outcome)
			fail_msg("%s: %s: %d", way->name, answer->name, r);
		probe_sockets_free(told.sockets);
	}
}

/* Whoever answers an UDP probe with data has a port open: no answer, and it does no harm. */
static void test_open_port(void **state)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000202) };
	struct told told = set_up_told(&ways[1]);
	struct address from = address_of(ways[1].router);
	int fd;

	(void)state;
	enter(ROUTER);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	name.sin_addr.s_addr = htonl(0xc0000201);
	memcpy(&name.sin_port, told.seen.bytes + told.seen.header, 2);
	assert_int_equal(sendto(fd, told.seen.bytes, 100, 0, (struct sockaddr *)&name,
				sizeof(name)), 100);
	close(fd);
	enter(NEAR);
	assert_int_equal(outcome(&told, &from, 0), STRANGER);
	probe_sockets_free(told.sockets);
}

/* The first of more probes than are awaited has given way, the second has not. */
static void test_more_than_are_awaited(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct told told = set_up_told(&ways[i]);
		struct address from = address_of(ways[i].router);
		int fd = watch("r0");
		struct seen second;

		assert_int_equal(probe_send(told.sockets, &told.packet), 0);
		second = look(fd);
		told.packet.id = 18;
		told.packet.size = 100;
		for (int n = 1; n < PROBE_OUTSTANDING_MAX; n++)
			assert_int_equal(probe_send(told.sockets, &told.packet), 0);
		say(&ways[i], &told.seen, &lies[0]);
		assert_int_equal(outcome(&told, &from, lies[0].mtu), STRANGER);
		say(&ways[i], &second, &lies[0]);
		assert_int_equal(outcome(&told, &from, lies[0].mtu), PROBE_HEARD_TOO_BIG);
		close(fd);
		probe_sockets_free(told.sockets);
	}
}

/* A flood is taken a part at a time, and what is right in it is found. */
static void test_flood(void **state)
{
	struct told told = set_up_told(&ways[1]);
	struct address from = address_of(ways[1].router);
	const struct lie forged = lies[2];
	struct probe_heard heard;

	(void)state;
	for (int i = 0; i < 300; i++)
		say(&ways[1], &told.seen, &forged);
	say(&ways[1], &told.seen, &lies[0]);
	assert_int_equal(probe_receive(told.sockets, &heard), 0);
	assert_int_equal(probe_socket_totals(told.sockets).strangers, 256);
	assert_int_equal(probe_receive(told.sockets, &heard), 1);
	assert_int_equal(heard.kind, PROBE_HEARD_TOO_BIG);
	assert_memory_equal(&heard.from, &from, sizeof(from));
	assert_int_equal(probe_socket_totals(told.sockets).strangers, 300);
	probe_sockets_free(told.sockets);
}

/* Of a packet that was refused, and how often before the kernel looked at it. */
static const struct { const char *name; int refusals; uint32_t size; int result; } sizes[] = {
	{ "fits",                                    0, 1350, 0         },
	{ "forged once",                             1, 1350, 0         },
	{ "forged twice",                            2, 1350, 0         },
	{ "forged thrice, it fits",                  3, 1350, -EAGAIN   },
	{ "forged at whatever socket",              16, 1350, -EAGAIN   },
	{ "does not fit",                            0, 1501, -EMSGSIZE },
	{ "forged thrice, and it does not fit",      3, 1501, -EMSGSIZE },
};

static void test_forged_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ways) * COUNT(sizes); i++) {
		const struct way *way = &ways[i / COUNT(sizes)];
		struct probe_sockets *sockets = probe_sockets_new();
		struct probe_packet packet = { .id = 17, .destination = address_of(way->silent),
					       .has_source = true,
					       .source = address_of(way->near),
					       .udp = way->udp,
					       .size = sizes[i % COUNT(sizes)].size };
		int r;

		assert_non_null(sockets);
		refusals = sizes[i % COUNT(sizes)].refusals;
		r = probe_send(sockets, &packet);
		refusals = 0;
		if (r != sizes[i % COUNT(sizes)].result)
			fail_msg("%s: %s: %d", way->name, sizes[i % COUNT(sizes)].name, r);
		assert_int_equal(probe_socket_totals(sockets).sent, r == 0);
		probe_sockets_free(sockets);
	}
}

static const struct { enum family family; int level, name, value; } options[] = {
	{ FAMILY_IPV4, SOL_IP,   IP_MTU_DISCOVER,   IP_PMTUDISC_PROBE   },
	{ FAMILY_IPV4, SOL_IP,   IP_RECVERR,        1                   },
	{ FAMILY_IPV6, SOL_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE },
	{ FAMILY_IPV6, SOL_IPV6, IPV6_DONTFRAG,     1                   },
	{ FAMILY_IPV6, SOL_IPV6, IPV6_RECVERR,      1                   },
	{ FAMILY_IPV6, SOL_IPV6, IPV6_V6ONLY,       1                   },
};

static void test_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * COUNT(options); i++) {
		socklen_t len = sizeof(int);
		int fd, value = -1;

		assert_int_equal(probe_socket_open(options[i / 2].family, i % 2, &fd), 0);
		assert_int_equal(getsockopt(fd, options[i / 2].level, options[i / 2].name, &value,
					    &len), 0);
		assert_int_equal(value, options[i / 2].value);
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
		close(fd);
	}
}

static int set_up(void **state)
{
	if (set_up_net(state) < 0)
		return -1;
	return run_in(NEAR, "echo 0 0 >/proc/sys/net/ipv4/ping_group_range");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_redirect),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_open_port),
		cmocka_unit_test(test_more_than_are_awaited),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_forged_sizes),
	};

	return cmocka_run_group_tests_name("probe_socket", tests, set_up, NULL);
}
