/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker notes of a packet while somebody watches. Pure but for the ring. */
#pragma once

#include <stdbool.h>

#include "edge/queue/queue_answer.h"
#include "policy/capture/tap.h"

/* Of one packet, while it is decided. */
struct queue_seen {
	struct tap_event *event;      /* in the ring; NULL: it has no room */
	bool is_check;                /* a SYN of ours, which nobody wants to see */
	bool payload;                 /* the changed bytes went back */
	struct clamp_outcome outcome;
	struct limit limit;
};

/* Before anything of it may change. */
void queue_seen_begin(struct queue_seen *seen, struct tap_ring *ring,
		      const struct queue_item *item);
/* Behind its verdict, with what the decision has written into seen. */
void queue_seen_end(struct queue_seen *seen, struct tap_ring *ring,
		    const struct snapshot_mode *mode, const struct queue_item *item);
