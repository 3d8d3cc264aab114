/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A start that takes long while SYNs wait for it in queues that were kept. Whatever it waits for, a
 * service that knows groups or a log that nobody reads, may itself need a connection through this
 * host: behind a second all that waits and comes passes, until the queues have their workers. */
#pragma once

struct kept;
struct overdue;

/* Begins to watch, by a thread of its own. Borrows kept until overdue_end: its queues may not be
 * touched before. Returns owned, or NULL: nothing is kept, or nobody can watch, which is logged. */
struct overdue *overdue_begin(const struct kept *kept);

/* Ends it before the first worker begins, and says what it had to do. Frees; NULL is fine. */
void overdue_end(struct overdue *overdue);
