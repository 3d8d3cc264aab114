/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control_connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/control/control.h"

#define STEPS_A_TURN 16      /* without a call among them; a call ends the turn of its client */
#define FIRST_CALLS 16       /* of an admin, which come before those of others */
#define RECEIVE_BYTES 16384  /* at most, at a time */
#define FAREWELL_SECONDS 2   /* to read what a refused client still sends, so that it sees why */
#define FAREWELL_BYTES (1 << 20) /* at most, of a client that does not stop */

enum phase {
	PHASE_IDLE,     /* a call may come */
	PHASE_SENDING,  /* a reply waits until the client takes it */
	PHASE_OPEN,     /* a call that streams is open, and the client has taken all so far */
	PHASE_FAREWELL, /* nothing is read any more, only thrown away */
};

struct control_connection {
	sd_event_source *io;
	int fd;
	struct control_peer peer;
	struct control_commands *commands;
	control_connection_gone gone;
	void *userdata;
	struct varlink_input input;
	struct varlink_output output;
	const struct control_method *open; /* of the call that is open, or NULL */
	struct control_stream stream; /* of that call, where it has replies of its own */
	bool half_closed; /* while it was: the client says nothing more, but may still read */
	bool cut; /* shut down, to be ended by the event loop */
	bool refused; /* after the output that waits the connection ends */
	size_t thrown_away; /* bytes that came after the refusal */
	unsigned int calls; /* of an admin */
	enum phase phase;
	uint64_t since_ns; /* CLOCK_BOOTTIME: the last answer, the last byte taken, the farewell */
};

/* What to do with the connection after a step. */
enum step {
	STEP_ON,   /* there may be more to do at once */
	STEP_TURN, /* there may be, but a call was run: others come first */
	STEP_WAIT, /* not before the socket is ready */
	STEP_END,
};

static void enter(struct control_connection *c, enum phase phase)
{
	c->phase = phase;
	c->since_ns = clock_boottime_ns();
}

static void end(struct control_connection *c)
{
	c->gone(c, c->userdata);
	control_connection_free(c);
}

/* Sends what waits, as far as the client takes it. */
static enum step send_output(struct control_connection *c)
{
	while (c->output.len > c->output.sent) {
		ssize_t n = send(c->fd, c->output.data + c->output.sent,
				 c->output.len - c->output.sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return STEP_WAIT;
		if (n < 0)
			return STEP_END;
		varlink_output_consume(&c->output, (size_t)n);
		enter(c, PHASE_SENDING);
	}
	if (c->phase == PHASE_SENDING)
		enter(c, c->open ? PHASE_OPEN : PHASE_IDLE);
	return STEP_ON;
}

static enum step put_out(struct control_connection *c, json_t *message)
{
	int r = message ? varlink_output_add(&c->output, message) : -ENOMEM;

	json_decref(message);
	if (r < 0)
		return STEP_END;
	enter(c, PHASE_SENDING);
	return STEP_ON;
}

/* The bytes of this client can't be trusted to be calls any more. */
static enum step reject_input(struct control_connection *c, const char *why)
{
	c->refused = true;
	return put_out(c, control_call_reject(c->commands, &c->peer, why));
}

static enum step answer(struct control_connection *c, json_t *message)
{
	char why[VARLINK_WHY_MAX];
	struct varlink_call call;
	json_t *reply;
	bool oneway;
	int r = varlink_call_parse(message, &call, why);

	if (r < 0)
		return r == -EBADMSG ? reject_input(c, why) : STEP_END;
	if (c->peer.admin && ++c->calls == FIRST_CALLS)
		sd_event_source_set_priority(c->io, CONTROL_PRIORITY);
	r = control_call_answer(c->commands, &c->peer, &call, &c->stream, &reply, &c->open);
	oneway = call.oneway;
	varlink_call_done(&call);
	if (r < 0)
		return STEP_END;
	if (reply && !oneway)
		return put_out(c, reply);
	json_decref(reply);
	if (c->phase != PHASE_SENDING) /* its stream has said nothing */
		enter(c, c->open ? PHASE_OPEN : PHASE_IDLE);
	return STEP_TURN;
}

/* Answers the next call if a whole one is here. STEP_WAIT: there is none. */
static enum step take_call(struct control_connection *c)
{
	char why[VARLINK_WHY_MAX];
	json_t *message;
	int r = varlink_input_next(&c->input, &message, why);

	if (r == 1)
		return answer(c, message);
	if (r == -EBADMSG || r == -EMSGSIZE)
		return reject_input(c, r == -EBADMSG ? why : CONTROL_TOO_LONG);
	return r == 0 ? STEP_WAIT : STEP_END;
}

/* Whether to read what the client says. While a call is open the next ones wait: the bytes of one
 * receive here, the rest with the kernel. That the client has gone is seen all the same
 * (EPOLLHUP). */
static bool wants_input(const struct control_connection *c)
{
	return !c->open || (!c->half_closed && c->input.len == c->input.start);
}

/* Only called when no whole message waits, so the input stays below its limit plus one receive. */
static enum step receive(struct control_connection *c)
{
	char bytes[RECEIVE_BYTES];
	ssize_t n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	int r;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? STEP_WAIT : STEP_END;
	if (n == 0 && c->open) {
		c->half_closed = true;
		return STEP_WAIT;
	}
	if (n == 0)
		return c->input.len > c->input.start ?
			       reject_input(c, "it ends without a NUL byte") : STEP_END;
	if (c->refused) {
		c->thrown_away += (size_t)n;
		return c->thrown_away > FAREWELL_BYTES ? STEP_END : STEP_ON;
	}
	r = varlink_input_add(&c->input, bytes, (size_t)n);
	if (r == -EMSGSIZE)
		return reject_input(c, CONTROL_TOO_LONG);
	return r < 0 ? STEP_END : STEP_ON;
}

/* The refusal is sent. Closing while the client still sends would make its send fail before it
 * reads why, so its bytes are taken for a while. */
static enum step say_farewell(struct control_connection *c)
{
	if (c->phase != PHASE_FAREWELL) {
		varlink_input_done(&c->input);
		shutdown(c->fd, SHUT_WR);
		enter(c, PHASE_FAREWELL);
	}
	return receive(c);
}

static enum step advance(struct control_connection *c)
{
	enum step step = c->cut ? STEP_END : send_output(c);

	if (step != STEP_ON)
		return step;
	if (c->refused)
		return say_farewell(c);
	if (c->open)
		return wants_input(c) ? receive(c) : STEP_WAIT;
	step = take_call(c);
	return step == STEP_WAIT ? receive(c) : step;
}

/* While a reply waits only its way out counts. After a full turn the socket's readiness to send
 * brings us back at once, for calls that are in our buffer already. */
static int listen_for(struct control_connection *c, bool turn_is_over)
{
	uint32_t events = wants_input(c) ? EPOLLIN : 0;

	if (c->phase == PHASE_SENDING || turn_is_over)
		events = EPOLLOUT;
	return sd_event_source_set_io_events(c->io, events);
}

static int on_io(sd_event_source *io, int fd, uint32_t revents, void *userdata)
{
	struct control_connection *c = userdata;
	enum step step;
	int steps = 0;

	(void)io, (void)fd;
	if (c->open && (revents & (EPOLLHUP | EPOLLERR))) {
		end(c);
		return 0;
	}
	do
		step = advance(c);
	while (step == STEP_ON && c->phase != PHASE_SENDING && ++steps < STEPS_A_TURN);
	if (step == STEP_END || listen_for(c, step != STEP_WAIT) < 0)
		end(c);
	return 0;
}

struct control_connection *control_connection_new(sd_event *event, int fd,
						  const struct control_peer *peer,
						  struct control_commands *commands,
						  control_connection_gone gone, void *userdata)
{
	struct control_connection *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return NULL;
	}
	*c = (struct control_connection){ .fd = fd, .stream = { .connection = c }, .gone = gone,
					  .userdata = userdata, .peer = *peer };
	c->commands = commands;
	varlink_input_init(&c->input, VARLINK_MESSAGE_MAX);
	enter(c, PHASE_IDLE);
	if (sd_event_add_io(event, &c->io, fd, EPOLLIN, on_io, c) < 0 ||
	    sd_event_source_set_priority(c->io, peer->admin ? CONTROL_PRIORITY_ADMIN :
							      CONTROL_PRIORITY) < 0) {
		control_connection_free(c);
		return NULL;
	}
	return c;
}

void control_connection_free(struct control_connection *c)
{
	if (!c)
		return;
	control_stream_drop(&c->stream);
	sd_event_source_disable_unref(c->io);
	varlink_input_done(&c->input);
	varlink_output_done(&c->output);
	close(c->fd);
	free(c);
}

void control_connection_refuse(struct control_connection *c, json_t *error)
{
	c->refused = true;
	if (put_out(c, error) == STEP_END || listen_for(c, true) < 0)
		end(c);
}

/* The caller may stand below this connection's own event, or be a command of it: nothing is freed
 * here. The shutdown wakes the event loop. */
static void cut_off(struct control_connection *c)
{
	c->cut = true;
	shutdown(c->fd, SHUT_RDWR);
}

/* Whether so many bytes of an open call may wait as well; where not, the client is cut off. */
static bool has_room(struct control_connection *c, size_t len)
{
	size_t waiting = varlink_output_waiting(&c->output);

	if (c->cut || waiting + len <= CONTROL_BACKLOG_MAX)
		return !c->cut;
	log_debug("control: uid %u, pid %d is cut off: %zu bytes wait for it", c->peer.uid,
		  c->peer.pid, waiting);
	cut_off(c);
	return false;
}

/* error: why a reply could not be added, or 0. The clock of a stall runs from the last byte that
 * was taken, however much is added. */
static void send_from_loop(struct control_connection *c, int error)
{
	if (error < 0) {
		log_error(error, "control: uid %u, pid %d is cut off: a reply is lost", c->peer.uid,
			  c->peer.pid);
		cut_off(c);
		return;
	}
	if (c->phase != PHASE_SENDING)
		enter(c, PHASE_SENDING);
	if (listen_for(c, false) < 0)
		cut_off(c);
}

void control_connection_publish(struct control_connection *c, const struct control_method *method,
				const struct varlink_output *message)
{
	if (c->open == method && has_room(c, varlink_output_waiting(message)))
		send_from_loop(c, varlink_output_copy(&c->output, message));
}

void control_connection_say(struct control_connection *c, json_t *message)
{
	if (has_room(c, 0))
		send_from_loop(c, message ? varlink_output_add(&c->output, message) : -ENOMEM);
	json_decref(message);
}

void control_connection_say_last(struct control_connection *c, json_t *message)
{
	c->open = NULL;
	enter(c, c->phase); /* who was waited for with patience has the usual time from now on */
	control_connection_say(c, message);
}

size_t control_connection_waiting(const struct control_connection *c)
{
	return varlink_output_waiting(&c->output);
}

bool control_connection_has_more(const struct control_connection *c)
{
	char byte;

	return c->input.len > c->input.start || recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

int control_connection_descriptor(const struct control_connection *c)
{
	return c->fd;
}

const struct control_method *control_connection_stream(const struct control_connection *c)
{
	return c->open;
}

void control_connection_sweep(struct control_connection *c, uint64_t now_ns)
{
	static const struct {
		uint64_t seconds;
		const char *why;
	} limits[] = {
		/* The next sweep may come a second later, and that would be too late. */
		[PHASE_IDLE] = { CONTROL_IDLE_SECONDS - 1, "it was idle" },
		[PHASE_SENDING] = { CONTROL_STALL_SECONDS, "it doesn't take its reply" },
		[PHASE_FAREWELL] = { FAREWELL_SECONDS, "it was refused" },
	};

	if (c->phase == PHASE_OPEN || (c->stream.open && c->stream.patient) ||
	    control_connection_quiet_ns(c, now_ns) < limits[c->phase].seconds * NS_PER_SECOND)
		return;
	log_debug("control: uid %u, pid %d is cut off: %s for %llu s", c->peer.uid, c->peer.pid,
		  limits[c->phase].why, (unsigned long long)limits[c->phase].seconds);
	end(c);
}

uint64_t control_connection_idle_ns(const struct control_connection *c, uint64_t now_ns)
{
	return c->phase == PHASE_IDLE ? control_connection_quiet_ns(c, now_ns) : 0;
}

uint64_t control_connection_quiet_ns(const struct control_connection *c, uint64_t now_ns)
{
	return now_ns > c->since_ns ? now_ns - c->since_ns : 0;
}

const struct control_peer *control_connection_peer(const struct control_connection *c)
{
	return &c->peer;
}

bool control_connection_is_refused(const struct control_connection *c)
{
	return c->refused;
}
