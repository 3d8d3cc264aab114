/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a prober keeps over a restart: the file of path.state, and what was read from it. Control
 * thread only. */
#pragma once

#include <stdbool.h>

#include "daemon/paths/path_memory.h"
#include "edge/state_writer.h"
#include "policy/probe/probe_plan.h"

struct prober_memory {
	char *file;               /* owned */
	struct path_memory former; /* what the file has: so far ends that are not there are kept */
	struct path_memory_said said;
	struct state_writer writer; /* busy while it is written */
	bool unsaved;             /* what is known is not what was written last */
	bool confirmed;           /* only when it was measured is */
	uint64_t saved_ns;        /* CLOCK_BOOTTIME of the last save */
};

#define PROBER_MEMORY_CONFIRM_SECONDS 3600 /* between two saves of times alone: disks wear */

/* Reads nothing. Returns 0 or -ENOMEM; prober_memory_done is due either way. */
int prober_memory_init(struct prober_memory *memory, const char *file);
void prober_memory_done(struct prober_memory *memory);

/* Another file from now on; it has not been read. Returns 1, 0 where it is the same, or -ENOMEM
 * with nothing changed. */
int prober_memory_move(struct prober_memory *memory, const char *file);
/* Reads the file and tells the plan of it. Logs what went wrong. */
void prober_memory_recall(struct prober_memory *memory, struct probe_plan *plan);
/* Something was measured; changed: it is another MTU than before, or known by another way. */
void prober_memory_note(struct prober_memory *memory, bool changed);
/* Writes what the plan knows and, of far ends that it does not know, what the file has, and waits
 * until that is done; who comes back is known again. Nothing where nothing was measured since; what
 * could not be written stays unsaved. Logs what went wrong. */
void prober_memory_save(struct prober_memory *memory, struct probe_plan *plan);
/* The same for who comes often, and does not wait for the disk: what came of it is seen the next
 * time, and what else is to be written begins with the one behind it. What was only confirmed waits
 * for PROBER_MEMORY_CONFIRM_SECONDS, but for the first time: whether the file can be written shall
 * be known early. Returns whether it is being written. */
bool prober_memory_save_in_time(struct prober_memory *memory, struct probe_plan *plan,
				uint64_t now_ns);
