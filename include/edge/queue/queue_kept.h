/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A queue's socket that outlived its process: kept by systemd over a restart or a crash, or handed
 * over by a living daemon. It still owns its queue, and SYNs wait there. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge/queue/queue.h"
#include "edge/queue/queue_proc.h"

/* Whether the descriptor is of use for that queue here. Returns 0, or -EPROTOTYPE (no netfilter
 * socket), -EXDEV (of another network namespace), -ESTALE (it does not own the queue), or
 * -errno. */
int queue_kept_check(int fd, uint16_t number);

/* For people: why it is of no use. */
const char *queue_kept_obstacle(int r);

struct queue_kept {
	uint32_t receive_buffer; /* bytes */
	uint32_t last_id;        /* the next packet to be read has a later one; host order */
	uint32_t swept;          /* packets read and never answered: they passed as they were */
	bool swept_exact;        /* else there may have been more */
};

/* Puts the configured length in force again and lets pass what the last reader has taken and not
 * answered: its bytes are gone with it. Says how many those were. What has not been read stays and
 * waits for queue_serve. Nobody else may read the socket. Returns 0 or -errno, logged. */
int queue_kept_adopt(int fd, const struct queue_config *config, struct queue_kept *ret_kept);

/* How many packets a verdict up to that id has let pass, by what was known of the queue before and
 * behind it: at least so many, and if *ret_exact no more. */
uint32_t queue_kept_swept(const struct queue_proc *before, const struct queue_proc *after,
			  uint32_t last_id, bool *ret_exact);
