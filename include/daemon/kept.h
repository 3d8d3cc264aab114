/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that this daemon did not open: the listening one of the control socket, and those of
 * queues that an earlier process served. systemd keeps the latter over a restart and over a crash
 * (sd_pid_notify_with_fds(3), FDSTORE), a living daemon hands both over (daemon/takeover). Control
 * thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct kept;

/* Takes what systemd passed (sd_listen_fds(3)): a listening Unix socket by what it is, sockets of
 * queues by their names. Closes all else and says so. Returns owned, or NULL (out of memory). */
struct kept *kept_receive(void);
/* An empty one for kept_add. */
struct kept *kept_new(void);
/* Takes fd: the socket of that queue, or, with KEPT_LISTENING, the listening one. Returns 0 or
 * -ENOMEM, then fd is closed. */
#define KEPT_LISTENING (-1)
int kept_add(struct kept *kept, int number, int fd);

/* Whether an earlier process has served any queue. */
bool kept_has_queues(const struct kept *kept);

/* Gives the listening socket away, or -1. */
int kept_take_listening(struct kept *kept);
/* Gives the socket of that queue away where there is one that still owns it, or -1. One that is of
 * no use is closed, and the log says why. */
int kept_take_queue(struct kept *kept, uint16_t number);
/* Lets all that waits in the queues that are left pass, and closes their sockets: the
 * configuration does not want them any more. Says so. Frees. NULL is fine. */
void kept_free(struct kept *kept);

/* Asks systemd to keep the queue's socket, instead of any that it keeps by that name. Without
 * systemd nothing happens. */
void kept_store(uint16_t number, int fd);
