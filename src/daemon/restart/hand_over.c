/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to Takeover: daemon/restart/takeover.h from the other side. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/firewall/guard.h"
#include "daemon/restart/predecessor.h"
#include "daemon/restart/token.h"
#include "daemon/waiting.h"
#include "edge/namespace.h"
#include "proto/varlink.h"

#define PATIENCE_SECONDS 5 /* nobody clamps meanwhile; the other one takes some milliseconds */
#define LOOK_MS 10

/* Whether something is in the way; says what. */
static bool has_obstacle(const struct daemon *daemon, struct control_call *call,
			 json_t *parameters)
{
	json_int_t theirs = json_integer_value(json_object_get(parameters, "netns_cookie"));
	uint64_t ours = namespace_cookie();

	if (daemon->handed_over)
		control_fail(call, CONTROL_FAILED, NULL, "another mssclampd has taken over");
	else if (getenv("NOTIFY_SOCKET"))
		control_fail(call, CONTROL_FAILED,
			     "systemctl restart mssclampd loses no SYN either",
			     "systemd watches over this mssclampd and would start it again");
	else if (ours && theirs && (uint64_t)theirs != ours)
		control_fail(call, CONTROL_FAILED,
			     "start the new one in the network namespace of the old one",
			     "this mssclampd serves another network namespace");
	else
		return false;
	return true;
}

static int send_with(int fd, const void *data, size_t len, const int *fds, size_t count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(PREDECESSOR_DESCRIPTORS_MAX * sizeof(int))];
	} control = { .header = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec vector = { (void *)(uintptr_t)data, len };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	ssize_t n;

	control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	return n < 0 ? -errno : (size_t)n == len ? 0 : -EMSGSIZE;
}

/* The reply, with the sockets in the order that predecessor.c takes them in. At once, for nothing
 * waits before it: a client has one answer at a time. */
static int send_offer(struct daemon *daemon, int connection, int token)
{
	int fds[PREDECESSOR_DESCRIPTORS_MAX], r;
	struct varlink_output output = { 0 };
	json_t *queues = json_array(), *reply;
	size_t count = 0;

	for (size_t i = 0; i < workers_count(daemon->workers); i++) {
		int fd = workers_descriptor(daemon->workers, i);

		if (fd < 0)
			continue;
		fds[count++] = fd;
		json_array_append_new(queues, json_integer(workers_queue(daemon->workers, i)));
	}
	fds[count++] = control_descriptor(daemon->control);
	fds[count++] = token;
	reply = varlink_make_reply(json_pack("{s:i, s:o, s:b}", "schema", 1, "queues", queues,
					     "listening", 1), true);
	r = reply ? varlink_output_add(&output, reply) : -ENOMEM;
	if (r == 0)
		r = send_with(connection, output.data, output.len, fds, count);
	varlink_output_done(&output);
	json_decref(reply);
	return r;
}

/* Why this one goes on, or NULL: the other one has everything. Returns once that is decided, by the
 * token wherever the other one is still there or has said something. */
static const char *stand_by(const struct control_stream *stream, int token)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * NS_PER_MS };
	uint64_t begin_ns = clock_boottime_ns();
	bool is_late = false, is_gone, ends, speaks;
	int r;

	for (;;) {
		struct pollfd other = { .fd = control_stream_descriptor(stream) };

		if (poll(&other, 1, LOOK_MS) < 0)
			nanosleep(&pause, NULL);
		is_gone = other.revents & (POLLHUP | POLLERR);
		ends = waiting_is_told_to_end();
		speaks = control_stream_has_more(stream);
		if (is_gone && !speaks)
			return "is gone without having begun";
		if (!ends && !speaks &&
		    clock_boottime_ns() - begin_ns < PATIENCE_SECONDS * NS_PER_SECOND)
			continue;
		r = token_take(token);
		if (r == 0)
			return speaks ? "says something without having begun" :
			       ends   ? "is late, and this one is to end" :
					"has not taken them in time";
		if (r != -EAGAIN) /* nobody knows */
			continue;
		if (ends || speaks)
			return NULL;
		if (!is_late)
			log_warning("another mssclampd has taken the queues and does not say that "
				    "it serves: where it hangs, end it, and this one goes on");
		is_late = true;
	}
}

/* The other one may have had rules of its own. */
static void go_on(struct daemon *daemon, const char *why)
{
	log_warning("another mssclampd asked for the queues and %s: this one goes on", why);
	workers_take_back(daemon->workers);
	guard_look(daemon->guard);
}

static void leave(struct daemon *daemon)
{
	daemon->handed_over = true;
	model_leave(daemon->model);
	control_leave_file(daemon->control);
	log_notice("another mssclampd has taken over the queues: ending");
	sd_event_exit(daemon->event, 0);
}

static void on_gone(void *userdata)
{
	(void)userdata; /* at our end */
}

static json_t *hand_over(struct daemon *daemon, struct control_call *call, int token)
{
	struct control_stream *stream;
	const char *why = "cannot be answered";
	int r = workers_release(daemon->workers);

	if (r < 0)
		return control_fail(call, CONTROL_FAILED, "look at the log, and try again",
				    "a worker does not come to an end; nothing was handed over");
	stream = control_stream_open(call, on_gone, daemon);
	r = stream ? send_offer(daemon, control_stream_descriptor(stream), token) : -ENOMEM;
	if (r == 0)
		why = stand_by(stream, token);
	if (!why) {
		leave(daemon);
		return NULL;
	}
	go_on(daemon, why);
	return control_fail(call, CONTROL_FAILED, NULL,
			    "who asked for the queues %s: this mssclampd goes on", why);
}

json_t *reply_takeover(struct control_call *call, json_t *parameters, void *userdata)
{
	struct daemon *daemon = userdata;
	json_t *reply;
	int token;

	if (has_obstacle(daemon, call, parameters))
		return NULL;
	token = token_new();
	if (token < 0)
		return control_fail(call, CONTROL_FAILED, NULL, "cannot make a token: %s",
				    strerror(-token));
	model_hand_over(daemon->model);
	reply = hand_over(daemon, call, token);
	close(token);
	return reply;
}
