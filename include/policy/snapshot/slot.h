/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one pointer that crosses between the control thread and the workers.
 *
 * A worker's epoch is odd while it may hold the snapshot and even while it is blocked or between
 * batches. The control thread publishes a new snapshot with one exchange and frees a retired one
 * once every worker was seen even, or at another epoch than when it was retired. It never waits. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/snapshot/snapshot.h"

#define SLOT_READERS_MAX 64

struct slot;

/* readers: 1 to SLOT_READERS_MAX. Returns owned, or NULL (out of memory).
 * Takes first (may be NULL) unless it returns NULL. */
struct slot *slot_new(size_t readers, struct snapshot *first);
/* Frees all snapshots too. No reader may be inside. */
void slot_free(struct slot *slot);

/* Worker `reader` only. The snapshot is borrowed until slot_leave; NULL where none was
 * published. */
const struct snapshot *slot_enter(struct slot *slot, size_t reader);
void slot_leave(struct slot *slot, size_t reader);

/* Control thread only. Takes the snapshot. Returns 0, or -ENOMEM with nothing changed and nothing
 * taken. */
int slot_publish(struct slot *slot, struct snapshot *snapshot);
/* Control thread only. Frees what no worker can hold any more. Returns how many are still
 * retired. */
size_t slot_reclaim(struct slot *slot);
/* Control thread only: what is published now. */
const struct snapshot *slot_current(const struct slot *slot);

/* Control thread only: something that was reckoned from what is published now. Takes kept, instead
 * of what there was; forget frees it, at the next publish. */
void slot_keep(struct slot *slot, void *kept, void (*forget)(void *kept));
/* Borrowed; NULL where nothing was kept since the last publish. */
void *slot_kept(const struct slot *slot);
