/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/takeover.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/control.h"
#include "daemon/kept.h"
#include "edge/namespace.h"
#include "proto/varlink.h"

#define PATIENCE_SECONDS 10 /* its workers have 2 s to come to an end */

struct answer {
	int fds[CONTROL_ATTACHED_MAX]; /* owned */
	size_t fd_count;
	json_t *message;               /* owned */
};

static void answer_done(struct answer *answer)
{
	for (size_t i = 0; i < answer->fd_count; i++)
		close(answer->fds[i]);
	json_decref(answer->message);
}

/* Returns the owned descriptor, or -errno: -ENOENT or -ECONNREFUSED where nobody listens. */
static int connect_to(const char *path)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static int send_call(int fd)
{
	json_t *parameters = json_pack("{s:I}", "netns_cookie", (json_int_t)namespace_cookie());
	json_t *call = varlink_make_call("org.mssclamp.Takeover", parameters, true);
	struct varlink_output output = { 0 };
	int r = call ? varlink_output_add(&output, call) : -ENOMEM;

	if (r == 0 && send(fd, output.data, output.len, MSG_NOSIGNAL) != (ssize_t)output.len)
		r = errno ? -errno : -EIO;
	varlink_output_done(&output);
	json_decref(call);
	return r;
}

/* Owns from now on what came beside the bytes. */
static int take_descriptors(struct msghdr *message, struct answer *answer)
{
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(answer->fds[0]);

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		if (answer->fd_count + count > CONTROL_ATTACHED_MAX)
			return -E2BIG;
		memcpy(answer->fds + answer->fd_count, CMSG_DATA(header),
		       count * sizeof(answer->fds[0]));
		answer->fd_count += count;
	}
	return message->msg_flags & MSG_CTRUNC ? -E2BIG : 0;
}

/* Returns 1 once the whole answer is here, 0 where more has to come, or -errno. */
static int receive_some(int fd, struct varlink_input *input, struct answer *answer)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(answer->fds))];
	} control;
	char bytes[4096], why[VARLINK_WHY_MAX];
	struct iovec vector = { bytes, sizeof(bytes) };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	int r;

	if (n < 0)
		return errno == EAGAIN ? -ETIME : -errno;
	r = take_descriptors(&message, answer);
	if (r == 0 && n == 0)
		r = -ECONNRESET;
	if (r == 0)
		r = varlink_input_add(input, bytes, (size_t)n);
	return r < 0 ? r : varlink_input_next(input, &answer->message, why);
}

static int receive_answer(int fd, struct answer *answer)
{
	struct varlink_input input;
	int r;

	varlink_input_init(&input, VARLINK_MESSAGE_MAX);
	do
		r = receive_some(fd, &input, answer);
	while (r == 0);
	varlink_input_done(&input);
	return r < 0 ? r : 0;
}

static void fail_with_error(const json_t *message)
{
	const char *why = NULL, *hint = NULL;
	json_t *parameters = json_object_get(message, "parameters");

	json_unpack(parameters, "{s?s, s?s}", "message", &why, "hint", &hint);
	log_print(LOG_ERR, "takeover: the running mssclampd refuses: %s%s%s",
		  why ? why : json_string_value(json_object_get(message, "error")),
		  hint ? "; " : "", hint ? hint : "");
}

static bool are_queues(const json_t *numbers)
{
	const json_t *number;
	size_t i;

	json_array_foreach(numbers, i, number) {
		if (!json_is_integer(number) || json_integer_value(number) < 0 ||
		    json_integer_value(number) > UINT16_MAX)
			return false;
	}
	return true;
}

/* The descriptors are those of the queues, in that order, then the listening one. */
static int keep_all(struct answer *answer, struct kept *kept)
{
	json_t *queues = NULL;
	int listening = 0, r = 0;
	size_t i = 0;

	if (json_unpack(answer->message, "{s:{s:o, s:b}}", "parameters", "queues", &queues,
			"listening", &listening) < 0 ||
	    json_array_size(queues) + (size_t)listening != answer->fd_count || !are_queues(queues))
		return -EBADMSG;
	for (; r == 0 && i < answer->fd_count; i++) {
		const json_t *number = json_array_get(queues, i);

		r = kept_add(kept, number ? (int)json_integer_value(number) : KEPT_LISTENING,
			     answer->fds[i]);
	}
	/* What was added is no longer ours. */
	answer->fd_count -= i;
	memmove(answer->fds, answer->fds + i, answer->fd_count * sizeof(answer->fds[0]));
	return r;
}

int takeover_ask(const char *path, struct kept *kept, bool *ret_found)
{
	struct answer answer = { 0 };
	int fd = connect_to(path), r;

	*ret_found = fd >= 0;
	if (fd == -ENOENT || fd == -ECONNREFUSED) {
		log_notice("takeover: no mssclampd listens at %s: starting as usual", path);
		return 0;
	}
	if (fd < 0)
		return log_error(fd, "takeover: cannot reach the running mssclampd at %s", path);
	r = send_call(fd);
	if (r == 0)
		r = receive_answer(fd, &answer);
	if (r == 0 && json_object_get(answer.message, "error")) {
		fail_with_error(answer.message);
		r = -EBUSY;
	} else {
		if (r == 0)
			r = keep_all(&answer, kept);
		if (r < 0)
			log_error(r, "takeover: no answer that makes sense from %s", path);
	}
	answer_done(&answer);
	close(fd);
	return r;
}
