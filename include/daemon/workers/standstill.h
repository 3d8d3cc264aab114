/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times in which the process, or its control thread, stood still: where the workers did too, new
 * connections have waited as long. Control thread only. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "daemon/events/events.h"

struct standstills {
	uint64_t total;    /* since the start */
	uint64_t last_ns;  /* how long the last one took */
	uint64_t ended_ns; /* when it was over, CLOCK_BOOTTIME */
};

/* Nobody had looked for so long, up to now of CLOCK_BOOTTIME: from 3 s on it is one, and is told as
 * the event stood_still. */
void standstills_note(struct standstills *standstills, uint64_t unseen_ns, uint64_t now_ns,
		      const struct events *events);

/* The last one for GetStatus: {"ended": "2026-11-27T15:42:10Z", "seconds": 5.2}, or null. */
json_t *standstills_last_json(const struct standstills *standstills);
