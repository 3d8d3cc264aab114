/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of the control socket, whatever it sends and however it leaves: a connection of the
 * daemon's in a real event loop.
 * layer: daemon
 * The first byte: admin or not, what comes behind the last byte, and in which pieces it is sent. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/control/control.h"
#include "daemon/control/control_connection.h"
#include "proto/varlink.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IS_ADMIN = 1, HALF_CLOSES = 2, IN_PIECES = 4, IS_NEWS = 8 };

struct stage {
	sd_event *event;
	struct control_connection *connection; /* NULL: it has ended */
	int fd;                                /* the client's end */
	size_t calls, streams, streams_gone;
	struct control_stream *stream;
	struct varlink_input received;
	size_t replies;
};

static json_t *get_status(struct control_call *call, json_t *parameters, void *userdata)
{
	struct stage *stage = userdata;

	(void)call, (void)parameters;
	return json_pack("{s:I}", "calls", (json_int_t)++stage->calls);
}

static json_t *explain(struct control_call *call, json_t *parameters, void *userdata)
{
	struct stage *stage = userdata;
	const char *flow = json_string_value(json_object_get(parameters, "flow"));

	CHECK(flow);
	stage->calls++;
	if (strlen(flow) % 2)
		return control_fail(call, CONTROL_NOT_FOUND, "look again", "no flow %s", flow);
	return json_pack("{s:O}", "flow", json_object_get(parameters, "flow"));
}

static json_t *reload(struct control_call *call, json_t *parameters, void *userdata)
{
	struct stage *stage = userdata;

	(void)parameters;
	CHECK(control_call_uid(call) == 0);
	stage->calls++;
	return json_object();
}

static json_t *subscribe(struct control_call *call, json_t *parameters, void *userdata)
{
	(void)call, (void)parameters, (void)userdata;
	return json_pack("{s:s}", "event", "subscribed");
}

static void stream_gone(void *userdata)
{
	struct stage *stage = userdata;

	CHECK(stage->stream);
	stage->stream = NULL;
	stage->streams_gone++;
}

/* A probe tells one step at once, and its end when it is pumped next. */
static json_t *probe(struct control_call *call, json_t *parameters, void *userdata)
{
	struct stage *stage = userdata;

	(void)parameters;
	CHECK(!stage->stream);
	stage->stream = control_stream_open(call, stream_gone, stage);
	if (stage->stream) {
		stage->streams++;
		control_stream_reply(stage->stream, json_object());
	}
	return NULL;
}

static const struct control_method methods[] = {
	{ "GetStatus", false, false, get_status }, { "Explain", false, false, explain },
	{ "Reload", true, false, reload },         { "Subscribe", false, true, subscribe },
	{ "Probe", true, true, probe },            { NULL, false, false, NULL },
};

static void gone(struct control_connection *connection, void *userdata)
{
	struct stage *stage = userdata;

	CHECK(connection == stage->connection);
	stage->connection = NULL;
}

/* Each reply is one object with parameters, and perhaps an error. */
static void take_replies(struct stage *stage)
{
	char bytes[4096], why[VARLINK_WHY_MAX];
	json_t *reply;
	ssize_t n;
	int r;

	while ((n = recv(stage->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		CHECK(varlink_input_add(&stage->received, bytes, (size_t)n) == 0);
	while ((r = varlink_input_next(&stage->received, &reply, why)) != 0) {
		CHECK(r == 1 && json_is_object(json_object_get(reply, "parameters")));
		stage->replies++;
		json_decref(reply);
	}
}

static void pump(struct stage *stage)
{
	size_t before;

	do {
		before = stage->replies;
		while (sd_event_run(stage->event, 0) > 0)
			continue;
		if (stage->stream)
			control_stream_end(stage->stream, json_object());
		stage->stream = NULL;
		take_replies(stage);
	} while (stage->replies > before);
}

static void publish(struct stage *stage)
{
	struct varlink_output news = { 0 };
	json_t *message = varlink_make_reply(json_object(), true);

	CHECK(varlink_output_add(&news, message) == 0);
	if (stage->connection)
		control_connection_publish(stage->connection, &methods[3], &news);
	json_decref(message);
	varlink_output_done(&news);
}

static void say(struct stage *stage, const uint8_t *data, size_t size, bool in_pieces)
{
	uint32_t seed = (uint32_t)size;

	while (size > 0) {
		size_t piece = size < 65536 ? size : 65536;

		seed = seed * 1664525 + 1013904223;
		if (in_pieces && piece > 1 + (seed >> 16) % 61)
			piece = 1 + (seed >> 16) % 61;
		if (send(stage->fd, data, piece, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			return;
		data += piece;
		size -= piece;
		pump(stage);
	}
}

/* Whatever was said, who leaves is gone, and who falls silent for long as well. */
static void leave(struct stage *stage, uint8_t how)
{
	const uint64_t later_ns = clock_boottime_ns() + 3600 * NS_PER_SECOND;

	if (how & HALF_CLOSES)
		shutdown(stage->fd, SHUT_WR);
	pump(stage);
	if (how & IS_NEWS)
		publish(stage);
	pump(stage);
	if (stage->connection && !control_connection_stream(stage->connection)) {
		control_connection_sweep(stage->connection, later_ns);
		CHECK(!stage->connection);
	}
	close(stage->fd);
	while (sd_event_run(stage->event, 0) > 0)
		continue;
	CHECK(!stage->connection && stage->streams_gone <= stage->streams);
}

static size_t count_messages(const uint8_t *data, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += data[i] == '\0';
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stage stage = { 0 };
	struct control_commands commands = { .methods = methods, .userdata = &stage,
					     .admin_group = (char[]){ "admins" } };
	struct control_peer peer = { .pid = 7 };
	int ends[2];

	if (size < 1)
		return 0;
	log_set_max(LOG_EMERG);
	peer.admin = data[0] & IS_ADMIN;
	peer.uid = peer.admin ? 0 : 1000;
	varlink_input_init(&stage.received, SIZE_MAX);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
	CHECK(sd_event_new(&stage.event) >= 0);
	stage.fd = ends[0];
	stage.connection = control_connection_new(stage.event, ends[1], &peer, &commands, gone,
						  &stage);
	CHECK(stage.connection);
	say(&stage, data + 1, size - 1, data[0] & IN_PIECES);
	leave(&stage, data[0]);
	/* Each message has one answer, a stream three at most, and what is no message one. */
	CHECK(stage.calls <= count_messages(data + 1, size - 1));
	CHECK(stage.replies <= count_messages(data + 1, size - 1) + 2 * stage.streams + 2);
	varlink_input_done(&stage.received);
	sd_event_unref(stage.event);
	return 0;
}
