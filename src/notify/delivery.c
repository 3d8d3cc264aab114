/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notify/delivery.h"

#include <string.h>

static void drop_older(struct deliveries *deliveries, const char *alert)
{
	for (size_t i = 0; i < deliveries->count; i++) {
		if (strcmp(deliveries->list[i].message.alert, alert) == 0) {
			delivery_end(deliveries, &deliveries->list[i]);
			return;
		}
	}
	if (deliveries->count == ALARMS_MAX)
		delivery_end(deliveries, &deliveries->list[0]);
}

struct delivery *delivery_begin(struct deliveries *deliveries, const struct alarm_message *message)
{
	struct delivery *delivery;

	drop_older(deliveries, message->alert);
	delivery = &deliveries->list[deliveries->count++];
	*delivery = (struct delivery){ .message = *message };
	return delivery;
}

void delivery_end(struct deliveries *deliveries, struct delivery *delivery)
{
	size_t place = (size_t)(delivery - deliveries->list);

	deliveries->count--;
	memmove(delivery, delivery + 1, (deliveries->count - place) * sizeof(*delivery));
}
