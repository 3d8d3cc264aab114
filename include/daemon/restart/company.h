/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else is at work in this network namespace. To be asked while other processes may be looked
 * at. */
#pragma once

struct daemon;

/* Whether another mssclampd serves it. Returns 0, or -EBUSY, logged. */
int company_refuse(const struct daemon *daemon);

/* Where the one that served this namespace has ended just now: returns once nobody has one of our
 * queues, or after 2 s. Whose the other queues are nobody can tell behind the sandbox, and it does
 * not matter: it would not have served beside another mssclampd with rules. */
void company_wait_gone(const struct daemon *daemon);

/* Whether somebody has one of our queues, besides those whose sockets were kept for us. Returns 0,
 * or -EBUSY, logged with who it is. */
int company_refuse_owned(const struct daemon *daemon);
