/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/kept.h"
#include "edge/queue.h"

#define STALL_NS (3 * NS_PER_SECOND) /* an idle worker beats once a second */
#define STOP_NS (2 * NS_PER_SECOND)

struct worker {
	struct queue *queue;
	struct counters *counters; /* written by the worker, read by all */
	pthread_t thread;
	bool started;
	atomic_ulong beats;        /* relaxed: only that it moves is of interest */
	atomic_bool ended;         /* release at the end, acquire by the control thread */
	/* control thread only */
	unsigned long seen_beats;
	uint64_t seen_ns;
	uint64_t fail_open; /* the most that was ever found */
	bool stalled;       /* as last looked at: it does not beat */
	bool passing;       /* its queue lets all pass, for that */
};

struct workers {
	struct workers_config config; /* as started */
	size_t count;
	struct worker list[];
};

struct workers *workers_new(size_t count)
{
	struct workers *workers = calloc(1, sizeof(*workers) + count * sizeof(workers->list[0]));

	if (!workers)
		return NULL;
	workers->count = count;
	for (size_t i = 0; i < count; i++) {
		workers->list[i].counters = counters_new();
		if (!workers->list[i].counters) {
			workers_free(workers);
			return NULL;
		}
	}
	return workers;
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	for (size_t i = 0; i < workers->count; i++) {
		queue_close(workers->list[i].queue);
		counters_free(workers->list[i].counters);
	}
	free(workers);
}

static void *run_worker(void *userdata)
{
	struct worker *worker = userdata;
	enum queue_state state;

	do {
		state = queue_serve(worker->queue);
		atomic_fetch_add_explicit(&worker->beats, 1, memory_order_relaxed);
	} while (state == QUEUE_BUSY || state == QUEUE_IDLE);
	atomic_store_explicit(&worker->ended, true, memory_order_release);
	return NULL;
}

static int start_thread(struct worker *worker)
{
	char name[16]; /* what pthread_setname_np takes */
	int r;

	r = -pthread_create(&worker->thread, NULL, run_worker, worker);
	if (r < 0)
		return log_error(r, "queue %u: cannot start its thread",
				 queue_number(worker->queue));
	worker->started = true;
	worker->seen_ns = clock_monotonic_ns();
	snprintf(name, sizeof(name), "queue-%u", queue_number(worker->queue));
	pthread_setname_np(worker->thread, name);
	return 0;
}

/* Goes on with a socket that was kept (fd, taken), or binds anew (-1). One that turns out to be of
 * no use is closed: then the queue is free. */
static int open_queue(struct worker *worker, const struct queue_config *config, int fd)
{
	uint32_t swept;
	int r;

	if (fd >= 0 && queue_adopt(config, fd, &worker->queue, &swept) == 0) {
		if (swept > 0)
			log_notice("queue %u: %u SYNs that the process before had read and not "
				   "answered pass unclamped", config->number, swept);
		return 0;
	}
	if (fd >= 0)
		close(fd);
	r = queue_open(config, &worker->queue);
	if (r == 0)
		kept_store(config->number, queue_descriptor(worker->queue));
	return r;
}

/* fd: as open_queue. */
static int start_worker(struct workers *workers, size_t i, int fd)
{
	struct worker *worker = &workers->list[i];
	const struct queue_config queue = {
		.number = (uint16_t)(workers->config.first + i),
		.max_packets = workers->config.max_packets,
		.fail_open = true,
		.slot = workers->config.slot,
		.reader = i,
		.counters = worker->counters,
	};
	int r;

	r = open_queue(worker, &queue, fd);
	if (r < 0)
		return r;
	r = start_thread(worker);
	if (r < 0) { /* a queue that nobody reads must not stay bound: bypass is better */
		queue_close(worker->queue);
		worker->queue = NULL;
	}
	return r;
}

/* Each queue gets its thread at once: rules of an earlier run may feed it once it is bound. */
int workers_start(struct workers *workers, const struct workers_config *config, struct kept *kept)
{
	int r = 0;

	workers->config = *config;
	for (size_t i = 0; i < workers->count && r == 0; i++)
		r = start_worker(workers, i, kept_take_queue(kept, (uint16_t)(config->first + i)));
	if (r < 0)
		workers_stop(workers);
	return r;
}

/* Whether its thread does nothing more: it was asked to end, or its socket failed. */
static bool has_ended(struct worker *worker)
{
	return atomic_load_explicit(&worker->ended, memory_order_acquire);
}

/* Waits for the worker's last word, by a clock that nobody sets. */
static bool join_worker(struct worker *worker)
{
	const struct timespec pause = { .tv_nsec = NS_PER_MS / 10 };
	uint64_t deadline_ns = clock_monotonic_ns() + STOP_NS;

	while (!has_ended(worker)) {
		if (clock_monotonic_ns() > deadline_ns) {
			log_warning("queue %u: its worker did not end within %llu s",
				    queue_number(worker->queue),
				    (unsigned long long)STOP_NS / NS_PER_SECOND);
			return false;
		}
		nanosleep(&pause, NULL);
	}
	pthread_join(worker->thread, NULL);
	worker->started = false;
	atomic_store_explicit(&worker->ended, false, memory_order_relaxed);
	return true;
}

/* Returns whether nothing of the worker runs any more. */
static bool end_worker(struct worker *worker)
{
	if (worker->started && !join_worker(worker))
		return false;
	queue_close(worker->queue);
	worker->queue = NULL;
	return true;
}

bool workers_stop(struct workers *workers)
{
	bool ended = true;
	int r;

	for (size_t i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->list[i];

		if (!worker->started)
			continue;
		r = queue_request_drain(worker->queue);
		if (r < 0)
			log_error(r, "queue %u: cannot let waiting packets pass",
				  queue_number(worker->queue));
	}
	for (size_t i = 0; i < workers->count; i++)
		ended &= end_worker(&workers->list[i]);
	return ended;
}

/* One that ends only now, for it has seen the request, is found by workers_check. */
void workers_take_back(struct workers *workers)
{
	for (size_t i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->list[i];

		if (!worker->queue)
			continue;
		queue_keep(worker->queue);
		if (!worker->started)
			start_thread(worker);
	}
}

int workers_release(struct workers *workers)
{
	bool ended = true;

	for (size_t i = 0; i < workers->count; i++) {
		if (workers->list[i].started)
			queue_request_release(workers->list[i].queue);
	}
	for (size_t i = 0; i < workers->count; i++) {
		if (workers->list[i].started)
			ended &= join_worker(&workers->list[i]);
	}
	if (ended)
		return 0;
	workers_take_back(workers);
	return -ETIME;
}

int workers_descriptor(const struct workers *workers, size_t i)
{
	return workers->list[i].queue ? queue_descriptor(workers->list[i].queue) : -1;
}

int workers_resize(struct workers *workers, uint32_t max_packets)
{
	int r = 0;

	if (max_packets == workers->config.max_packets)
		return 0;
	for (size_t i = 0; i < workers->count && r == 0; i++) {
		if (workers->list[i].queue && !workers->list[i].passing)
			r = queue_resize(workers->list[i].queue, max_packets);
	}
	if (r < 0)
		return log_error(r, "queues: cannot make room for %u packets", max_packets);
	workers->config.max_packets = max_packets;
	return 0;
}

/* A socket that failed is of no more use. Closing it loses what waits there, and lets the rules'
 * bypass, then a new queue, take what comes. */
static void revive(struct workers *workers, size_t i)
{
	struct worker *worker = &workers->list[i];

	if (!end_worker(worker))
		return;
	worker->passing = false;
	if (start_worker(workers, i, -1) == 0)
		log_notice("queue %zu: its worker was replaced", workers->config.first + i);
}

/* A thread cannot be replaced while it holds its socket and may come back at any time, but what it
 * does not answer need not wait for it. */
static void relieve(struct workers *workers, size_t i)
{
	struct worker *worker = &workers->list[i];
	bool stalled = worker->stalled;
	int r;

	if (stalled == worker->passing)
		return;
	r = stalled ? queue_let_pass(worker->queue) :
		      queue_resize(worker->queue, workers->config.max_packets);
	if (r < 0)
		log_error(r, "queue %zu: cannot %s", workers->config.first + i,
			  stalled ? "let pass what waits" : "go on clamping");
	else
		log_print(stalled ? LOG_ERR : LOG_NOTICE, "queue %zu: its worker %s",
			  workers->config.first + i,
			  stalled ? "does not answer; SYNs pass unclamped until it does" :
				    "answers again");
	worker->passing = r < 0 ? worker->passing : stalled;
}

void workers_mend(struct workers *workers)
{
	for (size_t i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->list[i];

		if (!worker->queue && start_worker(workers, i, -1) == 0)
			log_notice("queue %zu: its worker is back", workers->config.first + i);
		else if (has_ended(worker))
			revive(workers, i);
		else if (worker->queue)
			relieve(workers, i);
	}
}

size_t workers_count(const struct workers *workers)
{
	return workers->count;
}

struct counters *workers_counters(const struct workers *workers, size_t i)
{
	return workers->list[i].counters;
}

uint16_t workers_queue(const struct workers *workers, size_t i)
{
	return workers->list[i].queue ? queue_number(workers->list[i].queue) : 0;
}

static enum worker_state check_worker(struct worker *worker, uint64_t now_ns)
{
	unsigned long beats = atomic_load_explicit(&worker->beats, memory_order_relaxed);

	if (!worker->started || has_ended(worker))
		return WORKER_UNBOUND;
	if (beats != worker->seen_beats) {
		worker->seen_beats = beats;
		worker->seen_ns = now_ns;
	}
	worker->stalled = now_ns - worker->seen_ns > STALL_NS;
	return worker->stalled ? WORKER_STALLED : WORKER_OK;
}

enum worker_state workers_check(struct workers *workers)
{
	enum worker_state worst = WORKER_OK, state;
	uint64_t now_ns = clock_monotonic_ns(); /* a suspended machine has no slow workers */

	for (size_t i = 0; i < workers->count; i++) {
		state = check_worker(&workers->list[i], now_ns);
		if (state > worst)
			worst = state;
	}
	return worst;
}

const char *worker_state_text(enum worker_state state)
{
	static const char *const texts[] = {
		[WORKER_OK] = "every worker answers its queue",
		[WORKER_STALLED] = "a worker has not answered its queue for 3 s",
		[WORKER_UNBOUND] = "a queue has lost its worker; it is being replaced",
	};

	return texts[state];
}

uint64_t workers_refused(const struct workers *workers)
{
	uint64_t refused = 0;

	for (size_t i = 0; i < workers->count; i++)
		refused += counter_read(&workers->list[i].counters->verdicts_refused);
	return refused;
}

uint64_t workers_note_fail_open(struct workers *workers, size_t i, uint64_t found)
{
	struct worker *worker = &workers->list[i];

	if (found > worker->fail_open)
		worker->fail_open = found;
	return worker->fail_open;
}
