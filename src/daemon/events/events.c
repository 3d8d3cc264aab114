/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/events/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/events/event_text.h"
#include "daemon/events/journal.h"
#include "daemon/events/message_id.h"
#include "proto/varlink.h"

#define TIME_MAX 40 /* bytes; "2026-11-25T18:04:55.123Z" */

/* RFC 3339, UTC, to the millisecond. */
static void write_now(char text[TIME_MAX])
{
	struct timespec now;
	struct tm parts;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	len = strftime(text, TIME_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + len, TIME_MAX - len, ".%03uZ", (unsigned int)(now.tv_nsec / 1000000));
}

/* Takes what the event says is taken. Owned, or NULL (out of memory). */
static json_t *make_reply(const struct event *event, const char *message)
{
	char time[TIME_MAX];

	write_now(time);
	return json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "schema", 1, "time", time, "event", event->name,
			 "tunnel", varlink_string_or_null(event->tunnel),
			 "peer", varlink_string_or_null(event->peer),
			 "old", event->old ? event->old : json_null(),
			 "new", event->new ? event->new : json_null(),
			 "why", varlink_string_or_null(event->why),
			 "message", varlink_string(message));
}

bool events_wanted(const struct events *events)
{
	return events && events->control && control_has_listeners(events->control, EVENTS_METHOD);
}

/* Peers have one of their own, tunnels the one outside. 0: not known, or not of such an event. */
static uint32_t path_mtu(const json_t *new)
{
	const json_t *mtu = json_object_get(new, "path_mtu_bytes");

	if (!mtu)
		mtu = json_object_get(new, "outer_path_mtu_bytes");
	return (uint32_t)json_integer_value(mtu);
}

static void log_event(const struct event *event, const char *message)
{
	const struct journal_entry entry = {
		.priority = event->priority,
		.message_id = event->message_id ? event->message_id : message_id(event->name),
		.tunnel = event->tunnel,
		.peer = event->peer,
		.alert = event->alert,
		.path_mtu = path_mtu(event->new),
	};

	journal_print(&entry, "%s", message);
}

void events_emit(const struct events *events, const struct event *event)
{
	bool logged = event->priority && event->priority <= log_max();
	bool wanted = events_wanted(events), kept = events && events->past;
	char *made = !event->message && (wanted || logged || kept) ? event_text(event) : NULL;
	json_t *reply = NULL;
	const char *message = event->message ? event->message : made;

	if (!message)
		message = event->name; /* memory is short: a poor line is better than none */
	if (logged)
		log_event(event, message);
	if (wanted || kept) {
		reply = make_reply(event, message);
	} else {
		json_decref(event->old);
		json_decref(event->new);
	}
	if (kept && reply)
		past_keep(events->past, reply);
	if (wanted)
		control_publish(events->control, EVENTS_METHOD, reply);
	else
		json_decref(reply);
	free(made);
}

json_t *events_greeting(void)
{
	const struct event event = { .name = "subscribed" };

	return make_reply(&event, "every change from now on is told");
}
