/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One who watches: what it wants, what it was told. Control thread only. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/capture/capture.h"
#include "daemon/capture/capture_json.h"

/* Where an event stands. */
struct watcher_place {
	size_t tap;     /* whose worker's */
	uint64_t place; /* among the events of its ring */
};

struct watcher {
	struct watcher *next;
	struct capture *capture;
	struct control_stream *stream;
	struct capture_wish wish;     /* its count is what is left */
	uint64_t end_ns;              /* CLOCK_BOOTTIME, CAPTURE_ENDLESS */
	uint64_t matched;             /* SYNs told */
	uint64_t passed_over;         /* SYNs that it would have been told, had there been time */
	uint64_t lost_before;         /* what found no room before it came */
	size_t share;                 /* SYNs it may yet be told in this turn */
	uint64_t unseen_told;         /* as of the last reply */
	json_t *waiting;              /* SYNs for the next reply, owned */
	uint64_t begins[];            /* the first place of each tap that is for it */
};

/* Takes what wish owns unless it returns NULL (out of memory). taps: how many there are. */
struct watcher *watcher_new(struct capture *capture, struct capture_wish *wish, size_t taps);
/* NULL is fine. */
void watcher_free(struct watcher *watcher);

/* What a packet is to it. Where it wants it, it is told with the next reply, on its own share, or
 * else on what is spare, which gets less by it. */
void watcher_offer(struct watcher *watcher, struct capture_view *view,
		   const struct watcher_place *place, size_t *spare);
/* Sends what waits. lost: events that found no room, since somebody watches. */
void watcher_flush(struct watcher *watcher, uint64_t lost);
/* Why it is over, "count" or "time"; NULL: it is not. */
const char *watcher_is_done(const struct watcher *watcher, uint64_t now_ns);

/* Its first reply, owned, and its last one. Both take offloaded. */
json_t *watcher_greeting(const struct watcher *watcher, json_t *offloaded);
void watcher_end(struct watcher *watcher, const char *why, uint64_t lost, json_t *offloaded);
