/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which alerts people have been told of. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#define ALARMS_MAX 32 /* more than there are alerts */
#define ALARM_NAME_MAX 40

/* One word to people. */
struct alarm_message {
	char alert[ALARM_NAME_MAX];
	bool firing;       /* else it is over */
	char text[512];    /* a sentence */
	double value, threshold; /* value: -1 where it is unknown */
};

struct alarms {
	char firing[ALARMS_MAX][ALARM_NAME_MAX]; /* those that people know of */
	size_t count;
	bool waits; /* of some of them the last status could not say whether they go on */
};

/* An event of the daemon's stream. Returns whether there is something to tell, and then what. */
bool alarms_note_event(struct alarms *alarms, const json_t *event,
		       struct alarm_message *ret_message);

/* An answer to GetStatus, after a time in which events may have been missed: gives what changed
 * since, one at each call. Returns false where nothing is left.
 *
 * An alarm is over only where the daemon says so: it does not fire and is settled. A daemon that
 * has begun anew knows neither for a while, and waits says that it is to be asked again. */
bool alarms_note_status(struct alarms *alarms, const json_t *status,
			struct alarm_message *ret_message);

/* People could not be told of it after all: as before it was noted. Room is there. */
void alarms_undo(struct alarms *alarms, const struct alarm_message *message);

/* Takes one out of which that daemon, which has run for longer than after_seconds, can neither say
 * that it fires nor that it is over: it does not know it, or cannot read its counter. Returns
 * whether there was one, and which. */
bool alarms_forget(struct alarms *alarms, const json_t *status, double after_seconds,
		   char ret_name[ALARM_NAME_MAX]);

/* The names as a text to be kept, which alarms_parse reads. Owned, or NULL (out of memory). */
char *alarms_format(const struct alarms *alarms);

/* Returns 0, or -EBADMSG (no such text, or of another version; alarms are untouched). */
int alarms_parse(const char *text, size_t len, struct alarms *ret_alarms);
