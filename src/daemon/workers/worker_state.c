/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/workers/worker_state.h"

#include <stdio.h>

#include "base/log.h"
#include "base/text.h"

#define LISTED_MAX 4 /* numbers of queues in a text */

const char *worker_state_name(enum worker_state state)
{
	static const char *const names[] = {
		[WORKER_OK] = "ok",
		[WORKER_OUSTED] = "unbound",
		[WORKER_STALLED] = "stalled",
		[WORKER_UNBOUND] = "unbound",
	};

	return names[state];
}

const char *worker_state_text(enum worker_state state)
{
	static const char *const texts[] = {
		[WORKER_OK] = "every worker answers its queue",
		[WORKER_OUSTED] = "another program has taken a queue; it is tried again every 10 s",
		[WORKER_STALLED] = "a worker has not answered its queue for 3 s",
		[WORKER_UNBOUND] = "a queue has lost its worker; it is being replaced",
	};

	return texts[state];
}

/* "5000", "5000, 5002 and 5 more". Returns how many there are. */
static size_t list_taken(const struct workers *workers, char *text, size_t size)
{
	size_t count = 0, len = 0;

	*text = '\0';
	for (size_t i = 0; i < workers_count(workers); i++) {
		if (workers_is_taken(workers, i) && ++count <= LISTED_MAX)
			len += (size_t)snprintf(text + len, size - len, "%s%u",
						count > 1 ? ", " : "", workers_number(workers, i));
	}
	if (count > LISTED_MAX)
		snprintf(text + len, size - len, " and %zu more", count - LISTED_MAX);
	return count;
}

const char *worker_state_say(const struct workers *workers, enum worker_state state,
			     char text[WORKER_STATE_MAX])
{
	char numbers[64];
	size_t count = list_taken(workers, numbers, sizeof(numbers));

	if (state != WORKER_OUSTED || count == 0)
		snprintf(text, WORKER_STATE_MAX, "%s", worker_state_text(state));
	else
		snprintf(text, WORKER_STATE_MAX, "another program has taken queue%s %s; %s tried "
			 "again every 10 s: end that program, or set another queues.first and "
			 "restart", text_plural(count), numbers,
			 count == 1 ? "it is" : "they are");
	return text;
}

json_t *worker_state_taken(const struct workers *workers)
{
	json_t *numbers = json_array();

	for (size_t i = 0; i < workers_count(workers); i++)
		if (workers_is_taken(workers, i))
			json_array_append_new(numbers, json_integer(workers_number(workers, i)));
	return numbers;
}

void worker_state_tell(const struct workers *workers, enum worker_state state,
		       const struct events *events)
{
	char message[WORKER_STATE_MAX + 16], text[WORKER_STATE_MAX];

	snprintf(message, sizeof(message), "workers: %s", worker_state_say(workers, state, text));
	events_emit(events, &(struct event){
		.name = "workers_changed",
		.message = message,
		.new = json_pack("{s:s, s:o}", "queues", worker_state_name(state), "queues_taken",
				 worker_state_taken(workers)),
		.priority = state == WORKER_OK ? LOG_NOTICE : LOG_ERR,
	});
}

uint64_t workers_refused(const struct workers *workers)
{
	uint64_t refused = 0;

	for (size_t i = 0; i < workers_count(workers); i++)
		refused += counter_read(&workers_counters(workers, i)->verdicts_refused);
	return refused;
}
