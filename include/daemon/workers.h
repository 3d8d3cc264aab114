/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workers: one thread, one socket, one queue each. All calls are the control thread's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/counters.h"
#include "policy/slot.h"

struct kept;
struct workers;

/* Makes room for `count` workers (1 to SLOT_READERS_MAX) and their counters; starts nothing.
 * Returns owned, or NULL (out of memory). */
struct workers *workers_new(size_t count);

struct workers_config {
	uint16_t first;       /* number of the first queue */
	uint32_t max_packets; /* per queue */
	struct slot *slot;    /* borrowed until workers_stop */
};

/* Binds each queue, or goes on with the socket that was kept for it (kept is borrowed for the call;
 * what is taken from it is not given back), and starts its thread. On failure everything bound is
 * drained and let go again, and what went wrong was logged. Returns 0 or -errno. */
int workers_start(struct workers *workers, const struct workers_config *config,
		  struct kept *kept);

/* Ends the threads without letting a SYN pass: what comes waits in the queues for whoever reads
 * their sockets next. Returns 0, or -ETIME with all threads at work again. */
int workers_release(struct workers *workers);
/* Undoes it, where nobody else reads. */
void workers_take_back(struct workers *workers);
/* The socket of a queue, borrowed. */
int workers_descriptor(const struct workers *workers, size_t i);

/* Lets new SYNs pass, answers those that wait, ends the threads. No SYN is lost. Returns false
 * where a thread did not end in time: then nothing that it uses may be freed. */
bool workers_stop(struct workers *workers);
void workers_free(struct workers *workers);

/* Another max_packets for every queue. Returns 0 or -errno, logged. */
int workers_resize(struct workers *workers, uint32_t max_packets);

/* Puts a new queue and thread in the place of each that failed, and lets pass what a worker that
 * does not beat leaves waiting until it does again. To be called behind each workers_check. */
void workers_mend(struct workers *workers);

size_t workers_count(const struct workers *workers);
struct counters *workers_counters(const struct workers *workers, size_t i);
uint16_t workers_queue(const struct workers *workers, size_t i);

enum worker_state {
	WORKER_OK,
	WORKER_STALLED, /* has not come back from its work for 3 s */
	WORKER_UNBOUND, /* its socket failed; nobody answers that queue */
};

/* For people: "a worker has not answered its queue for 3 s". */
const char *worker_state_text(enum worker_state state);

/* Verdicts the kernel did not understand or permit, all workers together. */
uint64_t workers_refused(const struct workers *workers);

/* SYNs that were found to have passed a queue unclamped; what was found once stays counted while
 * the newest cannot be told apart from what waits. Returns the most that was ever found. */
uint64_t workers_note_fail_open(struct workers *workers, size_t i, uint64_t found);

/* Looks at every worker's beat; call it at least once a second. The worst state of all. */
enum worker_state workers_check(struct workers *workers);
