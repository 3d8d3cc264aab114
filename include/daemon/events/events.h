/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changes, told as it changes: one line for the log, one reply for every client that
 * subscribed, and the last ones are kept. Control thread only. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "daemon/control/control.h"
#include "daemon/events/past.h"

#define EVENTS_METHOD "Subscribe"

struct events {
	struct control *control; /* borrowed; NULL: nobody can listen yet, or any more */
	struct past *past;       /* borrowed; NULL: nothing is kept */
};

struct event {
	const char *name;    /* "peer_changed", see Subscribe in the interface description */
	const char *tunnel;  /* name of the tunnel, or NULL */
	const char *peer;    /* id of the peer, or NULL */
	const char *alert;   /* name of the alert, or NULL */
	const char *message_id; /* in the journal; NULL: that of all events of this name */
	const char *why;     /* what made it change: "probe to 192.0.2.7 lost 3 times"; or NULL */
	const char *message; /* the line for people; NULL: daemon/events/event_text makes it from
			      * old and new */
	json_t *old, *new;   /* taken; what it was and what it is, or NULL. Of tunnels and peers:
			      * the rows of ListTunnels and ListPeers */
	int priority;        /* LOG_*: log the message too; 0: the log is told elsewhere */
};

/* Whether somebody listens: what the caller need not build old and new for otherwise. */
bool events_wanted(const struct events *events);
/* Logs, publishes and keeps. events NULL: logs. */
void events_emit(const struct events *events, const struct event *event);

/* The first reply of Subscribe, from which on nothing is missed. Owned, or NULL (out of memory). */
json_t *events_greeting(void);
