/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/control_call.h"
#include "daemon/control_connection.h"
#include "daemon/control_peer.h"
#include "daemon/control_socket.h"

#define REFUSED_MAX 16 /* clients that are being told why they were refused */
#define PLACES (CONTROL_CLIENTS_MAX + REFUSED_MAX)
#define ACCEPTS_A_TURN 16
#define SWEEP_US 1000000

struct control {
	sd_event *event;
	struct control_socket socket;
	sd_event_source *listener;
	sd_event_source *sweep;
	gid_t admin_gid;
	struct control_commands commands;
	struct control_connection *places[PLACES];
	struct log_ratelimit turned_away, no_descriptor;
};

/* Who is connected, as far as it matters for one who comes. */
struct census {
	unsigned int clients, others, of_uid; /* all; without admins; of the same uid */
	int free;                             /* a place without a connection, or -1 */
	int refused;                          /* a place of one that is being sent away, or -1 */
};

static struct census take_census(const struct control *control, uid_t uid)
{
	struct census census = { .free = -1, .refused = -1 };

	for (int i = 0; i < PLACES; i++) {
		const struct control_connection *c = control->places[i];

		if (!c) {
			census.free = i;
			continue;
		}
		if (control_connection_is_refused(c)) {
			census.refused = i;
			continue;
		}
		census.clients++;
		census.others += !control_connection_peer(c)->admin;
		census.of_uid += control_connection_peer(c)->uid == uid;
	}
	return census;
}

/* Why there is no place for this client, or NULL. */
static const char *find_obstacle(const struct census *census, const struct control_peer *peer)
{
	if (census->of_uid >= CONTROL_CLIENTS_A_UID_MAX)
		return "as many connections of your uid are open as one may have";
	if (census->clients >= CONTROL_CLIENTS_MAX)
		return "all connections are in use";
	if (!peer->admin && census->others >= CONTROL_CLIENTS_MAX - 1)
		return "all connections but the one kept for admins are in use";
	return NULL;
}

static void on_gone(struct control_connection *connection, void *userdata)
{
	struct control *control = userdata;

	for (int i = 0; i < PLACES; i++)
		if (control->places[i] == connection)
			control->places[i] = NULL;
}

static void turn_away(struct control *control, struct control_connection *connection,
		      const struct control_peer *peer, const char *obstacle)
{
	uint64_t suppressed;
	json_t *error;

	if (log_may_speak(&control->turned_away, clock_boottime_ns(), NS_PER_SECOND, &suppressed))
		log_warning("control: uid %u, pid %d turned away: %s (%llu more before)", peer->uid,
			    peer->pid, obstacle, (unsigned long long)suppressed);
	error = control_call_make_error(CONTROL_FAILED,
					"close what is not needed, or try again in a moment",
					"%s (%d in all, %d a uid)", obstacle, CONTROL_CLIENTS_MAX,
					CONTROL_CLIENTS_A_UID_MAX);
	control_connection_refuse(connection, error);
}

static void start_sweeping(struct control *control)
{
	int enabled = SD_EVENT_OFF;

	sd_event_source_get_enabled(control->sweep, &enabled);
	if (enabled != SD_EVENT_OFF)
		return;
	sd_event_source_set_time_relative(control->sweep, SWEEP_US);
	sd_event_source_set_enabled(control->sweep, SD_EVENT_ONESHOT);
}

/* The connection of this uid that has been idle for longest gives way: an admin who left many open
 * is not locked out by them. Returns false where all of them are at work. */
static bool end_idlest(struct control *control, uid_t uid,
		       const struct control_connection *newcomer)
{
	uint64_t now_ns = clock_boottime_ns(), longest = 0;
	int idlest = -1;

	for (int i = 0; i < PLACES; i++) {
		const struct control_connection *c = control->places[i];
		uint64_t idle_ns = c && c != newcomer ? control_connection_idle_ns(c, now_ns) : 0;

		if (idle_ns > longest && control_connection_peer(c)->uid == uid) {
			longest = idle_ns;
			idlest = i;
		}
	}
	if (idlest < 0)
		return false;
	control_connection_free(control->places[idlest]);
	control->places[idlest] = NULL;
	return true;
}

/* Takes fd. */
static void admit(struct control *control, int fd)
{
	struct control_connection *connection;
	struct control_peer peer;
	struct census census;
	const char *obstacle;

	if (control_peer_read(fd, control->admin_gid, &peer) < 0) {
		close(fd);
		return;
	}
	census = take_census(control, peer.uid);
	if (census.free < 0) { /* clients are fewer than places: one of them is being sent away */
		control_connection_free(control->places[census.refused]);
		control->places[census.refused] = NULL;
		census.free = census.refused;
	}
	connection = control_connection_new(control->event, fd, &peer, &control->commands, on_gone,
					    control);
	if (!connection)
		return;
	control->places[census.free] = connection;
	start_sweeping(control);
	obstacle = find_obstacle(&census, &peer);
	if (obstacle && !(peer.admin && end_idlest(control, peer.uid, connection)))
		turn_away(control, connection, &peer, obstacle);
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
	return 0;
}

/* One timer for all connections; off while there are none. */
static int on_sweep(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct control *control = userdata;
	uint64_t now_ns = clock_boottime_ns();
	bool occupied = false;

	(void)usec;
	for (int i = 0; i < PLACES; i++) {
		if (control->places[i])
			control_connection_sweep(control->places[i], now_ns);
		occupied = occupied || control->places[i];
	}
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
	sd_event_source_set_priority(source, CONTROL_PRIORITY);
	*ret_source = source;
	return 0;
}

static int add_sweep(struct control *control)
{
	int r = sd_event_add_time_relative(control->event, &control->sweep, CLOCK_MONOTONIC,
					   SWEEP_US, 0, on_sweep, control);

	if (r >= 0)
		r = sd_event_source_set_enabled(control->sweep, SD_EVENT_OFF);
	return r < 0 ? log_error(r, "control: cannot set up the timer") : 0;
}

static gid_t socket_group(const struct control_config *config)
{
	return control_peer_find_group(config->group, "control.group",
				       "the socket keeps the group of the daemon");
}

static gid_t admin_group(const struct control_config *config)
{
	return control_peer_find_group(config->admin_group, "control.admin_group",
				       "so uid 0 alone is admin");
}

int control_open(sd_event *event, const struct control_config *config,
		 struct control **ret_control)
{
	struct control *control = calloc(1, sizeof(*control));
	int r;

	if (!control)
		return log_error(-ENOMEM, "control: cannot start");
	control->event = sd_event_ref(event);
	control->socket.fd = -1;
	control->commands.methods = config->methods;
	control->commands.userdata = config->userdata;
	control->commands.admin_group = strdup(config->admin_group ? config->admin_group : "");
	r = control->commands.admin_group ? 0 : log_error(-ENOMEM, "control: cannot start");
	if (r == 0 && config->listen_fd >= 0 && config->listen_inherited)
		r = control_socket_inherit(config->listen_fd, &control->socket);
	else if (r == 0 && config->listen_fd >= 0)
		r = control_socket_adopt(config->listen_fd, config->socket, &control->socket);
	else if (r == 0)
		r = control_socket_listen(config->socket, socket_group(config), &control->socket);
	if (r == 0)
		r = add_listener(control, control->socket.fd, &control->listener);
	if (r == 0)
		r = add_sweep(control);
	if (r < 0) {
		if (config->listen_fd >= 0)
			control->socket.fd = -1;
		control_close(control);
		return r;
	}
	control->admin_gid = admin_group(config);
	*ret_control = control;
	return 0;
}

/* Listens at another path before the old one goes. Returns 0 or -errno, logged. */
static int move_socket(struct control *control, const struct control_config *config)
{
	struct control_socket moved;
	sd_event_source *listener = NULL;
	int r = control_socket_listen(config->socket, socket_group(config), &moved);

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

int control_reconfigure(struct control *control, const struct control_config *config)
{
	char *name = strdup(config->admin_group ? config->admin_group : "");
	int r = 0;

	if (!name)
		return log_error(-ENOMEM, "control: cannot take over the configuration");
	if (control->socket.path && strcmp(control->socket.path, config->socket) != 0)
		r = move_socket(control, config);
	else if (control->socket.path)
		control_socket_set_group(&control->socket, socket_group(config));
	else
		log_info("control: staying on the socket passed by systemd, not %s",
			 config->socket);
	if (r < 0) {
		free(name);
		return r;
	}
	free(control->commands.admin_group);
	control->commands.admin_group = name;
	control->admin_gid = admin_group(config);
	return 0;
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
	for (int i = 0; i < PLACES; i++)
		if (control->places[i])
			control_connection_publish(control->places[i], stream, &bytes);
	json_decref(message);
	varlink_output_done(&bytes);
}

bool control_has_listeners(const struct control *control, const char *method)
{
	const struct control_method *stream = find_method(control, method);

	for (int i = 0; i < PLACES; i++)
		if (control->places[i] && control_connection_stream(control->places[i]) == stream)
			return true;
	return false;
}

int control_descriptor(const struct control *control)
{
	return control->socket.fd;
}

void control_leave_file(struct control *control)
{
	control_socket_leave_file(&control->socket);
}

void control_close(struct control *control)
{
	if (!control)
		return;
	for (int i = 0; i < PLACES; i++)
		control_connection_free(control->places[i]);
	sd_event_source_disable_unref(control->listener);
	sd_event_source_disable_unref(control->sweep);
	control_socket_close(&control->socket);
	free(control->commands.admin_group);
	sd_event_unref(control->event);
	free(control);
}
