/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conversation with the kernel, played: this file's sendto and recvmsg take the place of the C
 * library's, so that answers come in any order, twice, or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/nl.h"

/* What one played answer is like besides an RTM_NEWROUTE for its place. */
enum { REFUSED = 1, ACKED = 2, OTHER_PORT = 4, STALE = 8, SPLIT = 16, LOST = 32 };

struct said {
	int place; /* below 0: nothing more */
	unsigned int how;
};

static struct {
	const struct said *next;
	uint32_t first, port; /* of the requests that were sent */
	size_t sent;          /* requests */
	uint16_t flags;       /* of them all */
	const uint8_t *received; /* where the last datagram went */
	size_t received_len;
} kernel;

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	const uint8_t *pos = data;

	(void)fd, (void)flags, (void)to, (void)to_len;
	kernel.sent = 0;
	for (size_t at = 0; at < len; kernel.sent++) {
		struct nlmsghdr header;

		memcpy(&header, pos + at, sizeof(header));
		if (kernel.sent == 0)
			kernel.first = header.nlmsg_seq;
		assert_int_equal(header.nlmsg_seq, kernel.first + kernel.sent);
		kernel.port = header.nlmsg_pid;
		kernel.flags = header.nlmsg_flags;
		at += NLMSG_ALIGN((size_t)header.nlmsg_len);
	}
	return (ssize_t)len;
}

static size_t put(uint8_t *at, const struct said *said)
{
	struct { struct nlmsghdr header; int32_t code; } message = {
		.header = { .nlmsg_len = sizeof(message), .nlmsg_type = RTM_NEWROUTE,
			    .nlmsg_seq = kernel.first + (uint32_t)said->place,
			    .nlmsg_pid = kernel.port },
		.code = said->how & REFUSED ? -ENETUNREACH : 0,
	};

	if (said->how & (REFUSED | ACKED))
		message.header.nlmsg_type = NLMSG_ERROR;
	if (said->how & OTHER_PORT)
		message.header.nlmsg_pid++;
	if (said->how & STALE)
		message.header.nlmsg_seq = kernel.first - 1;
	memcpy(at, &message, sizeof(message));
	return sizeof(message);
}

/* One datagram a call, up to SPLIT or the end; behind that there is silence. */
ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	uint8_t *at = message->msg_iov->iov_base;
	size_t len = 0;

	(void)fd, (void)flags;
	memset(message->msg_name, 0, sizeof(struct sockaddr_nl));
	message->msg_flags = 0;
	while (kernel.next->place >= 0) {
		const struct said *said = kernel.next++;

		if (said->how & LOST) {
			errno = ENOBUFS;
			return -1;
		}
		len += put(at + len, said);
		if (said->how & SPLIT)
			break;
	}
	if (len == 0) {
		errno = EAGAIN;
		return -1;
	}
	kernel.received = at;
	kernel.received_len = len;
	return (ssize_t)len;
}

struct heard {
	unsigned int times[NL_BATCH_MAX];
	int error[NL_BATCH_MAX];
	bool message[NL_BATCH_MAX];
};

static void hear(size_t place, const struct nlmsghdr *message, int error, void *userdata)
{
	struct heard *heard = userdata;

	assert_in_range(place, 0, NL_BATCH_MAX - 1);
	heard->times[place]++;
	heard->error[place] = error;
	heard->message[place] = message;
	if (message)
		assert_int_equal(message->nlmsg_seq, kernel.first + place);
}

static struct nl *opened(void)
{
	struct nl *nl;

	assert_int_equal(nl_open(NETLINK_ROUTE, 0, &nl), 0);
	return nl;
}

/* Writes count requests of an odd length and returns how long they are. */
static size_t write_requests(uint8_t *requests, size_t count)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		struct nlmsghdr *message = mnl_nlmsg_put_header(requests + len);

		message->nlmsg_type = RTM_GETROUTE;
		message->nlmsg_len += 1;
		len += NLMSG_ALIGN((size_t)message->nlmsg_len);
	}
	return len;
}

#define ENOUGH ((NL_BATCH_MAX + 1) * 20)

static const struct {
	const char *name;
	size_t requests;
	struct said said[8];
	int result;
	const char *outcome; /* a letter a request: answered, refused, ok without a message, nothing */
} scripts[] = {
	{ "one",               1, { { 0, 0 }, { -1, 0 } },                              0, "a" },
	{ "in order",          3, { { 0, 0 }, { 1, 0 }, { 2, 0 }, { -1, 0 } },          0, "aaa" },
	{ "in any order",      3, { { 2, 0 }, { 0, SPLIT }, { 1, 0 }, { -1, 0 } },      0, "aaa" },
	{ "one refused",       3, { { 0, 0 }, { 1, REFUSED }, { 2, 0 }, { -1, 0 } },    0, "ara" },
	{ "all refused",       2, { { 0, REFUSED }, { 1, REFUSED }, { -1, 0 } },        0, "rr" },
	{ "acknowledged",      2, { { 0, ACKED }, { 1, 0 }, { -1, 0 } },                0, "oa" },
	{ "twice",             2, { { 0, 0 }, { 0, REFUSED }, { 1, 0 }, { -1, 0 } },    0, "aa" },
	{ "of another port",   1, { { 0, OTHER_PORT | REFUSED }, { 0, 0 }, { -1, 0 } }, 0, "a" },
	{ "of an older one",   1, { { 0, STALE | REFUSED }, { 0, 0 }, { -1, 0 } },      0, "a" },
	{ "of none",           1, { { 1, REFUSED }, { 0, 0 }, { -1, 0 } },              0, "a" },
	{ "silence",           2, { { 1, 0 }, { -1, 0 } },                     -ETIMEDOUT, "-a" },
	{ "lost ones",         2, { { 0, SPLIT }, { 1, LOST }, { -1, 0 } },      -ENOBUFS, "a-" },
	{ "no requests",       0, { { -1, 0 } },                                        0, "" },
};

static char outcome(const struct heard *heard, size_t place)
{
	if (heard->times[place] != 1)
		return heard->times[place] ? '!' : '-';
	if (heard->message[place])
		return heard->error[place] == 0 ? 'a' : '!';
	return heard->error[place] == -ENETUNREACH ? 'r' : heard->error[place] == 0 ? 'o' : '!';
}

static void test_scripts(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t requests[ENOUGH];

	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++) {
		struct nl *nl = opened();
		struct heard heard = { 0 };
		size_t len = write_requests(requests, scripts[i].requests);

		/* Not the first conversation: there may be older answers. */
		kernel.next = (const struct said[]){ { 0, 0 }, { -1, 0 } };
		assert_int_equal(nl_ask_batch(nl, requests, 20, hear, &heard), 0);
		heard = (struct heard){ 0 };
		kernel.next = scripts[i].said;
		write_requests(requests, scripts[i].requests);
		if (nl_ask_batch(nl, requests, len, hear, &heard) != scripts[i].result)
			fail_msg("%s: another result", scripts[i].name);
		for (size_t place = 0; place < strlen(scripts[i].outcome); place++) {
			if (outcome(&heard, place) != scripts[i].outcome[place])
				fail_msg("%s, request %zu: %c", scripts[i].name, place,
					 outcome(&heard, place));
		}
		nl_close(nl);
	}
}

static void test_as_many_as_fit(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t requests[ENOUGH];
	struct said said[NL_BATCH_MAX + 1];
	struct heard heard = { 0 };
	struct nl *nl = opened();

	(void)state;
	for (int i = 0; i < NL_BATCH_MAX; i++)
		said[i] = (struct said){ NL_BATCH_MAX - 1 - i, 0 };
	said[NL_BATCH_MAX].place = -1;
	kernel.next = said;
	assert_int_equal(nl_ask_batch(nl, requests, write_requests(requests, NL_BATCH_MAX), hear,
				      &heard), 0);
	assert_int_equal(kernel.sent, NL_BATCH_MAX);
	assert_int_equal(kernel.flags, NLM_F_REQUEST);
	for (size_t place = 0; place < NL_BATCH_MAX; place++)
		assert_int_equal(outcome(&heard, place), 'a');
	nl_close(nl);
}

/* Refused before anything is sent. */
static void test_what_is_no_batch(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t requests[ENOUGH];
	struct heard heard = { 0 };
	struct nl *nl = opened();
	size_t len = write_requests(requests, NL_BATCH_MAX + 1);

	(void)state;
	kernel.sent = 0;
	assert_int_equal(nl_ask_batch(nl, requests, len, hear, &heard), -EINVAL);
	assert_int_equal(nl_ask_batch(nl, requests, 20 + 15, hear, &heard), -EINVAL);
	assert_int_equal(kernel.sent, 0);
	nl_close(nl);
}

/* Nothing of the answers stays in memory where that was asked for. */
static void test_batch_is_wiped(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t requests[ENOUGH];
	struct heard heard = { 0 };
	struct nl *nl = opened();

	(void)state;
	nl_wipe(nl);
	kernel.received_len = 0;
	kernel.next = (const struct said[]){ { 0, 0 }, { -1, 0 } };
	assert_int_equal(nl_ask_batch(nl, requests, write_requests(requests, 1), hear, &heard), 0);
	assert_int_equal(outcome(&heard, 0), 'a');
	assert_true(kernel.received_len > 0);
	for (size_t i = 0; i < kernel.received_len; i++)
		assert_int_equal(kernel.received[i], 0);
	nl_close(nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_as_many_as_fit),
		cmocka_unit_test(test_what_is_no_batch),
		cmocka_unit_test(test_batch_is_wiped),
	};

	return cmocka_run_group_tests_name("nl_batch", tests, NULL, NULL);
}
