/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mssclampd that runs, as the one that takes over from it sees it: the client's side of method
 * Takeover. What happens when stands in daemon/restart/takeover.h. */
#pragma once

#include <stdbool.h>

struct kept;
struct predecessor;

/* What goes over beside the reply: a socket of each queue, the listening one, the token. */
#define PREDECESSOR_DESCRIPTORS_MAX 66

/* Connects to whoever listens at path. Returns 0 and the owned predecessor, or NULL where nobody is
 * there, which is said; or -errno, logged. */
int predecessor_find(const char *path, struct predecessor **ret_predecessor);

/* Asks it, and puts what comes into kept (borrowed): from now on it waits. Returns 0, -ECONNRESET
 * where it has ended without an answer, or -errno, logged: it still serves. */
int predecessor_ask(struct predecessor *predecessor, struct kept *kept);

/* Takes the token: from now on the queues are ours to read. Returns 0 or -errno, logged: the other
 * one has gone on. */
int predecessor_relieve(struct predecessor *predecessor);

/* Tells it that this one serves, so that it ends. Returns 0, also where it has ended, or -errno,
 * logged: it still waits. */
int predecessor_dismiss(struct predecessor *predecessor);

/* Whether it goes on where we end, or has done so: false only where the token is ours, which is
 * tried once more, and it is gone. */
bool predecessor_goes_on(struct predecessor *predecessor);

/* Hangs up: where it waits it goes on, so nothing of ours may read a queue any more. NULL is
 * fine. */
void predecessor_free(struct predecessor *predecessor);
