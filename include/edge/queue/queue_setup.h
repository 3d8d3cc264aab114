/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a queue's socket is made, why that may fail, and what is said to the kernel over it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "edge/queue/queue.h"

/* What the kernel charges the receive buffer for one queued SYN: the truesize of its message. */
#define QUEUE_BYTES_PER_SYN 832

/* The length of a queue in packets: so much more than its receive buffer holds that the buffer
 * overflows first, whatever is read and not answered yet. Only then an id is used up and the loss
 * can be counted. At most 65536, what the kernel's table of one queue takes. */
uint32_t queue_length(uint32_t max_packets);

/* The length of a queue that is bound, in force when this returns; 0: what comes passes. The
 * acknowledgement with that sequence comes behind all packets that wait. Returns 0 or -errno. */
int queue_send_settings(int fd, uint16_t number, uint32_t sequence, uint32_t max_packets);

/* One verdict for all packets up to and with that id, host order. That there are none is no error.
 * Returns 0 or -errno. */
int queue_send_accept(int fd, uint16_t number, uint32_t last_id);

/* Lets pass all that waits in the queue and all that comes, whether anybody reads it or not: any
 * thread, beside a worker too. queue_resize ends it. Returns 0 or -errno. */
int queue_send_let_pass(int fd, uint16_t number);

/* What a worker needs of its socket whoever opened it: no ENOBUFS, short acknowledgements, a look
 * at the time once a second. Returns 0 or -errno. */
int queue_set_options(int fd);

/* Makes the socket's receive buffer hold max_packets SYNs. Returns 0 and what was granted in bytes,
 * or -errno. */
int queue_set_receive_buffer(int fd, uint32_t max_packets, uint32_t *ret_size);

/* Says so where that is less than was asked for. */
void queue_warn_of_buffer(const struct queue_config *config, uint32_t receive_buffer);

/* Has the kernel load its module of queues, if it has not yet: then its file in /proc is there.
 * Changes no queue. */
void queue_load_module(void);

/* Opens and binds as queue_open promises, logging included. Returns 0, the owned descriptor and the
 * size of the receive buffer, or -errno. */
int queue_setup(const struct queue_config *config, int *ret_fd, uint32_t *ret_receive_buffer);
