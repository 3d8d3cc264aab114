/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One client of the control socket: reads calls, sends replies, keeps the limits of one client. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/control/control_call.h"
#include "daemon/control/control_peer.h"

/* Clients come after what keeps the daemon alive and its data true. */
#define CONTROL_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 10)
/* Who comes, and an admin with his first calls, before all other clients. */
#define CONTROL_PRIORITY_ADMIN (CONTROL_PRIORITY - 1)

struct control_connection;

/* Called when the connection has ended, from its own event or from a sweep, right before it is
 * freed. */
typedef void (*control_connection_gone)(struct control_connection *connection, void *userdata);

/* Takes fd (non-blocking) in any case; borrows commands. Returns owned, or NULL (out of memory). */
struct control_connection *control_connection_new(sd_event *event, int fd,
						  const struct control_peer *peer,
						  struct control_commands *commands,
						  control_connection_gone gone, void *userdata);
/* Ends it without a word and without calling gone; that of an open stream is called. NULL is
 * fine. */
void control_connection_free(struct control_connection *connection);

/* Adds what waits in message (one reply, as bytes) where a call of this method is open, and sends
 * it from the event loop. Where too much waits already, or memory is short, the connection ends,
 * from the event loop as well. */
void control_connection_publish(struct control_connection *connection,
				const struct control_method *method,
				const struct varlink_output *message);
/* The same for the stream of its open call (takes message; NULL is read as out of memory); the last
 * one closes the call. */
void control_connection_say(struct control_connection *connection, json_t *message);
void control_connection_say_last(struct control_connection *connection, json_t *message);
/* Bytes that the client has not taken yet. */
size_t control_connection_waiting(const struct control_connection *connection);
/* Whether the client has said anything behind the call that is open. */
bool control_connection_has_more(const struct control_connection *connection);
/* As control_stream_descriptor. */
int control_connection_descriptor(const struct control_connection *connection);
/* The method of the call that is open, or NULL. */
const struct control_method *control_connection_stream(const struct control_connection *connection);

/* Sends this error (taken; NULL is fine) when everything before it is sent, then ends the
 * connection; what the client still says is thrown away. Such a client no longer counts as one. */
void control_connection_refuse(struct control_connection *connection, json_t *error);

/* Ends it if it was idle (an open call is not), stalled or refused for too long at now_ns
 * (CLOCK_BOOTTIME). */
void control_connection_sweep(struct control_connection *connection, uint64_t now_ns);

/* How long it has waited for a call of its client, in nanoseconds; 0 while it works on one. */
uint64_t control_connection_idle_ns(const struct control_connection *connection, uint64_t now_ns);
/* The same whatever it does: since the last call was answered or the last byte taken. */
uint64_t control_connection_quiet_ns(const struct control_connection *connection, uint64_t now_ns);

const struct control_peer *control_connection_peer(const struct control_connection *connection);
bool control_connection_is_refused(const struct control_connection *connection);
