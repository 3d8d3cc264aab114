/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a prober keeps over a restart: the file of path.state, and what was read from it. Control
 * thread only. */
#pragma once

#include <stdbool.h>

#include "daemon/path_memory.h"
#include "policy/probe_plan.h"

struct prober_memory {
	char *file;               /* owned */
	struct path_memory former; /* as it was read: far ends that have not come back are kept */
	struct path_memory_said said;
	bool unsaved;             /* something was measured since the last save; the owner's */
};

/* Reads nothing. Returns 0 or -ENOMEM; prober_memory_done is due either way. */
int prober_memory_init(struct prober_memory *memory, const char *file);
void prober_memory_done(struct prober_memory *memory);

/* Another file from now on; it has not been read. Returns 1, 0 where it is the same, or -ENOMEM
 * with nothing changed. */
int prober_memory_move(struct prober_memory *memory, const char *file);
/* Reads the file and tells the plan of it. Logs what went wrong. */
void prober_memory_recall(struct prober_memory *memory, struct probe_plan *plan);
/* Writes what the plan knows and, of far ends that it does not know, what was read. Nothing where
 * nothing is unsaved; what could not be written stays unsaved. Logs what went wrong. */
void prober_memory_save(struct prober_memory *memory, struct probe_plan *plan);
