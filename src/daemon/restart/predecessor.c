/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/restart/predecessor.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/patience.h"
#include "daemon/restart/kept.h"
#include "daemon/restart/token.h"
#include "edge/namespace.h"
#include "proto/varlink.h"

#define PATIENCE_SECONDS 10 /* its workers have less than one to come to an end */
#define SEND_TRIES 100
#define SEND_PAUSE_NS NS_PER_MS

struct predecessor {
	int connection; /* closed once it may go on */
	int token;      /* -1: it has not answered */
	bool begun;     /* the token is ours */
};

struct answer {
	int fds[PREDECESSOR_DESCRIPTORS_MAX]; /* owned */
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
	const struct timeval look = { .tv_sec = PATIENCE_PASS_MS / 1000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look)) < 0 ||
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
		if (answer->fd_count + count > PREDECESSOR_DESCRIPTORS_MAX)
			return -E2BIG;
		memcpy(answer->fds + answer->fd_count, CMSG_DATA(header),
		       count * sizeof(answer->fds[0]));
		answer->fd_count += count;
	}
	return message->msg_flags & MSG_CTRUNC ? -E2BIG : 0;
}

/* Returns 1 once the whole answer is here, 0 where more has to come, or -errno: -EAGAIN where
 * nothing has come for PATIENCE_PASS_MS, or nothing is there. */
static int receive_some(int fd, bool waits, struct varlink_input *input, struct answer *answer)
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
	ssize_t n;
	int r;

	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | (waits ? 0 : MSG_DONTWAIT));
	while (n < 0 && errno == EINTR); /* also where it was stopped meanwhile */
	if (n < 0)
		return -errno;
	r = take_descriptors(&message, answer);
	if (r == 0 && n == 0)
		r = input->len > input->start || answer->fd_count > 0 ? -EBADMSG : -ECONNRESET;
	if (r == 0)
		r = varlink_input_add(input, bytes, (size_t)n);
	return r < 0 ? r : varlink_input_next(input, &answer->message, why);
}

/* Behind each look that did not bring the whole answer: tells that it takes long. Returns 0: look
 * again, or -ECANCELED. */
static int wait_on(uint64_t passed_ns, bool *told)
{
	if (!*told && passed_ns >= PATIENCE_PASS_MS * NS_PER_MS) {
		log_notice("takeover: waiting for the running mssclampd to let go of its queues, "
			   "%d s at most", PATIENCE_SECONDS);
		*told = true;
	}
	return patience_pass();
}

/* Where this process was stopped meanwhile what has come counts, and not the time. */
static int receive_answer(int fd, struct answer *answer)
{
	uint64_t begin_ns = clock_monotonic_ns(), passed_ns = 0;
	struct varlink_input input;
	bool told = false, in_time;
	int r;

	varlink_input_init(&input, VARLINK_MESSAGE_MAX);
	do {
		in_time = passed_ns < PATIENCE_SECONDS * NS_PER_SECOND;
		r = receive_some(fd, in_time, &input, answer);
		passed_ns = clock_monotonic_ns() - begin_ns;
		if (r == -EAGAIN && !in_time)
			r = -ETIME;
		else if (r == -EAGAIN || r == 0)
			r = wait_on(passed_ns, &told);
	} while (r == 0);
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

/* The descriptors are those of the queues, in that order, the listening one, and the token. */
static int keep_all(struct answer *answer, struct kept *kept, int *ret_token)
{
	json_t *queues = NULL;
	int listening = 0, r = 0;
	size_t i = 0;

	if (json_unpack(answer->message, "{s:{s:o, s:b}}", "parameters", "queues", &queues,
			"listening", &listening) < 0 ||
	    1 + json_array_size(queues) + (size_t)listening != answer->fd_count ||
	    !are_queues(queues))
		return -EBADMSG;
	*ret_token = answer->fds[--answer->fd_count];
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

int predecessor_find(const char *path, struct predecessor **ret_predecessor)
{
	struct predecessor *predecessor;
	int fd = connect_to(path);

	*ret_predecessor = NULL;
	if (fd == -ENOENT || fd == -ECONNREFUSED) {
		log_notice("takeover: no mssclampd listens at %s: starting as usual", path);
		return 0;
	}
	if (fd < 0)
		return log_error(fd, "takeover: cannot reach the running mssclampd at %s", path);
	predecessor = malloc(sizeof(*predecessor));
	if (!predecessor) {
		close(fd);
		return log_error(-ENOMEM, "takeover: cannot begin");
	}
	*predecessor = (struct predecessor){ .connection = fd, .token = -1 };
	*ret_predecessor = predecessor;
	return 0;
}

static void say_no_answer(int error)
{
	if (error == -ETIME)
		log_print(LOG_ERR, "takeover: the running mssclampd has given no answer for %d s: "
				   "it hangs, or was stopped; look at its log, try again, or end "
				   "it and start this one as usual", PATIENCE_SECONDS);
	else
		log_error(error, "takeover: who listens on the control socket gives no answer that "
				 "makes sense; if it is mssclampd, end it and start this one as "
				 "usual");
}

int predecessor_ask(struct predecessor *predecessor, struct kept *kept)
{
	struct answer answer = { 0 };
	int r = send_call(predecessor->connection);

	if (r == 0)
		r = receive_answer(predecessor->connection, &answer);
	if (r == 0 && json_object_get(answer.message, "error")) {
		fail_with_error(answer.message);
		r = -EBUSY;
	} else if (r != -ECONNRESET && r != -EPIPE) {
		if (r == 0)
			r = keep_all(&answer, kept, &predecessor->token);
		if (r < 0 && r != -ECANCELED)
			say_no_answer(r);
		if (r < 0)
			kept_give_back(kept);
	}
	answer_done(&answer);
	return r == -EPIPE ? -ECONNRESET : r;
}

static int begin(struct predecessor *predecessor)
{
	int r;

	do
		r = token_take(predecessor->token);
	while (r == -EINTR);
	predecessor->begun = r == 0;
	return r;
}

int predecessor_relieve(struct predecessor *predecessor)
{
	int r = begin(predecessor);

	if (r == -EAGAIN)
		log_print(LOG_ERR, "takeover: the running mssclampd has waited long enough and "
				   "goes on; nothing was touched, try again");
	else if (r < 0)
		log_error(r, "takeover: cannot tell whose turn it is; the running mssclampd goes "
			     "on");
	return r;
}

/* Where it cannot be told it may not be hung up either. */
int predecessor_dismiss(struct predecessor *predecessor)
{
	static const char serves[] = "{\"method\":\"org.mssclamp.Takeover\",\"oneway\":true}";
	const struct timespec pause = { .tv_nsec = SEND_PAUSE_NS };
	int r = 0;

	for (int tries = 0; tries < SEND_TRIES; tries++) {
		if (send(predecessor->connection, serves, sizeof(serves), MSG_NOSIGNAL) >= 0 ||
		    errno == EPIPE || errno == ECONNRESET)
			return 0;
		r = -errno;
		nanosleep(&pause, NULL);
	}
	return log_error(r, "takeover: the running mssclampd cannot be told to end");
}

/* That it has hung up tells something only while the token is ours: one that has gone on ends idle
 * connections, and serves. */
bool predecessor_goes_on(struct predecessor *predecessor)
{
	struct pollfd other = { .fd = predecessor->connection };

	if (!predecessor->begun && (predecessor->token < 0 || begin(predecessor) < 0))
		return true;
	return poll(&other, 1, 0) <= 0 || !(other.revents & (POLLHUP | POLLERR));
}

void predecessor_free(struct predecessor *predecessor)
{
	if (!predecessor)
		return;
	if (predecessor->token >= 0)
		close(predecessor->token);
	close(predecessor->connection);
	free(predecessor);
}
