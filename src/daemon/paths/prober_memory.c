/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/paths/prober_memory.h"

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
	int error;

	state_writer_end(&memory->writer, true, &error);
	path_memory_done(&memory->former);
	free(memory->file);
	*memory = (struct prober_memory){ 0 };
}

int prober_memory_move(struct prober_memory *memory, const char *file)
{
	char *copy;
	int error;

	if (strcmp(memory->file, file) == 0)
		return 0;
	copy = strdup(file);
	if (!copy)
		return -ENOMEM;
	if (state_writer_end(&memory->writer, true, &error))
		path_memory_say(memory->file, error, &memory->said);
	free(memory->file);
	memory->file = copy;
	memory->said.since_ns = 0; /* of the new one nothing is known */
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

/* The text of all that is to be kept: owned, or NULL (no memory). */
static char *format(const struct prober_memory *memory, struct probe_plan *plan, size_t *ret_len)
{
	const struct path_memory_clock now = path_memory_now();
	const struct path_measure *measures;
	struct path_measure *all;
	size_t count;
	char *text;

	measures = probe_plan_measures(plan, &count);
	all = measures ? calloc(count + memory->former.count + 1, sizeof(*all)) : NULL;
	if (!all)
		return NULL;
	if (count > 0)
		memcpy(all, measures, count * sizeof(*all));
	count = add_former(&memory->former, all, count);
	text = path_memory_format(all, count, &now, ret_len);
	free(all);
	return text;
}

/* What came of a save. */
static void conclude(struct prober_memory *memory, struct probe_plan *plan, int error)
{
	path_memory_say(memory->file, error, &memory->said);
	if (error < 0)
		memory->unsaved = true;
	else
		prober_memory_recall(memory, plan);
}

/* Returns whether one has ended. */
static bool end(struct prober_memory *memory, struct probe_plan *plan, bool wait)
{
	int error;

	if (!state_writer_end(&memory->writer, wait, &error))
		return false;
	conclude(memory, plan, error);
	return true;
}

static void begin(struct prober_memory *memory, struct probe_plan *plan)
{
	size_t len;
	char *text = format(memory, plan, &len);
	int r = text ? state_writer_begin(&memory->writer, memory->file, text, len) : -ENOMEM;

	memory->unsaved = false;
	memory->confirmed = false;
	memory->saved_ns = clock_boottime_ns();
	if (r < 0)
		conclude(memory, plan, r);
}

void prober_memory_note(struct prober_memory *memory, bool changed)
{
	memory->unsaved |= changed;
	memory->confirmed = true;
}

void prober_memory_save(struct prober_memory *memory, struct probe_plan *plan)
{
	end(memory, plan, true);
	if (!memory->unsaved && !memory->confirmed)
		return;
	begin(memory, plan);
	end(memory, plan, true);
}

bool prober_memory_save_in_time(struct prober_memory *memory, struct probe_plan *plan,
				uint64_t now_ns)
{
	bool due = !memory->said.since_ns ||
		   now_ns - memory->saved_ns >= PROBER_MEMORY_CONFIRM_SECONDS * NS_PER_SECOND;

	if (!end(memory, plan, false) && !memory->writer.busy &&
	    (memory->unsaved || (memory->confirmed && due)))
		begin(memory, plan);
	return memory->writer.busy;
}
