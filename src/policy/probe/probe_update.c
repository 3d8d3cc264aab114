/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who there is to be measured: targets that come, change and go, and what a former process knew. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/probe/probe_book.h"

static int compare_key(const struct probe_target *a, const struct probe_target *b)
{
	int order = strcmp(a->tunnel, b->tunnel);

	if (order == 0)
		order = strcmp(a->peer, b->peer);
	return order ? order : address_compare(&a->way.destination, &b->way.destination);
}

static int compare_targets(const void *a, const void *b)
{
	return compare_key(a, b);
}

static bool is_sorted(const struct probe_target_list *targets)
{
	for (size_t i = 1; i < targets->count; i++)
		if (compare_key(&targets->list[i - 1], &targets->list[i]) > 0)
			return false;
	return true;
}

/* A former measure is in force at once. */
static void recall(const struct probe_plan *plan, struct probe_path *path)
{
	const struct probe_target *target = path->target;
	const struct path_measure *measure =
		path_measure_find(plan->remembered, plan->remembered_count, target->tunnel,
				  target->peer, &target->way.destination);

	if (!measure || path->mtu || path->lapsed)
		return;
	path->mtu = measure->mtu;
	path->how = (uint8_t)measure->how;
	path->at_ns = measure->at_ns;
}

static void forget_measures(struct path_measure *measures, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free((char *)measures[i].tunnel);
		free((char *)measures[i].peer);
	}
	free(measures);
}

/* Where one is remembered twice the first counts. */
static int copy_measures(const struct path_measure *from, size_t count, struct path_measure *to)
{
	for (size_t i = 0; i < count; i++) {
		to[i] = from[i];
		to[i].tunnel = strdup(from[i].tunnel);
		to[i].peer = strdup(from[i].peer);
		if (!to[i].tunnel || !to[i].peer)
			return -ENOMEM;
	}
	qsort(to, count, sizeof(*to), path_measure_compare);
	return 0;
}

/* At once, and where the way or the endpoint changes all the time, now and then. */
static void schedule_moved(struct probe_plan *plan, struct probe_path *path, uint64_t now_ns)
{
	uint64_t due_ns = path->moved_ns ? path->moved_ns + PROBE_MOVE_HOLD_NS : 0;

	if (due_ns <= now_ns) {
		due_ns = now_ns;
		path->moved_ns = now_ns;
	}
	probe_book_schedule(plan, path, due_ns, REASON_TOLD);
}

/* Unmeasured ones come first, unless they have moved just now; what is only remembered is looked at
 * within a tenth of the time that a measure holds. */
static void schedule_new(struct probe_plan *plan, struct probe_path *path, uint64_t now_ns)
{
	if (path->mtu)
		probe_book_schedule(plan, path,
				    now_ns + probe_random_below(&plan->seed,
								plan->interval_ns / 10),
				    REASON_ROUTINE);
	else if (path->moved_ns)
		schedule_moved(plan, path, now_ns);
	else
		probe_book_schedule(plan, path, now_ns, REASON_NEW);
}

int probe_plan_remember(struct probe_plan *plan, const struct path_measure *measures, size_t count,
			uint64_t now_ns)
{
	struct path_measure *copy = calloc(count ? count : 1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	if (copy_measures(measures, count, copy) < 0) {
		forget_measures(copy, count);
		return -ENOMEM;
	}
	forget_measures(plan->remembered, plan->remembered_count);
	plan->remembered = copy;
	plan->remembered_count = count;
	for (size_t i = 0; i < plan->targets.count; i++) {
		struct probe_path *path = plan->paths[i];

		if (path->mtu)
			continue;
		recall(plan, path);
		if (path->mtu && !path->run)
			schedule_new(plan, path, now_ns);
	}
	return 0;
}

/* A run whose ground has changed begins anew, under its number. */
static void restart(struct probe_plan *plan, struct probe_run *run, uint64_t now_ns)
{
	struct probe_run fresh = {
		.path = run->path, .manual = run->manual, .options = run->options,
		.window = run->window, .number = run->number, .sent = run->sent,
	};

	memcpy(fresh.ring, run->ring, sizeof(fresh.ring));
	for (int side = 0; side < PROBE_SIDES; side++)
		fresh.axis[side].pmtu.serial = run->axis[side].pmtu.serial;
	*run = fresh;
	probe_run_begin(run, &plan->rules, &plan->seed, now_ns);
}

/* What goes on has lost its ground. Somebody who waits has it begun anew; else a new run comes. */
static void move(struct probe_plan *plan, struct probe_path *path, uint64_t now_ns)
{
	if (path->run && path->run->manual) {
		restart(plan, path->run, now_ns);
		return;
	}
	if (path->run)
		probe_book_drop_run(plan, path->run);
	schedule_moved(plan, path, now_ns);
}

/* The target of a path is told anew. */
static void retarget(struct probe_plan *plan, struct probe_path *path,
		     const struct probe_target *target, uint64_t now_ns)
{
	const struct probe_target *old = path->target;
	bool way = probe_target_same_way(old, target);
	bool inside = probe_target_same_inside(old, target);

	path->target = target;
	if (path->run)
		path->run->axis[PROBE_INSIDE].pmtu.config.userdata = target;
	if (!way)
		path->unconfirmed = path->mtu != 0;
	if (!inside)
		path->via[PROBE_INSIDE] = 0;
	if (!way || (path->run && !inside))
		move(plan, path, now_ns);
	if (path->hint != target->hint) {
		path->hint = target->hint;
		path->hint_judged = path->hint_contradicted = false;
	}
	if (!path->run)
		probe_book_schedule_hint(plan, path, now_ns);
}

/* The path of each target among those of before, where there is one: both are sorted. */
static void match(const struct probe_plan *plan, const struct probe_target_list *targets,
		  struct probe_path **paths)
{
	size_t i = 0, j = 0;

	while (i < targets->count && j < plan->targets.count) {
		int order = compare_key(&targets->list[i], &plan->targets.list[j]);

		if (order == 0)
			paths[i] = plan->paths[j++];
		if (order <= 0)
			i++;
		else
			j++;
	}
}

/* Makes what is missing; on an error nothing is changed but paths. */
static int make_paths(struct probe_plan *plan, const struct probe_target_list *targets,
		      struct probe_path **paths, bool *fresh)
{
	for (size_t i = 0; i < targets->count; i++) {
		if (paths[i])
			continue;
		paths[i] = calloc(1, sizeof(**paths));
		if (!paths[i])
			return -ENOMEM;
		fresh[i] = true;
		paths[i]->target = &targets->list[i];
	}
	for (int reason = 0; reason < PROBE_REASONS; reason++)
		if (probe_queue_reserve(&plan->queues[reason], targets->count) < 0)
			return -ENOMEM;
	return 0;
}

/* Those without a target end without a word. */
static void drop_others(struct probe_plan *plan, const struct probe_target_list *targets)
{
	size_t i = 0;

	for (size_t j = 0; j < plan->targets.count; j++) {
		int order = 1;

		while (i < targets->count &&
		       (order = compare_key(&targets->list[i], &plan->targets.list[j])) < 0)
			i++;
		if (i == targets->count || order != 0)
			probe_book_drop_path(plan, plan->paths[j]);
		else
			i++;
	}
}

/* Who moves to another endpoint does not become another for it: what he may ask for goes on. */
static void inherit(const struct probe_plan *plan, struct probe_path *path)
{
	const struct probe_path *old =
		probe_book_find(plan, path->target->tunnel, path->target->peer, NULL);

	if (!old)
		return;
	path->moved_ns = old->moved_ns ? old->moved_ns : 1;
	path->hint_run_ns = old->hint_run_ns;
	path->hints_wrong = old->hints_wrong;
}

/* Returns whether something is remembered of a new one. */
static bool take_over(struct probe_plan *plan, struct probe_target_list *targets,
		      struct probe_path **paths, const bool *fresh, uint64_t now_ns)
{
	struct probe_target_list old = plan->targets;
	bool recalled = false;

	for (size_t i = 0; i < targets->count; i++)
		if (fresh[i])
			inherit(plan, paths[i]);
	drop_others(plan, targets);
	for (size_t i = 0; i < targets->count; i++) {
		struct probe_path *path = paths[i];

		if (!fresh[i]) {
			retarget(plan, path, &targets->list[i], now_ns);
			continue;
		}
		path->hint = path->target->hint;
		path->quiet_ns = plan->quiet_ns; /* it may be one of them that is back */
		recall(plan, path);
		recalled |= path->mtu != 0;
		schedule_new(plan, path, now_ns);
		probe_book_schedule_hint(plan, path, now_ns);
	}
	free(plan->paths);
	plan->paths = paths;
	plan->targets = *targets;
	*targets = (struct probe_target_list){ 0 };
	probe_target_list_done(&old);
	return recalled;
}

int probe_plan_update(struct probe_plan *plan, struct probe_target_list *targets, uint64_t now_ns)
{
	size_t count = targets->count;
	struct probe_path **paths = calloc(count + 1, sizeof(struct probe_path *));
	bool *fresh = calloc(count + 1, sizeof(*fresh));
	int r = -ENOMEM;

	if (!is_sorted(targets))
		qsort(targets->list, count, sizeof(*targets->list), compare_targets);
	if (paths && fresh) {
		match(plan, targets, paths);
		r = make_paths(plan, targets, paths, fresh);
	}
	if (r < 0) {
		for (size_t i = 0; paths && fresh && i < count; i++)
			if (fresh[i])
				free(paths[i]);
		free(paths);
		probe_target_list_done(targets);
	} else {
		r = take_over(plan, targets, paths, fresh, now_ns);
	}
	free(fresh);
	return r;
}

void probe_plan_free(struct probe_plan *plan)
{
	if (!plan)
		return;
	while (plan->run_count)
		probe_book_drop_run(plan, plan->runs[0]);
	while (plan->ended) {
		struct probe_run *run = plan->ended;

		plan->ended = run->next;
		probe_book_free_run(run);
	}
	if (plan->spent)
		probe_book_free_run(plan->spent);
	for (size_t i = 0; i < plan->targets.count; i++)
		free(plan->paths[i]);
	free(plan->paths);
	for (int reason = 0; reason < PROBE_REASONS; reason++)
		free(plan->queues[reason].list);
	free(plan->runs);
	forget_measures(plan->remembered, plan->remembered_count);
	free(plan->measures);
	probe_target_list_done(&plan->targets);
	free(plan);
}
