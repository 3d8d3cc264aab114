/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/workers/worker.h"

#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/restart/kept.h"
#include "daemon/sandbox/worker_thread.h"
#include "edge/queue/queue.h"

#define STALL_NS (3 * NS_PER_SECOND) /* an idle worker beats once a second */
#define NAP_NS (NS_PER_MS / 10)
#define NAP_MAX_NS (100 * NS_PER_MS)

static void *run_worker(void *userdata)
{
	struct worker *worker = userdata;
	enum queue_state state;

	worker_thread_prepare(worker->queue, worker->filter);
	do {
		state = queue_serve(worker->queue);
		atomic_fetch_add_explicit(&worker->beats, 1, memory_order_relaxed);
	} while (state == QUEUE_BUSY || state == QUEUE_IDLE);
	atomic_store_explicit(&worker->ended, true, memory_order_release);
	return NULL;
}

static int start_thread(struct worker *worker)
{
	int r = -pthread_create(&worker->thread, NULL, run_worker, worker);

	if (r < 0)
		return log_error(r, "queue %u: cannot start its thread",
				 queue_number(worker->queue));
	worker->started = true;
	worker->seen_ns = clock_monotonic_ns();
	return 0;
}

/* A queue that nobody reads must not stay bound, for bypass is better, nor a copy of its socket. */
static void let_go(struct worker *worker)
{
	kept_forget(queue_number(worker->queue));
	queue_close(worker->queue);
	worker->queue = NULL;
	worker->forgotten = true;
}

static int start_or_let_go(struct worker *worker)
{
	int r = start_thread(worker);

	if (r < 0) {
		(void)queue_let_pass(worker->queue);
		let_go(worker);
	}
	return r;
}

/* The queue gets its thread at once: rules of an earlier run may feed it once it is bound. */
static int begin_to_serve(struct worker *worker, bool is_lent)
{
	worker_thread_lock(worker->queue);
	worker->passing = false;
	return is_lent ? start_thread(worker) : start_or_let_go(worker);
}

int worker_adopt(struct worker *worker, const struct queue_config *config, struct kept *kept)
{
	bool is_lent = kept_is_lent(kept) && kept_has_queue(kept, config->number);
	int fd = -1, r = kept_take_queue(kept, config->number, &fd);

	if (r >= 0 && fd >= 0 && queue_adopt(config, fd, &worker->queue) < 0)
		r = kept_give_up(kept, config->number, fd);
	if (r < 0)
		return r;
	worker->forgotten = r > 0;
	return worker->queue ? begin_to_serve(worker, is_lent) : 0;
}

int worker_bind(struct worker *worker, const struct queue_config *config)
{
	int r = queue_open(config, &worker->queue);

	if (r < 0)
		return r;
	kept_store(config->number, queue_descriptor(worker->queue));
	return begin_to_serve(worker, false);
}

bool worker_has_ended(struct worker *worker)
{
	return atomic_load_explicit(&worker->ended, memory_order_acquire);
}

/* However long it took, a nap counts for NAP_MAX_NS: a machine that stood still has no slow
 * workers. */
static bool nap(uint64_t *left_ns)
{
	const struct timespec pause = { .tv_nsec = NAP_NS };
	uint64_t begin_ns = clock_monotonic_ns(), took_ns;

	if (*left_ns == 0)
		return false;
	nanosleep(&pause, NULL);
	took_ns = clock_monotonic_ns() - begin_ns;
	took_ns = took_ns < NAP_MAX_NS ? took_ns : NAP_MAX_NS;
	*left_ns -= took_ns < *left_ns ? took_ns : *left_ns;
	return true;
}

bool worker_join(struct worker *worker, uint64_t *left_ns)
{
	while (!worker_has_ended(worker)) {
		if (!nap(left_ns))
			return false;
	}
	pthread_join(worker->thread, NULL);
	worker->started = false;
	atomic_store_explicit(&worker->ended, false, memory_order_relaxed);
	return true;
}

/* What waits for one that does not end would be dropped with the end of the process. */
bool worker_end(struct worker *worker, uint64_t *left_ns)
{
	if (worker->started && !worker_join(worker, left_ns)) {
		bool passes = queue_let_pass(worker->queue) >= 0;

		log_warning("queue %u: its worker did not end within %llu s; what waits there %s",
			    queue_number(worker->queue),
			    (unsigned long long)WORKER_END_NS / NS_PER_SECOND,
			    passes ? "passes unclamped" : "cannot be let pass");
		return false;
	}
	queue_close(worker->queue);
	worker->queue = NULL;
	return true;
}

/* A socket that failed is of no more use. What waits there passes, if that can still be said to it;
 * then the rules' bypass, and a new queue, take what comes. */
void worker_bury(struct worker *worker)
{
	uint64_t left_ns = 0;

	(void)queue_let_pass(worker->queue);
	if (worker_join(worker, &left_ns))
		let_go(worker);
}

/* Who was to take it may have changed its length, and have read what it has not answered. Where
 * that cannot be put right all that waits passes, or some of it would wait for ever. */
void worker_take_back(struct worker *worker, uint32_t max_packets)
{
	if (queue_go_on(worker->queue) < 0) {
		(void)queue_let_pass(worker->queue);
		(void)queue_resize(worker->queue, max_packets);
	}
	(void)start_or_let_go(worker);
}

/* A thread cannot be replaced while it holds its socket and may come back at any time, but what it
 * does not answer need not wait for it. */
void worker_relieve(struct worker *worker, uint32_t max_packets)
{
	bool stalled = worker->stalled;
	int r;

	if (stalled == worker->passing)
		return;
	r = stalled ? queue_let_pass(worker->queue) : queue_resize(worker->queue, max_packets);
	if (r < 0)
		log_error(r, "queue %u: cannot %s", queue_number(worker->queue),
			  stalled ? "let pass what waits" : "go on clamping");
	else
		log_print(stalled ? LOG_ERR : LOG_NOTICE, "queue %u: its worker %s",
			  queue_number(worker->queue),
			  stalled ? "does not answer; SYNs pass unclamped until it does" :
				    "answers again");
	worker->passing = r < 0 ? worker->passing : stalled;
}

enum worker_state worker_check(struct worker *worker, bool was_blind, uint64_t now_ns)
{
	unsigned long beats = atomic_load_explicit(&worker->beats, memory_order_relaxed);

	if (!worker->started || worker_has_ended(worker))
		return worker->ousted_ns ? WORKER_OUSTED : WORKER_UNBOUND;
	if (beats != worker->seen_beats || (was_blind && !worker->stalled)) {
		worker->seen_beats = beats;
		worker->seen_ns = now_ns;
	}
	worker->stalled = now_ns - worker->seen_ns > STALL_NS;
	return worker->stalled ? WORKER_STALLED : WORKER_OK;
}
