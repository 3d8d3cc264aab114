/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/control/control_connection.h"
#include "daemon/control/control_group.h"
#include "daemon/control/control_peer.h"
#include "daemon/control/control_places.h"
#include "daemon/control/control_socket.h"

#define ACCEPTS_A_TURN 16
#define PAUSE_US 5000 /* after a full turn of accepts */
#define SWEEP_US 500000

struct control {
	sd_event *event;
	struct control_socket socket;
	sd_event_source *listener;
	sd_event_source *sweep, *pause;
	struct control_group group, admin_group;
	struct control_commands commands;
	struct control_places places;
	struct log_ratelimit no_descriptor;
};

static void start_sweeping(struct control *control)
{
	int enabled = SD_EVENT_OFF;

	sd_event_source_get_enabled(control->sweep, &enabled);
	if (enabled != SD_EVENT_OFF)
		return;
	sd_event_source_set_time_relative(control->sweep, SWEEP_US);
	sd_event_source_set_enabled(control->sweep, SD_EVENT_ONESHOT);
}

/* Takes fd. */
static void admit(struct control *control, int fd)
{
	struct control_peer peer;

	if (control_peer_read(fd, control->admin_group.now.gid, &peer) < 0) {
		close(fd);
		return;
	}
	control_places_admit(&control->places, control->event, fd, &peer, &control->commands);
	start_sweeping(control);
}

/* Who comes is let in before those who are there are answered, so that an admin does not wait for
 * them; and after a turn the others have theirs, so that they do not wait for who comes. */
static void pause_listening(struct control *control)
{
	sd_event_source_set_enabled(control->listener, SD_EVENT_OFF);
	sd_event_source_set_time_relative(control->pause, PAUSE_US);
	sd_event_source_set_enabled(control->pause, SD_EVENT_ONESHOT);
}

static int on_pause(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct control *control = userdata;

	(void)source, (void)usec;
	sd_event_source_set_enabled(control->listener, SD_EVENT_ON);
	return 0;
}

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct control *control = userdata;
	uint64_t suppressed;

	(void)revents;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client >= 0) {
			admit(control, client);
			continue;
		}
		if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
			return 0;
		/* The client stays in the queue and the socket readable: look again in a second. */
		if (log_may_speak(&control->no_descriptor, clock_boottime_ns(), NS_PER_SECOND,
				  &suppressed))
			log_error(-errno, "control: cannot accept a client for now");
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
		start_sweeping(control);
		return 0;
	}
	pause_listening(control);
	return 0;
}

/* One timer for all connections; off while there are none. */
static int on_sweep(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct control *control = userdata;
	bool occupied = control_places_sweep(&control->places);

	(void)usec;
	sd_event_source_set_enabled(control->listener, SD_EVENT_ON);
	if (occupied) {
		sd_event_source_set_time_relative(source, SWEEP_US);
		sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	}
	return 0;
}

static int add_listener(struct control *control, int fd, sd_event_source **ret_source)
{
	sd_event_source *source;
	int r = sd_event_add_io(control->event, &source, fd, EPOLLIN, on_connect, control);

	if (r < 0)
		return log_error(r, "control: cannot watch the socket");
	sd_event_source_set_priority(source, CONTROL_PRIORITY_ADMIN);
	*ret_source = source;
	return 0;
}

/* A timer that is off until it is needed. */
static int add_timer(struct control *control, uint64_t us, sd_event_time_handler_t handler,
		     sd_event_source **ret_source)
{
	int r = sd_event_add_time_relative(control->event, ret_source, CLOCK_MONOTONIC, us, us / 5,
					   handler, control);

	if (r >= 0)
		r = sd_event_source_set_priority(*ret_source, CONTROL_PRIORITY_ADMIN);
	if (r >= 0)
		r = sd_event_source_set_enabled(*ret_source, SD_EVENT_OFF);
	return r < 0 ? log_error(r, "control: cannot set up a timer") : 0;
}

/* Returns 0 or -errno, logged. */
static int begin_group(struct control_group *group, const char *name)
{
	struct control_group_found found;
	char *error = NULL;
	int r = control_group_find(group, name, &found, &error);

	if (r == 0)
		control_group_set(group, &found);
	else
		log_print(LOG_ERR, "control: cannot start: %s", error ? error : "out of memory");
	free(error);
	return r;
}

static int begin_groups(struct control *control, const struct control_config *config)
{
	const bool is_given = config->listen_fd >= 0 && !config->listen_inherited;
	int r;

	control->group = (struct control_group){
		.setting = "control.group",
		.consequence = "the socket keeps the group of the daemon",
		.required = config->groups_required,
	};
	control->admin_group = (struct control_group){
		.setting = "control.admin_group",
		.consequence = "so uid 0 alone is admin",
		.required = config->groups_required,
	};
	r = begin_group(&control->group, is_given ? NULL : config->group); /* systemd's: its own */
	if (r == 0)
		r = begin_group(&control->admin_group, config->admin_group);
	control->commands.admin_group = control->admin_group.now.name;
	return r;
}

int control_prepare(sd_event *event, const struct control_config *config,
		    struct control **ret_control)
{
	struct control *control = calloc(1, sizeof(*control));
	int r;

	if (!control) {
		log_error(-ENOMEM, "control: cannot start");
		return -ENOMEM;
	}
	control->event = sd_event_ref(event);
	control->socket.fd = -1;
	control->commands.methods = config->methods;
	control->commands.userdata = config->userdata;
	r = begin_groups(control, config);
	if (r < 0) {
		control_close(control);
		return r;
	}
	*ret_control = control;
	return 0;
}

int control_listen(struct control *control, const struct control_config *config)
{
	int r;

	if (config->listen_fd >= 0 && config->listen_inherited)
		r = control_socket_inherit(config->listen_fd, &control->socket);
	else if (config->listen_fd >= 0)
		r = control_socket_adopt(config->listen_fd, config->socket, &control->socket);
	else
		r = control_socket_listen(config->socket, control->group.now.gid,
					  &control->socket);
	if (r == 0)
		r = add_listener(control, control->socket.fd, &control->listener);
	if (r == 0)
		r = add_timer(control, SWEEP_US, on_sweep, &control->sweep);
	if (r == 0)
		r = add_timer(control, PAUSE_US, on_pause, &control->pause);
	if (r < 0 && config->listen_fd >= 0) { /* it and its file stay the caller's */
		control->socket.fd = -1;
		control_leave_file(control);
	}
	return r;
}

/* Listens at another path before the old one goes. Returns 0 or -errno, logged. */
static int move_socket(struct control *control, const char *path, gid_t group)
{
	struct control_socket moved;
	sd_event_source *listener = NULL;
	int r = control_socket_listen(path, group, &moved);

	if (r < 0)
		return r;
	r = add_listener(control, moved.fd, &listener);
	if (r < 0) {
		control_socket_close(&moved);
		return r;
	}
	sd_event_source_disable_unref(control->listener);
	control_socket_close(&control->socket);
	control->listener = listener;
	control->socket = moved;
	return 0;
}

static int place_socket(struct control *control, const char *path, gid_t group, char **ret_error)
{
	int r = 0;

	if (control->socket.passed)
		log_info("control: staying on the socket passed by systemd, not %s", path);
	else if (strcmp(control->socket.path, path) != 0)
		r = move_socket(control, path, group);
	else
		control_socket_set_group(&control->socket, group);
	if (r < 0)
		text_fail(ret_error, r, "control.socket: cannot listen at %s: %s; the log tells "
			  "more", path, strerror(-r));
	return r;
}

int control_reconfigure(struct control *control, const struct control_config *config,
			char **ret_error)
{
	struct control_group_found group = { 0 }, admin_group = { 0 };
	int r = control_group_find(&control->group, control->socket.passed ? NULL : config->group,
				   &group, ret_error);

	if (r == 0)
		r = control_group_find(&control->admin_group, config->admin_group, &admin_group,
				       ret_error);
	if (r == 0)
		r = place_socket(control, config->socket, group.gid, ret_error);
	if (r == 0) {
		control_group_set(&control->group, &group);
		control_group_set(&control->admin_group, &admin_group);
		control->commands.admin_group = control->admin_group.now.name;
	}
	control_group_found_done(&group);
	control_group_found_done(&admin_group);
	return r;
}

static const struct control_method *find_method(const struct control *control, const char *name)
{
	const struct control_method *method = control->commands.methods;

	while (method->name && strcmp(method->name, name) != 0)
		method++;
	assert(method->name);
	return method;
}

/* Written once, copied to each: many may listen. */
void control_publish(struct control *control, const char *method, json_t *parameters)
{
	const struct control_method *stream = find_method(control, method);
	json_t *message = varlink_make_reply(parameters, true);
	struct varlink_output bytes = { 0 };

	if (!message || varlink_output_add(&bytes, message) < 0)
		log_error(-ENOMEM, "control: a reply of %s is lost", method);
	for (int i = 0; i < CONTROL_PLACES; i++)
		if (control->places.list[i])
			control_connection_publish(control->places.list[i], stream, &bytes);
	json_decref(message);
	varlink_output_done(&bytes);
}

bool control_has_listeners(const struct control *control, const char *method)
{
	const struct control_method *stream = find_method(control, method);

	for (int i = 0; i < CONTROL_PLACES; i++) {
		const struct control_connection *c = control->places.list[i];

		if (c && control_connection_stream(c) == stream)
			return true;
	}
	return false;
}

enum control_file control_look_at_file(const struct control *control)
{
	return control_socket_look(&control->socket);
}

bool control_is_passed(const struct control *control)
{
	return control->socket.passed;
}

const char *control_path(const struct control *control)
{
	return control->socket.path;
}

int control_listen_anew(struct control *control)
{
	return move_socket(control, control->socket.path, control->group.now.gid);
}

int control_descriptor(const struct control *control)
{
	return control->socket.fd;
}

void control_own(const struct control *control)
{
	control_socket_own(&control->socket);
}

void control_leave_file(struct control *control)
{
	control_socket_leave_file(&control->socket);
}

void control_close(struct control *control)
{
	if (!control)
		return;
	control_places_done(&control->places);
	sd_event_source_disable_unref(control->listener);
	sd_event_source_disable_unref(control->sweep);
	sd_event_source_disable_unref(control->pause);
	control_socket_close(&control->socket);
	control_group_done(&control->group);
	control_group_done(&control->admin_group);
	sd_event_unref(control->event);
	free(control);
}
