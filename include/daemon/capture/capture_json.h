/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet that a worker saw, as filters ask about it and as it is told. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "daemon/discovery/tunnels.h"
#include "policy/capture/capture_filter.h"
#include "policy/capture/tap.h"
#include "policy/snapshot/snapshot.h"

/* An event with what the snapshot in force knows of its flow. */
struct capture_view {
	const struct tap_event *event; /* borrowed */
	const struct snapshot *snapshot;
	struct capture_facts facts;
	bool looked_up;                /* sides and facts.peers are filled */
	struct side_limit sides[SIDE_COUNT]; /* of a SYN */
	struct limit limit;
};

/* Borrows all as long as the view lives. */
void capture_view_init(struct capture_view *view, const struct tap_event *event,
		       const struct snapshot *snapshot, const struct tunnels *tunnels);
/* Finds peers and what decides, once. */
void capture_view_look_up(struct capture_view *view);
/* Whether the snapshot in force still says what the worker was told: else nobody knows any more why
 * it was told that. */
bool capture_view_holds(struct capture_view *view);
/* The peer behind the side that decided, borrowed from the snapshot; NULL: none, or not known. */
const struct peer *capture_view_peer(struct capture_view *view);

/* CapturedSyn of the interface description; with the bytes of the packets where packets. Owned, or
 * NULL (out of memory). */
json_t *capture_json(struct capture_view *view, bool packets);
