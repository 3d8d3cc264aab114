/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: connections, limits, permission, dispatch. Control thread only. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "daemon/control/control_socket.h"

struct control;
struct control_call;

/* What a command may say on failure: mssclampctl(8), exit codes. */
enum control_error {
	CONTROL_FAILED = 1,
	CONTROL_INVALID_ARGUMENT = 2,
	CONTROL_PERMISSION_DENIED = 4,
	CONTROL_NOT_FOUND = 5,
	CONTROL_INVALID_CONFIGURATION = 6,
	CONTROL_UNKNOWN = 7,
};

/* One row of the command table. */
struct control_method {
	const char *name; /* "GetStatus", without the interface */
	bool admin;       /* uid 0 or a member of the admin group only */
	bool streams;     /* answers until the client hangs up: needs `more`, see control_publish */
	/* Borrows parameters. Returns the owned reply parameters, or NULL after control_fail. One
	 * that streams, and one that has called control_stream_open, returns its first reply, or
	 * NULL without control_fail: there is none yet. */
	json_t *(*run)(struct control_call *call, json_t *parameters, void *userdata);
};

/* Sets the error of a call: message says what and why, hint what to do (may be NULL). Returns
 * NULL. */
json_t *control_fail(struct control_call *call, enum control_error error, const char *hint,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Who calls, as the kernel kept it at connect. */
uid_t control_call_uid(const struct control_call *call);

struct control_config {
	const char *socket;        /* path */
	const char *group;         /* owner group of the socket file; a missing one is a warning */
	const char *admin_group;   /* a missing one is a warning, then uid 0 alone is admin */
	int listen_fd;             /* that listens already (taken on success), or -1 */
	bool listen_inherited;     /* it came from another mssclampd, and so did its file: they are
				    * ours now; else both are systemd's */
	bool groups_required;      /* it is an error where one cannot be looked up */
	const struct control_method *methods; /* ended by a row without name; borrowed for good */
	void *userdata;            /* for run */
};

/* How much one client may ask for, and how long it may take. */
#define CONTROL_CLIENTS_MAX 64       /* one of these places is kept for admins */
#define CONTROL_CLIENTS_A_UID_MAX 16
#define CONTROL_IDLE_SECONDS 30      /* at most, since the last answer; half a call is idle too */
#define CONTROL_STALL_SECONDS 5      /* a reply of which the client took no byte for so long */
#define CONTROL_BACKLOG_MAX (16u << 20) /* bytes of a stream that wait for a slow client: two events
					 * for each of 10,000 peers at once, 800 bytes each */
#define CONTROL_BACKLOG_UID_MAX (2 * CONTROL_BACKLOG_MAX) /* of all clients of a uid */

/* Looks the groups up, which may take long and need what a sandbox forbids, and touches nothing.
 * Logs what went wrong. Returns 0 and the owned server, or -errno. */
int control_prepare(sd_event *event, const struct control_config *config,
		    struct control **ret_control);
/* Listens. Refuses a path where a living daemon answers (-EADDRINUSE) or a foreign file lies
 * (-EEXIST), replaces a stale socket. Logs what went wrong. Returns 0 or -errno: then the server is
 * for control_close.
 *
 * What a client sees: calls are answered in order, one at a time; no further call is read while
 * a reply waits to be taken, or while one that streams is open: that one ends with the connection,
 * or with its last reply (control_stream_end).
 * What is no Varlink call, is too long or too deep gets one error
 * org.mssclamp.InvalidArgument {message, hint}, then the connection ends: behind such bytes
 * nothing can be trusted to start a call. Parameters that are not what the description says get
 * org.varlink.service.InvalidParameter, and the connection goes on. A client too many gets
 * org.mssclamp.Failed without having asked, then the connection ends; an admin too many takes the
 * place of another (daemon/control/control_places.h). One call of each client is run at a time; who
 * comes, and an admin with his first calls, come before the others. */
int control_listen(struct control *control, const struct control_config *config);
/* Takes over socket, group and admin_group of another configuration; connections live on, each
 * with the rights it had. May be called from a method. On an error (as of control_listen, or
 * because a group cannot be looked up: daemon/control/control_group.h), with an owned text for
 * people, everything is as it was. A socket passed by systemd stays. */
int control_reconfigure(struct control *control, const struct control_config *config,
			char **ret_error);
/* One more reply for every open call of a method that streams; the method has a row. Takes
 * parameters (NULL is read as out of memory). Sends nothing at once, so it may be called from a
 * method; a client that has CONTROL_BACKLOG_MAX bytes waiting is cut off. */
void control_publish(struct control *control, const char *method, json_t *parameters);
/* A call that has replies of its own, whether its row streams or not. To be called from its run at
 * most once; gone is called once, from the event loop or control_close, when the client has hung up
 * or was cut off, and not after control_stream_end, control_stream_fail or a control_fail of that
 * run. Borrowed until then. NULL: nobody waits for a reply (oneway). A client that has called
 * without `more` gets the last reply alone; where that is no use the row streams. */
struct control_stream;
struct control_stream *control_stream_open(struct control_call *call, void (*gone)(void *userdata),
					   void *userdata);
/* One more reply ("continues"), or the last one; then the connection takes calls again. Take
 * parameters (NULL is read as out of memory: the client is cut off). Send nothing at once, so they
 * may be called from run; a client that has CONTROL_BACKLOG_MAX bytes waiting is cut off. */
void control_stream_reply(struct control_stream *stream, json_t *parameters);
void control_stream_end(struct control_stream *stream, json_t *parameters);
/* Ends it with an error, as control_fail. */
void control_stream_fail(struct control_stream *stream, enum control_error error, const char *hint,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Bytes that wait for a client that does not take them. */
size_t control_stream_waiting(const struct control_stream *stream);
/* The client may stand still for as long as it likes: whoever calls this adds nothing while much
 * waits. */
void control_stream_be_patient(struct control_stream *stream);
/* Its socket, borrowed, for what goes beside bytes (unix(7), SCM_RIGHTS); nothing may wait. */
int control_stream_descriptor(const struct control_stream *stream);
/* Whether the client has said anything behind this call; in gone too. */
bool control_stream_has_more(const struct control_stream *stream);
/* Whether any such call is open. */
bool control_has_listeners(const struct control *control, const char *method);
/* What stands where clients look for us, and whether systemd has put it there. */
enum control_file control_look_at_file(const struct control *control);
bool control_is_passed(const struct control *control);
const char *control_path(const struct control *control);
/* Listens at the same path with a new socket and file, where it is not systemd's. Connections live
 * on. Returns 0, or -errno, logged, with all as it was. */
int control_listen_anew(struct control *control);
/* The listening socket, borrowed. */
int control_descriptor(const struct control *control);
/* What was inherited is ours for good: who connects is told of this process. */
void control_own(const struct control *control);
/* Another process listens there from now on: control_close leaves its file. */
void control_leave_file(struct control *control);
/* Closes all connections and removes the socket file where it made it. NULL is fine. */
void control_close(struct control *control);
