/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one look at links, routes and peers takes, and how long the next one waits for that. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/discovery/knowledge.h"

struct look_time {
	uint64_t begin_ns, looked_ns; /* CLOCK_BOOTTIME: begun, and all answers were there */
	uint64_t begin_cpu_ns;        /* of this thread */
};

struct look_time look_time_begin(void);

/* Logs, for debugging, what was asked for apart from what was made of it. built: it was news. */
void look_time_say(const struct look_time *time, const struct knowledge *knowledge, size_t peers,
		   bool built);

/* Before when there is no further look, also where this one failed: CLOCK_BOOTTIME. 20 ms from now,
 * or ten times the CPU time that was used, so that a host with a million flapping routes spends a
 * tenth of a core here and no more, and one that is busy with other things waits no longer. */
uint64_t look_time_next(const struct look_time *time);
