/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/capture/tap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define CACHE_LINES 128 /* bytes: two lines, since the processor fetches them in pairs */

struct tap_ring {
	/* Worker's alone. */
	_Alignas(CACHE_LINES) _Atomic uint64_t time_ns; /* when the batch was read: relaxed, see
							 * tap_horizon */
	uint64_t kept;                 /* events written, those of this batch too */
	_Atomic uint64_t head;         /* events that may be read: release here, acquire there */
	_Atomic uint64_t lost;         /* relaxed: a number without an order */
	/* Control thread's. */
	_Alignas(CACHE_LINES) _Atomic uint64_t tail; /* events taken: release here, acquire there */
	struct tap_ring *next;         /* in the list of retired ones */
	uint64_t epoch;                /* of the worker when it was retired */
	struct tap_event events[TAP_RING_EVENTS];
};

struct tap {
	_Alignas(CACHE_LINES) _Atomic(struct tap_ring *) ring; /* control thread writes */
	struct tap_ring *retired;      /* control thread only */
	/* Worker's alone, on lines of its own: odd, it may hold the ring. */
	_Alignas(CACHE_LINES) _Atomic uint64_t epoch;
};

struct tap *tap_new(void)
{
	struct tap *tap = aligned_alloc(CACHE_LINES, sizeof(*tap));

	if (!tap)
		return NULL;
	tap->retired = NULL;
	atomic_init(&tap->ring, NULL);
	atomic_init(&tap->epoch, 0);
	return tap;
}

void tap_free(struct tap *tap)
{
	size_t held;

	if (!tap)
		return;
	tap_close(tap);
	held = tap_reclaim(tap);
	assert(held == 0);
	(void)held;
	free(tap);
}

bool tap_is_watched(const struct tap *tap)
{
	/* Relaxed: a batch more or less before it is seen does not matter; tap_enter looks again
	 * before anything is touched. */
	return atomic_load_explicit(&tap->ring, memory_order_relaxed) != NULL;
}

struct tap_ring *tap_enter(struct tap *tap)
{
	uint64_t epoch = atomic_load_explicit(&tap->epoch, memory_order_relaxed);
	struct tap_ring *ring;

	assert(epoch % 2 == 0);
	/* Sequentially consistent, as the exchange and the load in tap_close are: see slot_enter.
	 * Either the control thread sees this worker inside, or this worker sees no ring. */
	atomic_store_explicit(&tap->epoch, epoch + 1, memory_order_seq_cst);
	ring = atomic_load_explicit(&tap->ring, memory_order_seq_cst);
	if (!ring)
		atomic_store_explicit(&tap->epoch, epoch + 2, memory_order_release);
	return ring;
}

void tap_date(struct tap_ring *ring, uint64_t now_ns)
{
	atomic_store_explicit(&ring->time_ns, now_ns, memory_order_relaxed);
}

static uint64_t date_of(const struct tap_ring *ring)
{
	return atomic_load_explicit(&ring->time_ns, memory_order_relaxed);
}

struct tap_event *tap_reserve(struct tap_ring *ring)
{
	/* Acquire pairs with tap_taken: the control thread has read what stood there. */
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
	struct tap_event *event = &ring->events[ring->kept % TAP_RING_EVENTS];

	if (ring->kept - tail < TAP_RING_EVENTS) {
		event->time_ns = date_of(ring);
		return event;
	}
	atomic_store_explicit(&ring->lost,
			      atomic_load_explicit(&ring->lost, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	return NULL;
}

void tap_keep(struct tap_ring *ring)
{
	ring->kept++;
}

void tap_leave(struct tap *tap, struct tap_ring *ring, uint64_t now_ns)
{
	uint64_t epoch = atomic_load_explicit(&tap->epoch, memory_order_relaxed);
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	uint64_t began_ns = date_of(ring), took_ns = now_ns > began_ns ? now_ns - began_ns : 0;

	assert(epoch % 2 == 1);
	for (uint64_t i = head; i < ring->kept; i++)
		ring->events[i % TAP_RING_EVENTS].took_ns =
			took_ns < UINT32_MAX ? (uint32_t)took_ns : UINT32_MAX;
	/* Release: the events are whole before they may be read. */
	atomic_store_explicit(&ring->head, ring->kept, memory_order_release);
	/* Release: every write to the ring is done before the control thread sees this. */
	atomic_store_explicit(&tap->epoch, epoch + 1, memory_order_release);
}

int tap_open(struct tap *tap)
{
	struct tap_ring *ring;

	if (tap_is_watched(tap))
		return 0;
	ring = aligned_alloc(CACHE_LINES, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->kept = 0;
	atomic_init(&ring->time_ns, 0);
	ring->next = NULL;
	atomic_init(&ring->head, 0);
	atomic_init(&ring->lost, 0);
	atomic_init(&ring->tail, 0);
	/* The store also releases: who reads the pointer sees the whole ring. */
	atomic_store_explicit(&tap->ring, ring, memory_order_seq_cst);
	return 0;
}

void tap_close(struct tap *tap)
{
	struct tap_ring *ring = atomic_exchange_explicit(&tap->ring, NULL, memory_order_seq_cst);

	if (!ring)
		return;
	ring->epoch = atomic_load_explicit(&tap->epoch, memory_order_seq_cst);
	ring->next = tap->retired;
	tap->retired = ring;
}

/* Whether the worker may still write: it was inside when it was retired and has not left since. */
static bool may_be_held(const struct tap *tap, const struct tap_ring *ring)
{
	/* Acquire pairs with the release of tap_leave: the worker's last write is over. */
	return ring->epoch % 2 == 1 &&
	       atomic_load_explicit(&tap->epoch, memory_order_acquire) == ring->epoch;
}

size_t tap_reclaim(struct tap *tap)
{
	struct tap_ring **link = &tap->retired;
	size_t held = 0;

	while (*link) {
		struct tap_ring *ring = *link;

		if (may_be_held(tap, ring)) {
			held++;
			link = &ring->next;
			continue;
		}
		*link = ring->next;
		free(ring);
	}
	return held;
}

/* The control thread reads what it wrote itself. */
static struct tap_ring *own_ring(const struct tap *tap)
{
	return atomic_load_explicit(&tap->ring, memory_order_relaxed);
}

const struct tap_event *tap_next(struct tap *tap)
{
	struct tap_ring *ring = own_ring(tap);
	uint64_t tail;

	if (!ring)
		return NULL;
	tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	/* Acquire pairs with tap_leave: the event is whole. */
	if (tail == atomic_load_explicit(&ring->head, memory_order_acquire))
		return NULL;
	return &ring->events[tail % TAP_RING_EVENTS];
}

void tap_taken(struct tap *tap)
{
	struct tap_ring *ring = own_ring(tap);
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	/* Release: it was read before the worker may write there again. */
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
}

uint64_t tap_taken_count(const struct tap *tap)
{
	const struct tap_ring *ring = own_ring(tap);

	return ring ? atomic_load_explicit(&ring->tail, memory_order_relaxed) : 0;
}

uint64_t tap_kept_count(const struct tap *tap)
{
	const struct tap_ring *ring = own_ring(tap);

	return ring ? atomic_load_explicit(&ring->head, memory_order_acquire) : 0;
}

uint64_t tap_horizon(const struct tap *tap, uint64_t now_ns)
{
	const struct tap_ring *ring = own_ring(tap);
	uint64_t epoch;

	/* Sequentially consistent, as the store in tap_enter is: a worker that is seen outside
	 * reads the clock for its next batch later than now_ns was read. Acquire, too: what it has
	 * left behind can be read. */
	atomic_thread_fence(memory_order_seq_cst);
	epoch = atomic_load_explicit(&tap->epoch, memory_order_seq_cst);
	if (!ring || epoch % 2 == 0)
		return now_ns;
	/* Inside: the date of this batch, or still of the one before, which is older. */
	return date_of(ring) < now_ns ? date_of(ring) : now_ns;
}

uint64_t tap_lost(const struct tap *tap)
{
	const struct tap_ring *ring = own_ring(tap);

	return ring ? atomic_load_explicit(&ring->lost, memory_order_relaxed) : 0;
}
