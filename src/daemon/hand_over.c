/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to Takeover: daemon/takeover.h from the other side. */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "edge/namespace.h"

/* The other one has everything. */
static void on_taken(void *userdata)
{
	struct daemon *daemon = userdata;

	control_leave_file(daemon->control);
	log_notice("another mssclampd has taken over the queues: ending");
	sd_event_exit(daemon->event, 0);
}

/* Whether something is in the way; says what. */
static bool has_obstacle(const struct daemon *daemon, struct control_call *call,
			 json_t *parameters)
{
	json_int_t theirs = json_integer_value(json_object_get(parameters, "netns_cookie"));
	uint64_t ours = namespace_cookie();

	if (daemon->handed_over)
		control_fail(call, CONTROL_FAILED, NULL,
			     "another mssclampd is taking over already");
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

static json_t *attach_all(struct daemon *daemon, struct control_stream *stream)
{
	int fds[CONTROL_ATTACHED_MAX];
	json_t *queues = json_array();
	size_t count = 0;

	for (size_t i = 0; i < workers_count(daemon->workers); i++) {
		int fd = workers_descriptor(daemon->workers, i);

		if (fd < 0)
			continue;
		fds[count++] = fd;
		json_array_append_new(queues, json_integer(workers_queue(daemon->workers, i)));
	}
	fds[count++] = control_descriptor(daemon->control);
	if (control_stream_attach(stream, fds, count) < 0) {
		json_decref(queues);
		return NULL;
	}
	return json_pack("{s:i, s:o, s:b}", "schema", 1, "queues", queues, "listening", 1);
}

json_t *reply_takeover(struct control_call *call, json_t *parameters, void *userdata)
{
	struct daemon *daemon = userdata;
	struct control_stream *stream;
	json_t *reply;
	int r;

	if (has_obstacle(daemon, call, parameters))
		return NULL;
	r = workers_release(daemon->workers);
	if (r < 0)
		return control_fail(call, CONTROL_FAILED, "look at the log, and try again",
				    "a worker does not come to an end; nothing was handed over");
	stream = control_stream_open(call, on_taken, daemon);
	reply = stream ? attach_all(daemon, stream) : NULL;
	if (!reply) {
		workers_take_back(daemon->workers);
		return control_fail(call, CONTROL_FAILED, NULL, "out of memory");
	}
	model_hand_over(daemon->model);
	daemon->handed_over = true;
	return reply;
}
