/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel that answers questions by a script: sendto and recvmsg of the test take the place of the
 * C library's. Each answer is a message that was recorded, or an end. Include cmocka.h first. */
#pragma once

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

struct played {
	const uint8_t *bytes; /* NULL: the dump ends here */
	size_t len;
	bool interrupted;     /* NLM_F_DUMP_INTR */
	int error;            /* of the end; the question is refused where it is the first answer */
};

#define ANSWER(array) { .bytes = (array), .len = sizeof(array) }
#define ANSWER_END { .bytes = NULL }

static struct {
	const struct played *next;
	unsigned int questions;
	uint32_t sequence, port;
	uint8_t question[128]; /* the last one */
	size_t question_len;
	uint8_t *received;     /* where answers went, and the length of the longest */
	size_t received_len;
} played_kernel;

static inline void play(const struct played *script)
{
	memset(&played_kernel, 0, sizeof(played_kernel));
	played_kernel.next = script;
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	const struct nlmsghdr *message = data;

	(void)fd, (void)flags, (void)to, (void)to_len;
	assert_in_range(len, 0, sizeof(played_kernel.question));
	memcpy(played_kernel.question, data, len);
	played_kernel.question_len = len;
	played_kernel.sequence = message->nlmsg_seq;
	played_kernel.port = message->nlmsg_pid;
	played_kernel.questions++;
	return (ssize_t)len;
}

static inline size_t played_answer(uint8_t *at, const struct played *answer)
{
	struct nlmsghdr *header = (struct nlmsghdr *)(void *)at;
	struct { struct nlmsghdr header; int32_t error; } end = {
		.header = { .nlmsg_len = sizeof(end), .nlmsg_type = NLMSG_DONE },
		.error = answer->error,
	};

	if (answer->bytes)
		memcpy(at, answer->bytes, answer->len);
	else
		memcpy(at, &end, sizeof(end));
	header->nlmsg_flags = NLM_F_MULTI;
	if (answer->interrupted)
		header->nlmsg_flags |= NLM_F_DUMP_INTR;
	header->nlmsg_seq = played_kernel.sequence;
	header->nlmsg_pid = played_kernel.port;
	return answer->bytes ? answer->len : sizeof(end);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	size_t len;

	(void)fd, (void)flags;
	assert_non_null(played_kernel.next);
	memset(message->msg_name, 0, message->msg_namelen);
	message->msg_flags = 0;
	len = played_answer(message->msg_iov->iov_base, played_kernel.next++);
	played_kernel.received = message->msg_iov->iov_base;
	if (len > played_kernel.received_len)
		played_kernel.received_len = len;
	return (ssize_t)len;
}

/* Nothing of what was answered is left in memory. */
static inline bool played_is_wiped(void)
{
	for (size_t i = 0; i < played_kernel.received_len; i++) {
		if (played_kernel.received[i])
			return false;
	}
	return played_kernel.received_len > 0;
}
