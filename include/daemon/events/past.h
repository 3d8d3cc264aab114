/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last events, for who comes too late to have subscribed. Control thread only. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#define PAST_EVENTS 100 /* so many are kept, in memory: the journal has them for longer */

struct past {
	json_t *list[PAST_EVENTS]; /* owned replies of Subscribe, a ring */
	size_t next;               /* where the next one goes */
};

/* Keeps it as well; the oldest goes for it. */
void past_keep(struct past *past, json_t *event);
/* All of them, the oldest first. Owned, or NULL (out of memory). */
json_t *past_to_json(const struct past *past);
void past_done(struct past *past);
