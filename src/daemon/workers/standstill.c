/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/workers/standstill.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/words/try_text.h"

#define LEAST_NS (3 * NS_PER_SECOND) /* who looks each second may be late on a busy machine */

static void tell(const struct standstills *standstills, const struct events *events)
{
	double seconds = clock_seconds(standstills->last_ns);
	char message[192];

	snprintf(message, sizeof(message), "mssclampd stood still for up to %.1f s, or its control "
		 "thread did: where workers did too, SYNs waited as long, and what found no room "
		 "in a queue has passed", seconds);
	events_emit(events, &(struct event){
		.name = "stood_still",
		.message = message,
		.new = json_pack("{s:f, s:I}", "seconds", seconds, "standstills_total",
				 (json_int_t)standstills->total),
		.priority = LOG_WARNING,
	});
}

void standstills_note(struct standstills *standstills, uint64_t unseen_ns, uint64_t now_ns,
		      const struct events *events)
{
	if (unseen_ns < LEAST_NS)
		return;
	standstills->total++;
	standstills->last_ns = unseen_ns;
	standstills->ended_ns = now_ns;
	tell(standstills, events);
}

json_t *standstills_last_json(const struct standstills *standstills)
{
	const struct try_now now = try_now();
	char ended[TRY_TIME_MAX];

	if (!standstills->total)
		return json_null();
	return json_pack("{s:s, s:f}", "ended",
			 try_text_time(standstills->ended_ns, &now, ended), "seconds",
			 clock_seconds(standstills->last_ns));
}
