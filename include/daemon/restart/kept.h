/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that this daemon did not open: the listening one of the control socket, and those of
 * queues that an earlier process served. systemd keeps the latter over a restart and over a crash
 * (sd_pid_notify_with_fds(3), FDSTORE), a living daemon hands both over (daemon/restart/takeover).
 * Control thread only, but for kept_let_pass. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kept;

/* Takes what systemd passed (sd_listen_fds(3)): a listening Unix socket by what it is, sockets of
 * queues by their names. Closes all else and says so. Returns owned, or NULL (out of memory). */
struct kept *kept_receive(void);
/* An empty one for kept_add. lent: a living daemon has these sockets, too, and goes on with them
 * where we do not: none of them is touched but to take it, and none is done without. */
struct kept *kept_new(bool lent);
/* Takes fd: the socket of that queue, or, with KEPT_LISTENING, the listening one. Returns 0 or
 * -ENOMEM, then fd is closed. */
#define KEPT_LISTENING (-1)
int kept_add(struct kept *kept, int number, int fd);

/* Whether an earlier process has served any queue. */
bool kept_has_queues(const struct kept *kept);
/* Whether there is a socket for that queue. */
bool kept_has_queue(const struct kept *kept, uint16_t number);

/* Whether each socket of a queue is of use here: of this network namespace, and its owner. Returns
 * 0, or -errno, logged with what to do: for who was lent them, before he takes any. */
int kept_check(const struct kept *kept);

/* Lets pass what waits in all queues, and what comes, until they are taken. */
void kept_let_pass(const struct kept *kept);

/* Gives the listening socket away, or -1. */
int kept_take_listening(struct kept *kept);
/* Gives the socket of that queue away where there is one that still owns it, or -1. Returns 0, or
 * as kept_give_up where there is one of no use. */
int kept_take_queue(struct kept *kept, uint16_t number, int *ret_fd);
/* One that was taken and is of no use after all; takes fd. What may wait there is let pass, it is
 * closed, with systemd too, and 1 returned: the queue can be bound anew behind kept_wait_forgotten.
 * One that was lent goes back to the others: -EBUSY, logged, and the queue stays the other
 * daemon's. */
int kept_give_up(struct kept *kept, uint16_t number, int fd);
bool kept_is_lent(const struct kept *kept);
/* Closes the sockets of queues and touches nothing: who sent them goes on with them. */
void kept_give_back(struct kept *kept);
/* Lets all that waits in the queues that are left pass, and closes their sockets. Says so, with
 * why: "is not configured any more". Frees. NULL is fine. */
void kept_free(struct kept *kept, const char *why);

/* Asks systemd to keep the queue's socket, instead of any that it keeps by that name. Without
 * systemd nothing happens. */
void kept_store(uint16_t number, int fd);
/* Has systemd close its copy of the queue's socket, and does not wait for it. Without systemd
 * nothing happens. */
void kept_forget(uint16_t number);
/* Waits until systemd has closed its copies of what it was to forget of these queues: before that
 * nobody can bind them anew. For all together 2.5 s at most, behind which binding tells. Returns 0,
 * or -ECANCELED (base/patience). Without systemd nothing happens. */
int kept_wait_forgotten(const uint16_t *numbers, size_t count);
