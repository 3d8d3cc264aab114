/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which path is measured next, by itself. */
#include "policy/probe/probe_book.h"

#define MORE 2 /* runs that begin beside those of routine, so that news waits for none */

void probe_book_schedule(struct probe_plan *plan, struct probe_path *path, uint64_t due_ns,
			 enum probe_reason reason)
{
	if (path->place)
		probe_queue_remove(&plan->queues[path->reason], path);
	path->due_ns = due_ns;
	path->reason = (uint8_t)reason;
	if (!path->run)
		probe_queue_add(&plan->queues[reason], path);
}

void probe_book_schedule_routine(struct probe_plan *plan, struct probe_path *path, uint64_t now_ns)
{
	uint64_t tenth = plan->interval_ns / 10;

	probe_book_schedule(plan, path,
			    now_ns + plan->interval_ns - tenth +
				    probe_random_below(&plan->seed, 2 * tenth),
			    REASON_ROUTINE);
}

/* Who has hints told over and over that are wrong is heard as often as in routine, in the end. */
static uint64_t hint_hold_ns(const struct probe_plan *plan, const struct probe_path *path)
{
	uint64_t hold_ns = PROBE_HINT_HOLD_NS;

	for (unsigned int i = 0; i < path->hints_wrong && hold_ns < plan->interval_ns; i++)
		hold_ns *= 2;
	return path->hints_wrong && hold_ns > plan->interval_ns ? plan->interval_ns : hold_ns;
}

void probe_book_schedule_hint(struct probe_plan *plan, struct probe_path *path, uint64_t now_ns)
{
	uint64_t due_ns = path->hint_run_ns ? path->hint_run_ns + hint_hold_ns(plan, path) : 0;

	if (!path->hint || path->hint_judged ||
	    path->hint >= probe_path_mtu(path, plan->rules.floor))
		return;
	if (due_ns < now_ns)
		due_ns = now_ns;
	if (path->due_ns > due_ns)
		probe_book_schedule(plan, path, due_ns, REASON_TOLD);
}

void probe_book_schedule_company(struct probe_plan *plan, const struct probe_path *path,
				 uint64_t now_ns)
{
	uint32_t mtu = probe_path_mtu(path, plan->rules.floor);

	for (size_t i = 0; i < plan->targets.count; i++) {
		struct probe_path *other = plan->paths[i];

		if (other != path && !other->run && other->due_ns > now_ns &&
		    probe_path_mtu(other, plan->rules.floor) > mtu &&
		    address_equal(&other->target->way.destination, &path->target->way.destination))
			probe_book_schedule(plan, other, now_ns, REASON_TOLD);
	}
}

/* How many runs the budget keeps busy: a silent path sends two packets a second. */
static size_t runs_at_once(const struct probe_plan *plan)
{
	size_t count = plan->rules.rate_pps / 2;

	return count < 4 ? 4 : count > PROBE_RUNS_MAX ? PROBE_RUNS_MAX : count;
}

static size_t count_told(const struct probe_plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->run_count; i++)
		count += plan->runs[i]->told;
	return count;
}

/* Whether one more run may begin for that reason: what strangers can ask for leaves half of the
 * room to routine. */
static bool has_room(const struct probe_plan *plan, enum probe_reason reason)
{
	size_t most = runs_at_once(plan);

	switch (reason) {
	case REASON_ROUTINE:
		return plan->run_count < most;
	case REASON_TOLD:
		return plan->run_count < most + MORE && count_told(plan) < most / 2;
	case REASON_NEW:
		return plan->run_count < most + MORE;
	case PROBE_REASONS:
		break;
	}
	return false;
}

struct probe_path *probe_book_next_path(const struct probe_plan *plan, uint64_t now_ns,
					uint64_t *ret_wait_ns)
{
	*ret_wait_ns = UINT64_MAX;
	if (!plan->automatic || plan->ended_count >= PROBE_ENDED_MAX)
		return NULL;
	for (enum probe_reason reason = PROBE_REASONS; reason-- > 0;) {
		struct probe_path *path = probe_queue_first(&plan->queues[reason]);

		if (!path || !has_room(plan, reason))
			continue;
		if (path->due_ns <= now_ns)
			return path;
		if (path->due_ns < *ret_wait_ns)
			*ret_wait_ns = path->due_ns;
	}
	return NULL;
}
