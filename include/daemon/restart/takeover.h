/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From one mssclampd to the next, so that at each moment at most one of them reads the queues, and
 * none for longer than it takes the new one to begin, whichever of them fails, stops or dies:
 *
 * state    reads    what ends it
 * asked    the old  The old one has no worker at work any more: offered. The new one has died, or
 *                   hung up for want of an answer: the old one goes on behind the next state.
 * offered  nobody   The new one has the sockets and takes the token: begun. It hangs up or dies, or
 *                   5 s have passed, or the old one is told to end, and the old one gets the
 *                   token: it goes on. The old one dies: the new one finds the token. SYNs wait.
 * begun    the new  It serves, and says so: done. It hangs up or dies: the old one goes on. The old
 *                   one dies or is told to end: the new one goes on. While the new one stands
 *                   still, so does all else, as where one that serves does; to kill it helps.
 * done     the new  The old one ends.
 *
 * The token (daemon/restart/token) is taken once: one that was stopped for long finds that it was
 * too late, and touches nothing, whether the old one is still connected or not. The end of the
 * connection tells the old one that the new one does not read any more: it is closed behind the end
 * of its workers, or by the kernel, behind the end of the process. What the new one had read and
 * not answered then is swept as behind a crash (edge/queue/queue_kept). While it waits the old one
 * does nothing else, so that rules and routes have one master as well. */
#pragma once

struct daemon;

/* The new one, in this order. Return 0 or -errno, logged: then the old one goes on. It connects to
 * whoever listens on the control socket, daemon->takeover tells behind it whether anybody does, and
 * where somebody does it looks the groups of clients up, which may take long; */
int takeover_find(struct daemon *daemon);
/* all set to begin, for the old one stops reading then, it asks for the sockets (method Takeover),
 * listens, and takes the token, before it touches a queue, a rule or a route; where the old one has
 * ended without an answer it listens as one that is alone, and daemon->takeover tells; */
int takeover_begin(struct daemon *daemon);
/* and sends the old one away once it serves; without one that does nothing. */
int takeover_end(struct daemon *daemon);

/* A start that has failed: where the old one waits, or has gone on, its sockets, routes and files
 * are left to it, and the workers end without a word to the kernel. Else, for the token is ours and
 * the old one is dead, it is an end like any other. */
void takeover_give_back(struct daemon *daemon);
/* Has the old one go on: nothing of the new one may run any more. */
void takeover_hang_up(struct daemon *daemon);
