/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a queue's socket is made, and why it may fail. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "edge/queue.h"

/* What the kernel charges the receive buffer for one queued SYN: the truesize of its message. */
#define QUEUE_BYTES_PER_SYN 832

/* Opens and binds as queue_open promises, logging included. Returns 0, the owned descriptor and the
 * size of the receive buffer, or -errno. */
int queue_setup(const struct queue_config *config, int *ret_fd, uint32_t *ret_receive_buffer);

#define QUEUE_OWNER_MAX 64

/* Who owns the netlink socket with this portid, for people: "process 123 (suricata)", or
 * "netlink portid 123" where /proc does not tell. Returns text. */
const char *queue_owner(uint32_t portid, char text[QUEUE_OWNER_MAX]);
