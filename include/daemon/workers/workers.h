/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workers: one thread, one socket, one queue each. All calls are the control thread's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/capture/tap.h"
#include "policy/counters/counters.h"
#include "policy/snapshot/slot.h"

struct kept;
struct workers;

/* Makes room for `count` workers (1 to SLOT_READERS_MAX) and their counters; starts nothing. Their
 * queues are those from number first on. Returns owned, or NULL (out of memory). */
struct workers *workers_new(uint16_t first, size_t count);

struct filter;

struct workers_config {
	uint32_t max_packets; /* per queue */
	struct slot *slot;    /* borrowed until workers_stop */
	const struct filter *filter; /* of the calls of each thread; the same; NULL: none */
};

/* Binds each queue, or goes on with the socket that was kept for it, and starts its thread (kept is
 * borrowed for the call). On failure, which was logged, what was begun is for workers_stop, or
 * where the sockets were lent for workers_release. Returns 0 or -errno. */
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

/* Another max_packets for every queue, or for none. Returns 0 or -errno, logged. */
int workers_resize(struct workers *workers, uint32_t max_packets);

/* Lets pass what a worker that does not beat leaves waiting, until it does again; those alone that
 * were last heard of silent_ns ago. To be called behind each workers_check. */
void workers_relieve(struct workers *workers, uint64_t silent_ns);
/* The same, and puts a new queue and thread in the place of each that failed. */
void workers_mend(struct workers *workers);

/* Whether every queue's SYNs come to a worker that answers, as of the last workers_check and
 * workers_mend: none passes them for want of one. */
bool workers_serve_all(const struct workers *workers);

size_t workers_count(const struct workers *workers);
struct counters *workers_counters(const struct workers *workers, size_t i);
/* What it tells while somebody watches (daemon/capture). */
struct tap *workers_tap(const struct workers *workers, size_t i);
/* The number of the queue that he has, 0 where he has none. */
uint16_t workers_queue(const struct workers *workers, size_t i);
/* The number that is his, whether he has that queue or not. */
uint16_t workers_number(const struct workers *workers, size_t i);

/* Whether another program was found to have his queue, and still may. */
bool workers_is_taken(const struct workers *workers, size_t i);

enum worker_state {
	WORKER_OK,
	WORKER_OUSTED,  /* another program has its queue: to start anew would change nothing */
	WORKER_STALLED, /* has not come back from its work for 3 s */
	WORKER_UNBOUND, /* its socket failed; nobody answers that queue */
};

/* The longest that nobody had looked before a workers_check, since it was asked last: nanoseconds.
 * A suspended machine does not count, nor does what was before the first. */
uint64_t workers_take_unseen_ns(struct workers *workers);

/* Verdicts the kernel did not understand or permit, all workers together. */
uint64_t workers_refused(const struct workers *workers);

/* SYNs that were found to have passed a queue unclamped; what was found once stays counted while
 * the newest cannot be told apart from what waits. Returns the most that was ever found. */
uint64_t workers_note_fail_open(struct workers *workers, size_t i, uint64_t found);

/* Looks at every worker's beat; call it at least once a second. The worst state of all. */
enum worker_state workers_check(struct workers *workers);
