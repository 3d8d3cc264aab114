/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan is asked for by people: runs of their own, reports, measures. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/search.h"
#include "policy/probe/probe_book.h"

void probe_book_free_run(struct probe_run *run)
{
	if (run->own) {
		probe_target_done(run->own);
		free(run->own);
		free(run->path);
	}
	free(run);
}

/* Takes the reports about it off the list. */
static void drop_reports(struct probe_plan *plan, const struct probe_path *path)
{
	struct probe_run **place = &plan->ended;

	while (*place) {
		struct probe_run *run = *place;

		if (run->path != path) {
			place = &run->next;
			continue;
		}
		*place = run->next;
		plan->ended_count--;
		probe_book_free_run(run);
	}
	plan->ended_last = place;
}

void probe_book_drop_path(struct probe_plan *plan, struct probe_path *path)
{
	if (path->run)
		probe_book_drop_run(plan, path->run);
	drop_reports(plan, path);
	if (plan->quiet_ns < path->quiet_ns)
		plan->quiet_ns = path->quiet_ns;
	if (path->place)
		probe_queue_remove(&plan->queues[path->reason], path);
	free(path);
}

static int compare_key(const struct probe_target *target, const char *tunnel, const char *peer)
{
	int order = strcmp(target->tunnel, tunnel);

	return order != 0 ? order : strcmp(target->peer, peer);
}

struct probe_path *probe_book_find(const struct probe_plan *plan, const char *tunnel,
				   const char *peer, const struct address *endpoint)
{
	size_t low;

	SEARCH_FIRST(low, plan->targets.count, i,
		     compare_key(&plan->targets.list[i], tunnel, peer) < 0);
	for (; low < plan->targets.count; low++) {
		const struct probe_target *target = &plan->targets.list[low];

		if (compare_key(target, tunnel, peer) != 0)
			break;
		if (!endpoint || address_equal(&target->way.destination, endpoint))
			return plan->paths[low];
	}
	return NULL;
}

const struct probe_target *probe_plan_find(const struct probe_plan *plan, const char *tunnel,
					   const char *peer, const struct address *endpoint)
{
	const struct probe_path *path = probe_book_find(plan, tunnel, peer, endpoint);

	return path ? path->target : NULL;
}

int probe_plan_run(struct probe_plan *plan, const char *tunnel, const char *peer,
		   const struct address *endpoint, const struct probe_run_options *options,
		   uint64_t now_ns, uint64_t *ret_run)
{
	struct probe_path *path = probe_book_find(plan, tunnel, peer, endpoint);
	struct probe_run *run;

	if (!path)
		return -ENOENT;
	run = calloc(1, sizeof(*run));
	if (!run || probe_book_reserve_run(plan) < 0) {
		free(run);
		return -ENOMEM;
	}
	run->path = path;
	run->manual = true;
	run->options = *options;
	if (path->run) { /* what it has sent counts against the path's budget still */
		run->window = path->run->window;
		memcpy(run->ring, path->run->ring, sizeof(run->ring));
		probe_book_drop_run(plan, path->run);
	}
	probe_book_start(plan, run, now_ns);
	*ret_run = run->number;
	return 0;
}

static size_t count_once(const struct probe_plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->run_count; i++)
		count += plan->runs[i]->own != NULL;
	return count;
}

int probe_plan_run_once(struct probe_plan *plan, struct probe_target *target,
			const struct probe_run_options *options, uint64_t now_ns,
			uint64_t *ret_run)
{
	struct probe_run *run = calloc(1, sizeof(*run));
	struct probe_path *path = calloc(1, sizeof(*path));
	struct probe_target *own = malloc(sizeof(*own));

	if (!run || !path || !own || count_once(plan) >= PROBE_ONCE_MAX ||
	    probe_book_reserve_run(plan) < 0) {
		free(run);
		free(path);
		free(own);
		return -ENOMEM;
	}
	*own = *target;
	*target = (struct probe_target){ 0 };
	path->target = own;
	run->path = path;
	run->own = own;
	run->manual = true;
	run->options = *options;
	probe_book_start(plan, run, now_ns);
	*ret_run = run->number;
	return 0;
}

bool probe_plan_look(const struct probe_plan *plan, uint64_t run, struct probe_report *ret_report)
{
	for (size_t i = 0; i < plan->run_count; i++) {
		if (plan->runs[i]->number == run) {
			probe_run_report(plan->runs[i], &plan->rules, ret_report);
			return true;
		}
	}
	return false;
}

void probe_plan_cancel(struct probe_plan *plan, uint64_t run)
{
	for (size_t i = 0; i < plan->run_count; i++) {
		struct probe_run *found = plan->runs[i];
		struct probe_path *path = found->own ? NULL : found->path;

		if (found->number != run)
			continue;
		probe_book_drop_run(plan, found);
		if (path)
			probe_book_schedule(plan, path, path->quiet_ns,
					    path->mtu ? REASON_ROUTINE : REASON_NEW);
		return;
	}
}

bool probe_plan_take_report(struct probe_plan *plan, struct probe_report *ret_report)
{
	struct probe_run *run = plan->ended;

	if (plan->spent)
		probe_book_free_run(plan->spent);
	plan->spent = run;
	if (!run)
		return false;
	plan->ended = run->next;
	if (!plan->ended)
		plan->ended_last = &plan->ended;
	plan->ended_count--;
	probe_run_report(run, &plan->rules, ret_report);
	return true;
}

const struct path_measure *probe_plan_measures(struct probe_plan *plan, size_t *ret_count)
{
	size_t count = 0;

	*ret_count = 0;
	if (array_reserve((void **)&plan->measures, &plan->measure_capacity,
			  plan->targets.count + 1, sizeof(*plan->measures)) < 0)
		return NULL;
	for (size_t i = 0; i < plan->targets.count; i++) {
		const struct probe_path *path = plan->paths[i];
		const struct probe_target *target = path->target;

		if (!path->mtu)
			continue;
		plan->measures[count++] = (struct path_measure){
			.tunnel = target->tunnel,
			.peer = target->peer,
			.endpoint = target->way.destination,
			.mtu = probe_path_mtu(path, plan->rules.floor),
			.how = (enum measure_how)path->how,
			.at_ns = path->at_ns,
		};
	}
	*ret_count = count;
	return plan->measures;
}

bool probe_plan_last(const struct probe_plan *plan, const char *tunnel, const char *peer,
		     const struct address *endpoint, enum probe_result *ret_result,
		     int64_t *ret_at_ns)
{
	const struct probe_path *path = probe_book_find(plan, tunnel, peer, endpoint);

	if (!path || !path->has_result)
		return false;
	*ret_result = (enum probe_result)path->result;
	*ret_at_ns = path->last_ns;
	return true;
}

const struct probe_target *probe_plan_contradicted(const struct probe_plan *plan)
{
	for (size_t i = 0; i < plan->targets.count; i++) {
		if (plan->paths[i]->hint && plan->paths[i]->hint_contradicted)
			return &plan->targets.list[i];
	}
	return NULL;
}

struct probe_totals probe_plan_totals(const struct probe_plan *plan)
{
	struct probe_totals totals = plan->totals;

	for (size_t i = 0; i < plan->targets.count; i++)
		totals.black_holes += plan->paths[i]->has_result &&
				      plan->paths[i]->result == PROBE_BLACK_HOLE;
	return totals;
}
