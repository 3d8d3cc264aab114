/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One NFQUEUE: a socket, its bound queue, and the loop of one worker
 * (receive, decide, answer). Reasons and measurements: doc/design.md, "The queue". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge/queue/queue_proc.h"
#include "policy/capture/tap.h"
#include "policy/counters/counters.h"
#include "policy/snapshot/slot.h"

struct queue_config {
	uint16_t number;
	uint32_t max_packets;  /* packets the receive buffer is sized for */
	struct slot *slot;     /* borrowed for the queue's life */
	size_t reader;         /* this worker's place in the slot */
	struct counters *counters; /* borrowed; written by this worker alone */
	struct tap *tap;       /* borrowed; who watches. NULL: nobody ever does */
};

struct queue;

/* Whether nobody owns that queue, as far as /proc tells. Returns 0, or -EBUSY, logged with the
 * process that does, which only who may look at it can name. */
int queue_check_free(uint16_t number);

/* Opens the socket and binds the queue with one configuration message. Logs what went wrong, with
 * the reason told apart: no CAP_NET_ADMIN, the queue is owned by another process (which), the
 * kernel lacks NFQUEUE (which module). Returns 0 and the owned queue, or -errno (-EPERM, -EBUSY,
 * -EPROTONOSUPPORT). */
int queue_open(const struct queue_config *config, struct queue **ret_queue);
/* The same with a socket that owns the queue already (queue_kept_check), of which this is the only
 * reader now. Takes fd on success. Returns 0 or -errno, logged. */
int queue_adopt(const struct queue_config *config, int fd, struct queue **ret_queue);
/* Control thread: another process has read the socket meanwhile, and does so no more; no worker may
 * be at work. As queue_kept_adopt. Returns 0 or -errno, logged. */
int queue_go_on(struct queue *queue);
/* Closing drops in the kernel what was not answered: drain before. */
void queue_close(struct queue *queue);

/* Has all memory that the worker writes to present, and keeps it so where the limit allows. Returns
 * 0, or -errno where it is present and not kept. */
int queue_lock_memory(struct queue *queue);

uint16_t queue_number(const struct queue *queue);
int queue_descriptor(const struct queue *queue);

/* Control thread: another max_packets for a queue that is served. Returns 0 or -errno. */
int queue_resize(struct queue *queue, uint32_t max_packets);

enum queue_state {
	QUEUE_IDLE,    /* a second passed without a packet */
	QUEUE_BUSY,    /* a batch was answered */
	QUEUE_EMPTY,   /* all was answered that was to be (only after queue_request_*) */
	QUEUE_FAILED,  /* the socket is of no more use */
};

/* Worker: waits for packets (at most a second), answers one batch. */
enum queue_state queue_serve(struct queue *queue);

/* Control thread: tells the kernel to let new packets pass (length 0, fail-open) and wakes the
 * worker; from then on queue_serve never waits. Returns 0 or -errno. */
int queue_request_drain(struct queue *queue);

/* Control thread: wakes the worker, which answers what it has read and returns QUEUE_EMPTY; what
 * waits and what comes is for whoever reads next. Returns 0 or -errno: ask again. */
int queue_request_release(struct queue *queue);
/* Takes either request back; the worker may have ended already. */
void queue_keep(struct queue *queue);

/* Control thread, for a worker that does not come back from its work: lets pass what waits and what
 * comes, until queue_resize. Returns 0 or -errno. */
int queue_let_pass(struct queue *queue);
