/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of a probe_plan, for its parts alone: probe_plan.c, probe_update.c, probe_tell.c. */
#pragma once

#include "policy/probe/probe_path.h"
#include "policy/probe/probe_plan.h"
#include "policy/probe/probe_run.h"

#define PROBE_RUNS_MAX 32    /* at the same time, those that somebody waits for aside */
#define PROBE_ENDED_MAX 64   /* reports that nobody has taken: then no run begins by itself */
#define PROBE_ONCE_MAX 16    /* runs for nobody's endpoint at the same time */

struct probe_plan {
	bool automatic;
	uint64_t interval_ns;
	struct probe_rules rules;
	uint64_t seed;
	struct probe_budget budget;
	struct probe_target_list targets;
	struct probe_path **paths;         /* of the targets, by their index */
	struct probe_queue queues[PROBE_REASONS]; /* every path without a run is in one of them */
	struct probe_run **runs;           /* that go on */
	size_t run_count, run_capacity, turn;
	struct probe_run *ended, **ended_last; /* their reports were not taken */
	size_t ended_count;
	struct probe_run *spent;           /* the caller borrows of its report */
	uint64_t last_number;
	uint64_t seen_ns;                  /* the latest time that was told */
	uint64_t quiet_ns;                 /* from when on budgets of dropped paths are unused */
	struct path_measure *remembered;   /* sorted; tunnel and peer are ours */
	size_t remembered_count;
	struct path_measure *measures;     /* as told last */
	size_t measure_capacity;
	struct probe_totals totals;
};

/* Sets when a path is measured next, by itself. */
void probe_book_schedule(struct probe_plan *plan, struct probe_path *path, uint64_t due_ns,
			 enum probe_reason reason);
/* One interval from now, give or take a tenth. */
void probe_book_schedule_routine(struct probe_plan *plan, struct probe_path *path,
				 uint64_t now_ns);
/* Behind a new hint, or a run: a hint that is worth one has it begin sooner. */
void probe_book_schedule_hint(struct probe_plan *plan, struct probe_path *path, uint64_t now_ns);
/* Behind a path that takes less by now: others to its endpoint that promise more begin sooner. */
void probe_book_schedule_company(struct probe_plan *plan, const struct probe_path *path,
				 uint64_t now_ns);
/* The path that is to be measured now, or NULL and when there may be one: UINT64_MAX as long as
 * others go on. */
struct probe_path *probe_book_next_path(const struct probe_plan *plan, uint64_t now_ns,
					uint64_t *ret_wait_ns);
/* Begins a run. Takes run, which is zeroed but for what its maker has set. */
void probe_book_start(struct probe_plan *plan, struct probe_run *run, uint64_t now_ns);
int probe_book_reserve_run(struct probe_plan *plan);
/* The run ends here without a report. */
void probe_book_drop_run(struct probe_plan *plan, struct probe_run *run);
/* Frees a run, with its own target and path where it has them. */
void probe_book_free_run(struct probe_run *run);
/* Of the path: drops what it has, also reports, and frees it. */
void probe_book_drop_path(struct probe_plan *plan, struct probe_path *path);
struct probe_path *probe_book_find(const struct probe_plan *plan, const char *tunnel,
				   const char *peer, const struct address *endpoint);
