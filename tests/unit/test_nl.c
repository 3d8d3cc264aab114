/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conversation with the kernel, played: this file's sendto and recvmsg take the place of the C
 * library's, so that each thing a kernel may say, or fail to say, is said on purpose. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/nl.h"

enum what {
	END,
	NEWS,         /* a message of type RTM_NEWROUTE */
	NEWS_INTR,    /* the same, of a dump that was interrupted */
	NEWS_OLD_SEQ, /* the answer to an earlier question */
	NEWS_OTHER_PORT,
	NOOP,
	DONE,
	DONE_INTR,
	DONE_ERROR,   /* a dump that ended with -EINVAL */
	DONE_SHORT,   /* without a code */
	ACK,
	REFUSED,      /* NLMSG_ERROR with -EPERM */
	ERROR_SHORT,  /* NLMSG_ERROR without a code */
	OVERLONG,     /* a message that claims more than there is */
	NEGATIVE,     /* and one that claims 2^32 - 1 bytes */
	/* what ends a datagram by itself */
	SPLIT,        /* what follows comes in another datagram */
	FORGED,       /* the datagram so far is from another process */
	TRUNCATED,    /* it did not fit */
	FAIL_EINTR, FAIL_ENOBUFS, FAIL_EAGAIN, FAIL_EBADF,
};

/* The script of a test, and how far it was played. Nothing else may call what it replaces. */
static struct {
	const enum what *next;
	uint32_t sequence, port;
	unsigned int sent;
	uint16_t sent_flags;
	uint8_t *received; /* where datagrams went, and the length of the longest */
	size_t received_len;
} kernel;

static void script(const enum what *what)
{
	kernel.next = what;
	kernel.sent = 0;
	kernel.received_len = 0;
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	const struct nlmsghdr *message = data;

	(void)fd, (void)flags, (void)to, (void)to_len;
	kernel.sequence = message->nlmsg_seq;
	kernel.port = message->nlmsg_pid;
	kernel.sent_flags = message->nlmsg_flags;
	kernel.sent++;
	return (ssize_t)len;
}

static size_t put(uint8_t *at, enum what what)
{
	struct { struct nlmsghdr header; int32_t code; } message = {
		.header = { .nlmsg_len = sizeof(message), .nlmsg_type = RTM_NEWROUTE,
			    .nlmsg_flags = NLM_F_MULTI, .nlmsg_seq = kernel.sequence,
			    .nlmsg_pid = kernel.port },
	};
	struct nlmsghdr *header = &message.header;

	if (what == NOOP)
		header->nlmsg_type = NLMSG_NOOP;
	if (what >= DONE && what <= DONE_SHORT)
		header->nlmsg_type = NLMSG_DONE;
	if (what >= ACK && what <= ERROR_SHORT)
		header->nlmsg_type = NLMSG_ERROR;
	if (what == NEWS_INTR || what == DONE_INTR)
		header->nlmsg_flags |= NLM_F_DUMP_INTR;
	if (what == NEWS_OLD_SEQ)
		header->nlmsg_seq--;
	if (what == NEWS_OTHER_PORT)
		header->nlmsg_pid++;
	if (what == DONE_SHORT || what == ERROR_SHORT)
		header->nlmsg_len = sizeof(*header);
	if (what == OVERLONG)
		header->nlmsg_len = 4096;
	if (what == NEGATIVE)
		header->nlmsg_len = UINT32_MAX;
	message.code = what == DONE_ERROR ? -EINVAL : what == REFUSED ? -EPERM : 0;
	memcpy(at, &message, sizeof(message));
	return what == OVERLONG || what == NEGATIVE ? sizeof(message) : header->nlmsg_len;
}

static ssize_t failing(enum what what)
{
	errno = what == FAIL_EINTR ? EINTR : what == FAIL_ENOBUFS ? ENOBUFS :
		what == FAIL_EAGAIN ? EAGAIN : EBADF;
	return -1;
}

/* Plays the script up to the end of one datagram. Behind its end there is silence. */
ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct sockaddr_nl *sender = message->msg_name;
	uint8_t *start = message->msg_iov->iov_base;
	size_t len = 0;

	(void)fd, (void)flags;
	memset(sender, 0, sizeof(*sender));
	message->msg_flags = 0;
	if (*kernel.next == END)
		return failing(FAIL_EAGAIN);
	if (*kernel.next >= FAIL_EINTR)
		return failing(*kernel.next++);
	while (*kernel.next != END && *kernel.next < SPLIT)
		len += put(start + len, *kernel.next++);
	if (*kernel.next == FORGED)
		sender->nl_pid = 4711;
	if (*kernel.next == TRUNCATED)
		message->msg_flags = MSG_TRUNC;
	if (*kernel.next >= SPLIT && *kernel.next <= TRUNCATED)
		kernel.next++;
	kernel.received = start;
	if (len > kernel.received_len)
		kernel.received_len = len;
	return (ssize_t)len;
}

struct heard {
	unsigned int messages, restarts;
	int answer; /* what to say to each message */
};

static int hear(const struct nlmsghdr *message, void *userdata)
{
	struct heard *heard = userdata;

	assert_int_equal(message->nlmsg_type, RTM_NEWROUTE);
	heard->messages++;
	return heard->answer;
}

static void forget(void *userdata)
{
	struct heard *heard = userdata;

	heard->restarts++;
	heard->messages = 0;
}

static struct nl *opened(uint32_t groups)
{
	struct nl *nl;

	assert_int_equal(nl_open(NETLINK_ROUTE, groups, &nl), 0);
	return nl;
}

static struct nlmsghdr *request(uint8_t *bytes, uint16_t type)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);

	message->nlmsg_type = type;
	return message;
}

#define INTERRUPTED NEWS, SPLIT, NEWS_INTR, DONE_INTR, SPLIT

static const struct {
	const char *name;
	enum what script[24];
	int stop, result;
	unsigned int messages, restarts; /* messages: in the last round */
} dumps[] = {
	{ "nothing",             { DONE },                              0, 0, 0, 0 },
	{ "one datagram",        { NEWS, NEWS, DONE },                  0, 0, 2, 0 },
	{ "several",             { NEWS, SPLIT, NEWS, SPLIT, DONE },    0, 0, 2, 0 },
	{ "end without a code",  { NEWS, DONE_SHORT },                  0, 0, 1, 0 },
	{ "end with an error",   { NEWS, DONE_ERROR },                  0, -EINVAL, 1, 0 },
	{ "refused",             { REFUSED },                           0, -EPERM, 0, 0 },
	{ "refused, no code",    { ERROR_SHORT },                       0, -EBADMSG, 0, 0 },
	{ "interrupted once",    { INTERRUPTED, NEWS, DONE },           0, 0, 1, 1 },
	{ "interrupted at end",  { NEWS, DONE_INTR, SPLIT, NEWS, DONE }, 0, 0, 1, 1 },
	{ "interrupted each time", { INTERRUPTED, DONE_INTR, SPLIT, DONE_INTR, SPLIT, DONE_INTR,
				     SPLIT, DONE_INTR, SPLIT, DONE_INTR }, 0, -EINTR, 0, 5 },
	{ "an old answer first", { NEWS_OLD_SEQ, SPLIT, NEWS, DONE },   0, 0, 1, 0 },
	{ "another's answer",    { NEWS_OTHER_PORT, NEWS, DONE },       0, 0, 1, 0 },
	{ "no operation",        { NOOP, NEWS, DONE },                  0, 0, 1, 0 },
	{ "forged",              { NEWS, DONE, FORGED, NEWS, DONE },    0, 0, 1, 0 },
	{ "a signal",            { FAIL_EINTR, NEWS, DONE },            0, 0, 1, 0 },
	{ "silence",             { NEWS },                              0, -ETIMEDOUT, 1, 0 },
	{ "socket broken",       { NEWS, SPLIT, FAIL_EBADF },           0, -EBADF, 1, 0 },
	{ "datagram cut off",    { NEWS, TRUNCATED, DONE },             0, -ENOBUFS, 0, 0 },
	{ "a message too long",  { NEWS, OVERLONG, SPLIT, DONE },       0, 0, 1, 0 },
	/* the rest is read though nobody wants it: the next question must not find it */
	{ "listener stops",      { NEWS, NEWS, SPLIT, NEWS, DONE }, -ENOMEM, -ENOMEM, 1, 0 },
};

static void test_dumps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dumps); i++) {
		_Alignas(struct nlmsghdr) uint8_t bytes[64];
		struct nl *nl = opened(0);
		struct heard heard = { .answer = dumps[i].stop };
		int r;

		script(dumps[i].script);
		r = nl_dump(nl, request(bytes, RTM_GETROUTE), hear, forget, &heard);
		if (r != dumps[i].result || heard.messages != dumps[i].messages ||
		    heard.restarts != dumps[i].restarts)
			fail_msg("%s: %d, %u messages, %u restarts", dumps[i].name, r,
				 heard.messages, heard.restarts);
		assert_int_equal(kernel.sent, dumps[i].restarts + 1);
		assert_int_equal(kernel.sent_flags & NLM_F_DUMP, NLM_F_DUMP);
		if (r != -EBADF && r != -ENOBUFS)
			assert_int_equal(*kernel.next, END);
		nl_close(nl);
	}
}

static const struct {
	const char *name;
	enum what script[8];
	int stop, result;
	unsigned int messages;
} questions[] = {
	{ "acknowledged",       { ACK },                       0, 0, 0 },
	{ "answered",           { NEWS, SPLIT, ACK },          0, 0, 1 },
	{ "refused",            { REFUSED },                   0, -EPERM, 0 },
	{ "old answers first",  { NEWS_OLD_SEQ, SPLIT, ACK },  0, 0, 0 },
	{ "silence",            { END },                       0, -ETIMEDOUT, 0 },
	{ "listener stops",     { NEWS, SPLIT, ACK },   -EBADMSG, -EBADMSG, 1 },
};

static void test_questions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(questions); i++) {
		_Alignas(struct nlmsghdr) uint8_t bytes[64];
		struct nl *nl = opened(0);
		struct heard heard = { .answer = questions[i].stop };
		int r;

		script(questions[i].script);
		r = nl_ask(nl, request(bytes, RTM_GETROUTE), hear, &heard);
		if (r != questions[i].result || heard.messages != questions[i].messages)
			fail_msg("%s: %d, %u messages", questions[i].name, r, heard.messages);
		assert_int_equal(*kernel.next, END);
		nl_close(nl);
	}
}

static const struct {
	const char *name;
	enum what script[8];
	int stop, result;
	unsigned int messages, malformed;
} readings[] = {
	{ "nothing there",      { END },                                     0, 0, 0, 0 },
	{ "several",            { NEWS, NEWS, SPLIT, NEWS },                 0, 0, 3, 0 },
	{ "some were lost",     { NEWS, SPLIT, FAIL_ENOBUFS, NEWS },         0, -ENOBUFS, 2, 0 },
	{ "one was cut off",    { NEWS, TRUNCATED, NEWS },                   0, -ENOBUFS, 1, 0 },
	{ "an error is none",   { REFUSED, ERROR_SHORT, NEWS },              0, 0, 1, 0 },
	{ "nor are DONE, NOOP", { DONE, NOOP, SPLIT, NEWS },                 0, 0, 1, 0 },
	{ "forged",             { NEWS, FORGED, NEWS },                      0, 0, 1, 0 },
	{ "a message too long", { NEWS, OVERLONG, SPLIT, NEWS },             0, 0, 2, 1 },
	{ "4 GiB long",         { NEWS, NEGATIVE, SPLIT, NEWS },             0, 0, 2, 1 },
	{ "a signal",           { FAIL_EINTR, NEWS },                        0, 0, 1, 0 },
	{ "socket broken",      { FAIL_EBADF },                              0, -EBADF, 0, 0 },
	{ "listener stops",     { NEWS, NEWS },                        -EINVAL, -EINVAL, 1, 0 },
};

static void test_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(readings); i++) {
		struct nl *nl = opened(RTMGRP_LINK);
		struct heard heard = { .answer = readings[i].stop };
		int r;

		script(readings[i].script);
		r = nl_read_events(nl, hear, &heard);
		if (r != readings[i].result || heard.messages != readings[i].messages ||
		    nl_malformed_total(nl) != readings[i].malformed)
			fail_msg("%s: %d, %u messages", readings[i].name, r, heard.messages);
		nl_close(nl);
	}
}

/* A flood must not keep the control thread in here: it comes back, and poll calls again. */
static void test_events_come_back(void **state)
{
	enum what flood[2001];
	struct nl *nl = opened(RTMGRP_LINK);
	struct heard heard = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(flood); i++)
		flood[i] = i % 2 ? SPLIT : NEWS;
	flood[COUNT(flood) - 1] = END;
	script(flood);
	assert_int_equal(nl_read_events(nl, hear, &heard), 0);
	assert_in_range(heard.messages, 1, 999);
	while (*kernel.next != END)
		assert_int_equal(nl_read_events(nl, hear, &heard), 0);
	assert_int_equal(heard.messages, 1000);
	nl_close(nl);
}

/* What was read is still there, or is not: the kernel's answers may carry keys. */
static bool is_wiped(void)
{
	assert_true(kernel.received_len >= sizeof(struct nlmsghdr));
	for (size_t i = 0; i < kernel.received_len; i++) {
		if (kernel.received[i])
			return false;
	}
	return true;
}

static const struct {
	const char *name;
	enum what script[8];
	int result;
} endings[] = {
	{ "to its end",      { NEWS, NEWS, DONE },          0 },
	{ "in two parts",    { NEWS, NEWS, SPLIT, DONE },   0 },
	{ "interrupted",     { NEWS, DONE_INTR, SPLIT, NEWS, DONE }, 0 },
	{ "with an error",   { NEWS, DONE_ERROR },          -EINVAL },
	{ "in silence",      { NEWS },                      -ETIMEDOUT },
	{ "cut off",         { NEWS, TRUNCATED, DONE },     -ENOBUFS },
};

static void test_wipe(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(endings) * 2; i++) {
		_Alignas(struct nlmsghdr) uint8_t bytes[64];
		struct nl *nl = opened(0);
		struct heard heard = { 0 };
		bool wipe = i % 2;

		if (wipe)
			nl_wipe(nl);
		script(endings[i / 2].script);
		assert_int_equal(nl_dump(nl, request(bytes, RTM_GETROUTE), hear, forget, &heard),
				 endings[i / 2].result);
		if (is_wiped() != wipe)
			fail_msg("%s: wipe %d", endings[i / 2].name, wipe);
		script((enum what[]){ ACK, END });
		assert_int_equal(nl_ask(nl, request(bytes, RTM_GETROUTE), NULL, NULL), 0);
		assert_int_equal(is_wiped(), wipe);
		script((enum what[]){ NEWS, END });
		assert_int_equal(nl_read_events(nl, hear, &heard), 0);
		assert_int_equal(is_wiped(), wipe);
		nl_close(nl);
	}
}

static void test_open_says_what_failed(void **state)
{
	struct nl *nl = NULL;

	(void)state;
	assert_int_equal(nl_open(4711, 0, &nl), -EPROTONOSUPPORT);
	assert_null(nl);
	nl_close(NULL);
	nl = opened(0);
	assert_int_equal(nl_join(nl, 100000), -EINVAL);
	nl_close(nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_events_come_back),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_open_says_what_failed),
	};

	return cmocka_run_group_tests_name("nl", tests, NULL, NULL);
}
