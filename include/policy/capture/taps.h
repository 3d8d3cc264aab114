/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The taps of all workers as one stream in the order of time. Control thread only.
 *
 * A worker's events can be read once their batch is answered, so one that is still at its batch may
 * have older ones than the others have told already. What is younger than the batch of any of them
 * waits for the next look; but not for ever, where a worker stands still or the clock was set
 * back: then order gives way. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/capture/tap.h"

#define TAPS_WAIT_LOOKS 25 /* that the oldest event of a worker waits for at most: half a second */

struct taps;

/* Borrows the taps of the list for its life. Returns owned, or NULL (out of memory). */
struct taps *taps_new(struct tap *const *list, size_t count);
/* Leaves the taps as they are. NULL is fine. */
void taps_free(struct taps *taps);

/* As tap_open, for all or none. */
int taps_open(struct taps *taps);
void taps_close(struct taps *taps);
/* Rings that are not freed yet. */
size_t taps_reclaim(struct taps *taps);
/* Events that found no room since taps_open. */
uint64_t taps_lost(const struct taps *taps);

/* Begins a look: what is older than each batch that goes on can be taken. now_ns is CLOCK_REALTIME,
 * read before. */
void taps_look(struct taps *taps, uint64_t now_ns);
/* The oldest event of this look, borrowed until taps_taken; NULL: no more. *ret_tap is whose it is,
 * and *ret_place its place there. */
const struct tap_event *taps_next(struct taps *taps, size_t *ret_tap, uint64_t *ret_place);
void taps_taken(struct taps *taps);

size_t taps_count(const struct taps *taps);
/* How many events each could have told by now: the place of the first that is still to come. */
uint64_t taps_kept_count(const struct taps *taps, size_t tap);
