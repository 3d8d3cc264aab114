/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/workers/workers.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/restart/kept.h"
#include "daemon/workers/worker.h"
#include "edge/queue/queue.h"

#define OUSTED_NS (10 * NS_PER_SECOND)
#define BLIND_NS (2 * NS_PER_SECOND) /* between two looks, which are due each second */
/* They answer no more than a batch each; who waits for a second sends its SYN again. */
#define RELEASE_NS (800 * NS_PER_MS)

struct workers {
	struct workers_config config; /* as started */
	uint64_t checked_ns;          /* when workers_check was called last */
	uint64_t unseen_ns;           /* the longest that it had not been called before */
	uint16_t first;               /* number of the first queue */
	size_t count;
	struct worker list[];
};

struct workers *workers_new(uint16_t first, size_t count)
{
	struct workers *workers = calloc(1, sizeof(*workers) + count * sizeof(workers->list[0]));

	if (!workers)
		return NULL;
	workers->first = first;
	workers->count = count;
	for (size_t i = 0; i < count; i++) {
		workers->list[i].counters = counters_new();
		workers->list[i].tap = tap_new();
		if (!workers->list[i].counters || !workers->list[i].tap) {
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
		tap_free(workers->list[i].tap);
		counters_free(workers->list[i].counters);
	}
	free(workers);
}

static struct queue_config configure(const struct workers *workers, size_t i)
{
	return (struct queue_config){
		.number = workers_number(workers, i),
		.max_packets = workers->config.max_packets,
		.slot = workers->config.slot,
		.reader = i,
		.counters = workers->list[i].counters,
		.tap = workers->list[i].tap,
	};
}

static int bind_anew(struct workers *workers, size_t i)
{
	const struct queue_config queue = configure(workers, i);
	struct worker *worker = &workers->list[i];
	int r = worker_bind(worker, &queue);

	worker->ousted_ns = r == -EBUSY ? clock_monotonic_ns() : 0;
	return r;
}

/* Until each queue that is to be bound anew can be. Returns 0 or -ECANCELED. */
static int wait_forgotten(struct workers *workers)
{
	uint16_t numbers[SLOT_READERS_MAX];
	size_t count = 0;
	int r;

	for (size_t i = 0; i < workers->count; i++) {
		if (!workers->list[i].queue && workers->list[i].forgotten)
			numbers[count++] = workers_number(workers, i);
	}
	r = count ? kept_wait_forgotten(numbers, count) : 0;
	for (size_t i = 0; i < workers->count && r == 0; i++)
		workers->list[i].forgotten = false;
	return r;
}

/* What is kept first, so that systemd has heard of all that it is to close before it is waited
 * for. */
int workers_start(struct workers *workers, const struct workers_config *config, struct kept *kept)
{
	int r = 0;

	workers->config = *config;
	for (size_t i = 0; i < workers->count && r == 0; i++) {
		const struct queue_config queue = configure(workers, i);

		workers->list[i].filter = config->filter;
		r = worker_adopt(&workers->list[i], &queue, kept);
	}
	if (r == 0)
		r = wait_forgotten(workers);
	for (size_t i = 0; i < workers->count && r == 0; i++) {
		if (!workers->list[i].queue)
			r = bind_anew(workers, i);
	}
	return r;
}

bool workers_stop(struct workers *workers)
{
	uint64_t left_ns = WORKER_END_NS;
	bool ended = true;

	for (size_t i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->list[i];
		int r = worker->started ? queue_request_drain(worker->queue) : 0;

		if (r < 0)
			log_error(r, "queue %u: cannot let waiting packets pass",
				  queue_number(worker->queue));
	}
	for (size_t i = 0; i < workers->count; i++)
		ended &= worker_end(&workers->list[i], &left_ns);
	return ended;
}

/* workers_check finds one that ends only now; one that stalls is relieved anew by workers_mend. */
void workers_take_back(struct workers *workers)
{
	uint64_t left_ns = 0;

	for (size_t i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->list[i];

		if (!worker->queue)
			continue;
		queue_keep(worker->queue);
		if (worker->started)
			(void)worker_join(worker, &left_ns); /* that nobody has waited for */
		worker->passing = worker->passing && !worker->started;
		if (!worker->started)
			worker_take_back(worker, workers->config.max_packets);
	}
}

static bool join_all(struct workers *workers)
{
	uint64_t left_ns = RELEASE_NS;

	for (size_t i = 0; i < workers->count; i++) {
		if (workers->list[i].started && !worker_join(&workers->list[i], &left_ns)) {
			log_warning("queue %u: its worker did not end within %llu ms",
				    queue_number(workers->list[i].queue),
				    (unsigned long long)RELEASE_NS / NS_PER_MS);
			return false;
		}
	}
	return true;
}

/* One that is known to stall is not waited for. */
int workers_release(struct workers *workers)
{
	for (size_t i = 0; i < workers->count; i++) {
		if (workers->list[i].started && workers->list[i].stalled)
			return -ETIME;
	}
	for (size_t i = 0; i < workers->count; i++) {
		if (workers->list[i].started)
			queue_request_release(workers->list[i].queue);
	}
	if (join_all(workers))
		return 0;
	workers_take_back(workers);
	return -ETIME;
}

int workers_descriptor(const struct workers *workers, size_t i)
{
	return workers->list[i].queue ? queue_descriptor(workers->list[i].queue) : -1;
}

/* Stops at the first that cannot. */
static int resize_all(struct workers *workers, uint32_t max_packets)
{
	int r = 0;

	for (size_t i = 0; i < workers->count && r == 0; i++) {
		if (workers->list[i].queue && !workers->list[i].passing)
			r = queue_resize(workers->list[i].queue, max_packets);
	}
	return r;
}

int workers_resize(struct workers *workers, uint32_t max_packets)
{
	int r;

	if (max_packets == workers->config.max_packets)
		return 0;
	r = resize_all(workers, max_packets);
	if (r < 0) {
		(void)resize_all(workers, workers->config.max_packets);
		return log_error(r, "queues: cannot make room for %u packets", max_packets);
	}
	workers->config.max_packets = max_packets;
	return 0;
}

void workers_relieve(struct workers *workers, uint64_t silent_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (size_t i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->list[i];

		if (worker->queue && !worker_has_ended(worker) &&
		    now_ns - worker->seen_ns >= silent_ns)
			worker_relieve(worker, workers->config.max_packets);
	}
}

/* Whether it has no queue and one is to be asked for: each time, and seldom where another program
 * has it, which is said each time. */
static bool is_due(const struct worker *worker)
{
	return !worker->queue && (worker->ousted_ns == 0 ||
				  clock_monotonic_ns() - worker->ousted_ns >= OUSTED_NS);
}

void workers_mend(struct workers *workers)
{
	for (size_t i = 0; i < workers->count; i++) {
		if (worker_has_ended(&workers->list[i]))
			worker_bury(&workers->list[i]);
	}
	workers_relieve(workers, 0);
	if (wait_forgotten(workers) < 0)
		return;
	for (size_t i = 0; i < workers->count; i++) {
		if (is_due(&workers->list[i]) && bind_anew(workers, i) == 0)
			log_notice("queue %u: its worker is back", workers_number(workers, i));
	}
}

bool workers_serve_all(const struct workers *workers)
{
	for (size_t i = 0; i < workers->count; i++)
		if (!workers->list[i].queue || workers->list[i].stalled || workers->list[i].passing)
			return false;
	return true;
}

size_t workers_count(const struct workers *workers)
{
	return workers->count;
}

struct counters *workers_counters(const struct workers *workers, size_t i)
{
	return workers->list[i].counters;
}

struct tap *workers_tap(const struct workers *workers, size_t i)
{
	return workers->list[i].tap;
}

uint16_t workers_number(const struct workers *workers, size_t i)
{
	return (uint16_t)(workers->first + i);
}

uint16_t workers_queue(const struct workers *workers, size_t i)
{
	return workers->list[i].queue ? queue_number(workers->list[i].queue) : 0;
}

enum worker_state workers_check(struct workers *workers)
{
	enum worker_state worst = WORKER_OK, state;
	uint64_t now_ns = clock_monotonic_ns(); /* a suspended machine has no slow workers */
	uint64_t unseen_ns = workers->checked_ns ? now_ns - workers->checked_ns : 0;
	bool was_blind = now_ns - workers->checked_ns > BLIND_NS;

	if (unseen_ns > workers->unseen_ns)
		workers->unseen_ns = unseen_ns;
	workers->checked_ns = now_ns;
	for (size_t i = 0; i < workers->count; i++) {
		state = worker_check(&workers->list[i], was_blind, now_ns);
		if (state > worst)
			worst = state;
	}
	return worst;
}

bool workers_is_taken(const struct workers *workers, size_t i)
{
	return !workers->list[i].queue && workers->list[i].ousted_ns != 0;
}

uint64_t workers_take_unseen_ns(struct workers *workers)
{
	uint64_t unseen_ns = workers->unseen_ns;

	workers->unseen_ns = 0;
	return unseen_ns;
}

uint64_t workers_note_fail_open(struct workers *workers, size_t i, uint64_t found)
{
	struct worker *worker = &workers->list[i];

	if (found > worker->fail_open)
		worker->fail_open = found;
	return worker->fail_open;
}
