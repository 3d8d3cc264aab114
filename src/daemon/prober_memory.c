/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/prober_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

int prober_memory_init(struct prober_memory *memory, const char *file)
{
	*memory = (struct prober_memory){ .file = strdup(file), .saved_ns = clock_boottime_ns() };
	return memory->file ? 0 : -ENOMEM;
}

void prober_memory_done(struct prober_memory *memory)
{
	path_memory_done(&memory->former);
	free(memory->file);
	*memory = (struct prober_memory){ 0 };
}

int prober_memory_move(struct prober_memory *memory, const char *file)
{
	char *copy;

	if (strcmp(memory->file, file) == 0)
		return 0;
	copy = strdup(file);
	if (!copy)
		return -ENOMEM;
	free(memory->file);
	memory->file = copy;
	memory->unsaved = true;
	return 1;
}

void prober_memory_recall(struct prober_memory *memory, struct probe_plan *plan)
{
	const struct path_memory_clock now = path_memory_now();

	path_memory_done(&memory->former);
	path_memory_load(memory->file, &now, &memory->former);
	if (probe_plan_remember(plan, memory->former.list, memory->former.count,
				clock_boottime_ns()) < 0)
		log_error(-ENOMEM, "%s: what was measured before is not used", memory->file);
}

/* Appends the former ones that are not among the first count; returns how many there are then. */
static size_t add_former(const struct path_memory *former, struct path_measure *all, size_t count)
{
	size_t end = count;

	for (size_t i = 0; i < former->count; i++) {
		const struct path_measure *one = &former->list[i];

		if (!path_measure_find(all, count, one->tunnel, one->peer, &one->endpoint))
			all[end++] = *one;
	}
	return end;
}

static int save(struct prober_memory *memory, struct probe_plan *plan)
{
	const struct path_memory_clock now = path_memory_now();
	const struct path_measure *measures;
	struct path_measure *all;
	size_t count;
	int r;

	measures = probe_plan_measures(plan, &count);
	all = measures ? calloc(count + memory->former.count + 1, sizeof(*all)) : NULL;
	if (!all)
		return log_error(-ENOMEM, "%s: what is measured of paths is not kept yet",
				 memory->file);
	if (count > 0)
		memcpy(all, measures, count * sizeof(*all));
	count = add_former(&memory->former, all, count);
	r = path_memory_save(memory->file, all, count, &now, &memory->said);
	free(all);
	if (r == 0)
		prober_memory_recall(memory, plan);
	return r;
}

void prober_memory_note(struct prober_memory *memory, bool changed)
{
	memory->unsaved |= changed;
	memory->confirmed = true;
}

void prober_memory_save(struct prober_memory *memory, struct probe_plan *plan)
{
	if (!memory->unsaved && !memory->confirmed)
		return;
	memory->unsaved = save(memory, plan) < 0;
	memory->confirmed = false;
	memory->saved_ns = clock_boottime_ns();
}

void prober_memory_save_in_time(struct prober_memory *memory, struct probe_plan *plan,
				uint64_t now_ns)
{
	if (memory->unsaved ||
	    now_ns - memory->saved_ns >= PROBER_MEMORY_CONFIRM_SECONDS * NS_PER_SECOND)
		prober_memory_save(memory, plan);
}
