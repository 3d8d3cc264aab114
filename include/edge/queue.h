/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One NFQUEUE: a socket, its bound queue, and the loop of one worker
 * (receive, decide, answer). Reasons and measurements: doc/design.md, "The queue". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge/queue_proc.h"
#include "policy/counters.h"
#include "policy/slot.h"

struct queue_config {
	uint16_t number;
	uint32_t max_packets;  /* packets the receive buffer is sized for */
	bool fail_open;        /* the kernel accepts what finds no room */
	struct slot *slot;     /* borrowed for the queue's life */
	size_t reader;         /* this worker's place in the slot */
	struct counters *counters; /* borrowed; written by this worker alone */
};

struct queue;

/* Opens the socket and binds the queue with one configuration message. Logs what went wrong, with
 * the reason told apart: no CAP_NET_ADMIN, the queue is owned by another process (which), the
 * kernel lacks NFQUEUE (which module). Returns 0 and the owned queue, or -errno (-EPERM, -EBUSY,
 * -EPROTONOSUPPORT). */
int queue_open(const struct queue_config *config, struct queue **ret_queue);
/* Closing drops in the kernel what was not answered: drain before. */
void queue_close(struct queue *queue);

uint16_t queue_number(const struct queue *queue);

/* Control thread: another max_packets for a queue that is served. Returns 0 or -errno. */
int queue_resize(struct queue *queue, uint32_t max_packets);

enum queue_state {
	QUEUE_IDLE,    /* a second passed without a packet */
	QUEUE_BUSY,    /* a batch was answered */
	QUEUE_EMPTY,   /* nothing was waiting (only after queue_request_drain) */
	QUEUE_FAILED,  /* the socket is of no more use */
};

/* Worker: waits for packets (at most a second), answers one batch. */
enum queue_state queue_serve(struct queue *queue);

/* Control thread: tells the kernel to let new packets pass (length 0, fail-open) and wakes the
 * worker; from then on queue_serve never waits. Returns 0 or -errno. */
int queue_request_drain(struct queue *queue);
