/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One worker: a thread, a socket, a queue. For daemon/workers/workers; all calls are the control
 * thread's. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "daemon/workers/workers.h"

#define WORKER_END_NS (2 * NS_PER_SECOND)

struct queue;
struct queue_config;

struct worker {
	struct queue *queue;       /* NULL: none is bound */
	struct counters *counters; /* written by the worker, read by all */
	struct tap *tap;           /* what the worker tells those who watch */
	const struct filter *filter; /* borrowed; NULL: none */
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
	uint64_t ousted_ns; /* when another program was found to have its queue; 0: none has */
	bool forgotten;     /* systemd was told to close its copy of the socket, and may not have */
};

/* Goes on with the socket that was kept, where there is one of use, and starts the thread. Returns
 * 0, also where there was none: then it has no queue; or -errno, logged. */
int worker_adopt(struct worker *worker, const struct queue_config *config, struct kept *kept);
/* Binds its queue, which has to be free, and starts the thread. Returns 0; or -errno, logged, and
 * no queue. */
int worker_bind(struct worker *worker, const struct queue_config *config);

/* Whether its thread does nothing more: it was asked to end, or its socket failed. */
bool worker_has_ended(struct worker *worker);
/* Waits for its last word, for what is left of a time. Returns whether it has come. */
bool worker_join(struct worker *worker, uint64_t *left_ns);
/* The same, at an end for which all have WORKER_END_NS, and closes the queue. Returns whether
 * nothing of the worker runs any more; else all that waits there was let pass. */
bool worker_end(struct worker *worker, uint64_t *left_ns);
/* One whose socket has failed: what waits there passes, and it has no queue then. */
void worker_bury(struct worker *worker);

/* Starts it anew where it was released, and somebody else may have used its queue. */
void worker_take_back(struct worker *worker, uint32_t max_packets);
/* Lets pass what waits for one that does not beat, or no longer. */
void worker_relieve(struct worker *worker, uint32_t max_packets);

/* was_blind: we did not run ourselves, as where the whole process was stopped. */
enum worker_state worker_check(struct worker *worker, bool was_blind, uint64_t now_ns);
