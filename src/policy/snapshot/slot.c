/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot/slot.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define CACHE_LINES 128 /* bytes: two lines, since the processor fetches them in pairs */

/* Written by its worker alone, on lines of its own. */
struct reader {
	_Alignas(CACHE_LINES) _Atomic uint64_t epoch; /* odd: may hold a snapshot */
};

/* A snapshot that is no longer published. Control thread only. */
struct retired {
	struct retired *next;
	struct snapshot *snapshot;
	uint64_t epoch[]; /* of each reader when it was retired */
};

struct slot {
	_Alignas(CACHE_LINES) _Atomic(struct snapshot *) current; /* control thread writes */
	struct retired *retired; /* control thread only */
	size_t readers;
	void *kept;              /* control thread only */
	void (*forget)(void *kept);
	struct reader reader[];
};

struct slot *slot_new(size_t readers, struct snapshot *first)
{
	size_t size = sizeof(struct slot) + readers * sizeof(struct reader);
	struct slot *slot;

	assert(readers >= 1 && readers <= SLOT_READERS_MAX);
	slot = aligned_alloc(CACHE_LINES, size);
	if (!slot)
		return NULL;
	slot->retired = NULL;
	slot->readers = readers;
	slot->kept = NULL;
	atomic_init(&slot->current, first);
	for (size_t i = 0; i < readers; i++)
		atomic_init(&slot->reader[i].epoch, 0);
	return slot;
}

void slot_free(struct slot *slot)
{
	size_t held;

	if (!slot)
		return;
	slot_keep(slot, NULL, NULL);
	held = slot_reclaim(slot);
	assert(held == 0);
	(void)held;
	snapshot_free(atomic_load_explicit(&slot->current, memory_order_relaxed));
	free(slot);
}

const struct snapshot *slot_enter(struct slot *slot, size_t reader)
{
	_Atomic uint64_t *epoch = &slot->reader[reader].epoch;
	uint64_t now = atomic_load_explicit(epoch, memory_order_relaxed);

	assert(now % 2 == 0);
	/* Sequentially consistent, as the exchange and the loads in slot_publish are: the epoch
	 * must be seen odd before current is read. Either the control thread sees this worker
	 * inside, or this worker sees the new snapshot; acquire and release would let both miss
	 * each other. */
	atomic_store_explicit(epoch, now + 1, memory_order_seq_cst);
	return atomic_load_explicit(&slot->current, memory_order_seq_cst);
}

void slot_leave(struct slot *slot, size_t reader)
{
	_Atomic uint64_t *epoch = &slot->reader[reader].epoch;
	uint64_t now = atomic_load_explicit(epoch, memory_order_relaxed);

	assert(now % 2 == 1);
	/* Release: every read of the snapshot is done before the control thread sees this. */
	atomic_store_explicit(epoch, now + 1, memory_order_release);
}

int slot_publish(struct slot *slot, struct snapshot *snapshot)
{
	struct retired *retired;

	retired = malloc(sizeof(*retired) + slot->readers * sizeof(retired->epoch[0]));
	if (!retired)
		return -ENOMEM;
	/* The exchange also releases: who reads the pointer sees the whole snapshot. */
	retired->snapshot =
		atomic_exchange_explicit(&slot->current, snapshot, memory_order_seq_cst);
	assert(!snapshot || retired->snapshot != snapshot);
	for (size_t i = 0; i < slot->readers; i++)
		retired->epoch[i] =
			atomic_load_explicit(&slot->reader[i].epoch, memory_order_seq_cst);
	retired->next = slot->retired;
	slot->retired = retired;
	slot_keep(slot, NULL, NULL);
	return 0;
}

/* Whether a reader may still hold it: it was inside when it was retired and has not left since. */
static bool may_be_held(struct slot *slot, const struct retired *retired)
{
	for (size_t i = 0; i < slot->readers; i++) {
		if (retired->epoch[i] % 2 == 0)
			continue;
		/* Acquire pairs with the release of slot_leave: the reader's last look is over. */
		if (atomic_load_explicit(&slot->reader[i].epoch, memory_order_acquire) ==
		    retired->epoch[i])
			return true;
	}
	return false;
}

size_t slot_reclaim(struct slot *slot)
{
	struct retired **link = &slot->retired;
	size_t held = 0;

	while (*link) {
		struct retired *retired = *link;

		if (may_be_held(slot, retired)) {
			held++;
			link = &retired->next;
			continue;
		}
		*link = retired->next;
		snapshot_free(retired->snapshot);
		free(retired);
	}
	return held;
}

const struct snapshot *slot_current(const struct slot *slot)
{
	/* Relaxed: the control thread reads what it wrote itself. */
	return atomic_load_explicit(&slot->current, memory_order_relaxed);
}

void slot_keep(struct slot *slot, void *kept, void (*forget)(void *kept))
{
	if (slot->kept)
		slot->forget(slot->kept);
	slot->kept = kept;
	slot->forget = forget;
}

void *slot_kept(const struct slot *slot)
{
	return slot->kept;
}
