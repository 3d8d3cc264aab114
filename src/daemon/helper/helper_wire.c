/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/helper/helper_wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* Memory that was short for a moment must not cost the helper. */
#define TRIES 4

/* Whether a call that failed is worth another try. */
static bool again(int *tries)
{
	return errno == EINTR || (errno != EAGAIN && errno != EPIPE && ++*tries < TRIES);
}

int helper_receive(int fd, void *bytes, size_t len)
{
	int tries = 0;

	for (size_t at = 0; at < len;) {
		ssize_t n = recv(fd, (uint8_t *)bytes + at, len - at, 0);

		if (n < 0 && again(&tries))
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIME : -errno;
		if (n == 0)
			return at == 0 ? 0 : -EPIPE;
		at += (size_t)n;
	}
	return 1;
}

/* So that what comes behind it is understood. */
static int skip(int fd, size_t len)
{
	uint8_t bytes[4096];

	while (len > 0) {
		size_t part = len < sizeof(bytes) ? len : sizeof(bytes);
		int r = helper_receive(fd, bytes, part);

		if (r <= 0)
			return r < 0 ? r : -EPIPE;
		len -= part;
	}
	return -ENOMEM;
}

int helper_send(int fd, const void *bytes, size_t len)
{
	int tries = 0;

	for (size_t at = 0; at < len;) {
		ssize_t n = send(fd, (const uint8_t *)bytes + at, len - at, MSG_NOSIGNAL);

		if (n < 0 && again(&tries))
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIME : -errno;
		at += (size_t)n;
	}
	return 0;
}

int helper_receive_text(int fd, size_t len, char **ret_text)
{
	char *text = malloc(len + 1);
	int r;

	if (!text)
		return skip(fd, len);
	r = len > 0 ? helper_receive(fd, text, len) : 1;
	if (r <= 0) {
		free(text);
		return r < 0 ? r : -EPIPE;
	}
	text[len] = '\0';
	*ret_text = text;
	return 0;
}

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

int helper_send_fd(int socket, int32_t result, int fd)
{
	struct iovec vector = { &result, sizeof(result) };
	union control control = { 0 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(fd)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	for (int tries = 0; sendmsg(socket, &message, MSG_NOSIGNAL) < 0;) {
		if (!again(&tries))
			return errno == EAGAIN ? -ETIME : -errno;
	}
	return 0;
}

int helper_receive_fd(int socket, int32_t *ret_result, int *ret_fd)
{
	int32_t result;
	struct iovec vector = { &result, sizeof(result) };
	union control control;
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	const struct cmsghdr *header;
	ssize_t n;

	for (int tries = 0; (n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0;) {
		if (!again(&tries))
			return errno == EAGAIN ? -ETIME : -errno;
	}
	header = CMSG_FIRSTHDR(&message);
	if (n != sizeof(result))
		return -EPIPE;
	*ret_fd = -1;
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(header), sizeof(int));
	*ret_result = result;
	return 0;
}

bool helper_has_hung_up(int fd, int patience_ms)
{
	struct pollfd other_end = { .fd = fd };

	return poll(&other_end, 1, patience_ms) > 0;
}

static void be_two(int *fd, int double_fd)
{
	pid_t child;

	while (waitpid(-1, NULL, WNOHANG) > 0) /* doubles that have ended */
		continue;
	child = fork();
	if (child == 0) {
		close(*fd);
		*fd = double_fd;
		return;
	}
	close(double_fd); /* where there is none, that tells it */
}

bool helper_next(int *fd, int *ret_question_fd)
{
	const struct timespec pause = { .tv_nsec = (long)(10 * NS_PER_MS) };
	int32_t wish = HELPER_ANSWER;
	int got = -1, r;

	while ((r = helper_receive_fd(*fd, &wish, &got)) != -EPIPE && r != -ECONNRESET) {
		if (r < 0)
			nanosleep(&pause, NULL);
		if (r < 0 || got < 0)
			continue;
		if (wish == HELPER_ANSWER) {
			*ret_question_fd = got;
			return true;
		}
		if (wish == HELPER_DOUBLE)
			be_two(fd, got);
		else
			close(got);
	}
	return false;
}
