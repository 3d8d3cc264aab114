/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of the workers. */
#pragma once

#include <jansson.h>

#include "daemon/events/events.h"
#include "daemon/workers/workers.h"

/* As `queues` of GetStatus: "ok", "stalled", "unbound". */
const char *worker_state_name(enum worker_state state);

/* For people: "a worker has not answered its queue for 3 s". */
const char *worker_state_text(enum worker_state state);
/* The same with the numbers of the queues that another program has, where it has any: "another
 * program has taken queue 5000; ...". Returns text. */
#define WORKER_STATE_MAX 192 /* with four numbers of five digits */
const char *worker_state_say(const struct workers *workers, enum worker_state state,
			     char text[WORKER_STATE_MAX]);

/* Those numbers: an owned array. */
json_t *worker_state_taken(const struct workers *workers);

/* That it is another state now. */
void worker_state_tell(const struct workers *workers, enum worker_state state,
		       const struct events *events);
