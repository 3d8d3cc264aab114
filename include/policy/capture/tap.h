/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker saw, told to whoever watches: a ring of events from one worker to the control
 * thread, there only while somebody watches. The worker never waits: what finds no room is
 * counted, and gone.
 *
 * The ring is published as snapshots are (policy/snapshot/slot): an epoch of its own, odd while the
 * worker may write into it. A ring that was taken away is freed once the worker was seen even, or
 * at another epoch than then. Without a ring the worker does one relaxed load a batch. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clamp.h"
#include "core/packet.h"
#include "policy/snapshot/snapshot.h"

#define TAP_BYTES 256       /* of a packet that are kept: all headers of any usual SYN */
#define TAP_RING_EVENTS 2048 /* a power of two: 1.2 MiB a worker, 100,000 SYNs a second at 20 ms */

/* One packet as it came and as it went. */
struct tap_event {
	uint64_t time_ns;      /* CLOCK_REALTIME when its batch was read */
	uint32_t took_ns;      /* from then until its verdict was with the kernel */
	uint32_t in_ifindex, out_ifindex, mark;
	enum family family;    /* FAMILY_COUNT: neither */
	struct clamp_outcome outcome;
	struct limit limit;    /* zeroed where none was looked up */
	bool is_syn;
	uint16_t tcp_at;       /* where its TCP header begins; 0: it is no SYN, or not known */
	bool audit;            /* the outcome is what would have been done */
	bool changed;          /* after is another packet than before */
	uint32_t before_len, after_len; /* of the packets; their first TAP_BYTES are here */
	uint8_t before[TAP_BYTES];
	uint8_t after[TAP_BYTES];       /* means something only where changed */
};

struct tap;
struct tap_ring;

/* Returns owned, or NULL (out of memory). */
struct tap *tap_new(void);
/* Frees the rings too. The worker must not be inside. NULL is fine. */
void tap_free(struct tap *tap);

/* Worker only. Whether somebody may watch: one relaxed load. */
bool tap_is_watched(const struct tap *tap);
/* A batch was read. The ring is borrowed until tap_leave; NULL where nobody watches any more: then
 * there is nothing to leave. */
struct tap_ring *tap_enter(struct tap *tap);
/* When that was: now_ns (CLOCK_REALTIME) is read behind tap_enter, see tap_horizon. */
void tap_date(struct tap_ring *ring, uint64_t now_ns);
/* Room for the next event, to be filled and then kept; NULL where there is none, which counts. */
struct tap_event *tap_reserve(struct tap_ring *ring);
void tap_keep(struct tap_ring *ring);
/* The verdicts of the batch are with the kernel: what was kept can be read from now on. */
void tap_leave(struct tap *tap, struct tap_ring *ring, uint64_t now_ns);

/* Control thread only. Gives the worker a ring. Returns 0, or -ENOMEM; fine where it has one. */
int tap_open(struct tap *tap);
/* Takes it away; the events in it are gone. Fine where there is none. */
void tap_close(struct tap *tap);
/* Frees rings that the worker cannot hold any more. Returns how many are left to be freed. */
size_t tap_reclaim(struct tap *tap);
/* The oldest event that was not taken yet, borrowed until tap_taken; NULL: none. */
const struct tap_event *tap_next(struct tap *tap);
void tap_taken(struct tap *tap);
/* Events taken from this ring so far, and those that could be by now: their places, counted from
 * its opening. 0 without a ring. */
uint64_t tap_taken_count(const struct tap *tap);
uint64_t tap_kept_count(const struct tap *tap);
/* Each event that this worker dates before what is returned can be read by now: it is now_ns, read
 * before this call, where the worker is outside, else at most the time of its batch. */
uint64_t tap_horizon(const struct tap *tap, uint64_t now_ns);
/* Events that found no room since the ring was opened; 0 without a ring. */
uint64_t tap_lost(const struct tap *tap);
