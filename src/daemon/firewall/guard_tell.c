/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/firewall/guard_tell.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"

void guard_tell(const struct events *events, const char *what, const char *culprit,
		uint64_t took_ns, const struct guard_gap *gap, uint64_t total)
{
	unsigned long long took_ms = took_ns / NS_PER_MS;
	char message[384], unclamped[GUARD_GAP_MAX] = "";
	json_t *new = guard_gap_json(gap);

	if (gap)
		guard_gap_text(gap, unclamped);
	if (culprit)
		snprintf(message, sizeof(message), "firewall: %s, changed %s; restored after "
			 "%llu ms%s", culprit, what, took_ms, unclamped);
	else
		snprintf(message, sizeof(message), "firewall: %s were changed; restored after "
			 "%llu ms%s", what, took_ms, unclamped);
	json_object_set_new(new, "reinstalled_total", json_integer((json_int_t)total));
	events_emit(events, &(struct event){
		.name = "rules_repaired",
		.why = culprit,
		.message = message,
		.new = new,
		.priority = LOG_WARNING,
	});
}
