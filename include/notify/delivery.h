/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people were told of by one way and not by the other: the rest is for later. Pure. */
#pragma once

#include "notify/alarm.h"

struct delivery {
	struct alarm_message message;
	bool ran, mailed;
};

struct deliveries {
	struct delivery list[ALARMS_MAX];
	size_t count;
};

/* Begins one. What is left of an older message of the same alert is dropped, and where there is no
 * room, the oldest. */
struct delivery *delivery_begin(struct deliveries *deliveries, const struct alarm_message *message);

/* Takes it out. Pointers that delivery_begin gave are invalid afterwards. */
void delivery_end(struct deliveries *deliveries, struct delivery *delivery);
