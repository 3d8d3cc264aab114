/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of two processes goes on: each holds the token, and only one can take it. The kernel
 * decides, whoever is late, stopped or dead (eventfd(2)). */
#pragma once

/* Returns an owned descriptor that can be taken once, by whoever holds it or a copy; or -errno. */
int token_new(void);
/* Returns 0: it is ours; -EAGAIN: somebody has it; or -errno: nobody knows, ask again. */
int token_take(int token);
