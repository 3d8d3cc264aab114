/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/events/past.h"

void past_keep(struct past *past, json_t *event)
{
	json_decref(past->list[past->next]);
	past->list[past->next] = json_incref(event);
	past->next = (past->next + 1) % PAST_EVENTS;
}

json_t *past_to_json(const struct past *past)
{
	json_t *events = json_array();

	for (size_t i = 0; i < PAST_EVENTS; i++) {
		json_t *event = past->list[(past->next + i) % PAST_EVENTS];

		if (event)
			json_array_append(events, event);
	}
	return events;
}

void past_done(struct past *past)
{
	for (size_t i = 0; i < PAST_EVENTS; i++)
		json_decref(past->list[i]);
	*past = (struct past){ .next = 0 };
}
