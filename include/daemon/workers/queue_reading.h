/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a queue at this moment: its worker's counters and /proc together. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/workers/workers.h"

struct queue_reading {
	uint16_t number;
	bool known;          /* else depth, dropped and fail_open are not */
	uint64_t received;   /* packets that its worker has read */
	uint64_t depth;      /* packets waiting */
	uint64_t depth_peak; /* most packets seen waiting, or taken in one go */
	uint64_t dropped;
	uint64_t fail_open;  /* SYNs that passed unchanged */
	uint64_t errors;     /* verdicts refused, and sends that failed */
};

struct queue_reading queue_reading_take(struct workers *workers, size_t i);
