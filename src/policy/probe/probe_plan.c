/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which run goes on, and which begins: one packet at a time. */
#include "policy/probe/probe_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "policy/probe/probe_book.h"

struct probe_plan *probe_plan_new(const struct probe_plan_config *config)
{
	struct probe_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return NULL;
	plan->ended_last = &plan->ended;
	plan->seed = config->seed ? config->seed : 1;
	probe_plan_configure(plan, config);
	return plan;
}

/* What nobody has asked for. */
static void drop_automatic(struct probe_plan *plan)
{
	for (size_t i = plan->run_count; i-- > 0;) {
		struct probe_run *run = plan->runs[i];
		struct probe_path *path = run->path;

		if (run->manual)
			continue;
		probe_book_drop_run(plan, run);
		probe_book_schedule(plan, path, path->quiet_ns,
				    path->mtu ? REASON_ROUTINE : REASON_NEW);
	}
}

void probe_plan_configure(struct probe_plan *plan, const struct probe_plan_config *config)
{
	uint64_t old_ns = plan->interval_ns;

	plan->automatic = config->automatic;
	plan->interval_ns = config->interval_ns > NS_PER_SECOND ? config->interval_ns
								: NS_PER_SECOND;
	for (size_t i = 0; i < plan->targets.count && plan->interval_ns < old_ns; i++) {
		struct probe_path *path = plan->paths[i];

		if (!path->run && path->due_ns > plan->seen_ns + plan->interval_ns)
			probe_book_schedule_routine(plan, path, plan->seen_ns);
	}
	plan->rules.rate_pps = config->rate_pps ? config->rate_pps : 1;
	memcpy(plan->rules.floor, config->floor, sizeof(plan->rules.floor));
	probe_budget_set(&plan->budget, config->rate_pps);
	for (size_t i = 0; i < plan->run_count; i++)
		probe_window_set(&plan->runs[i]->window, probe_path_rate(plan->rules.rate_pps));
	if (!plan->automatic)
		drop_automatic(plan);
}

void probe_plan_allow_ping(struct probe_plan *plan, enum family family, bool allowed)
{
	bool forget = allowed && plan->rules.no_ping[family];

	plan->rules.no_ping[family] = !allowed;
	/* Whoever was answered by datagrams goes on with them otherwise, one a second. */
	for (size_t i = 0; forget && i < plan->targets.count; i++)
		memset(plan->paths[i]->via, 0, sizeof(plan->paths[i]->via));
}

int probe_book_reserve_run(struct probe_plan *plan)
{
	return array_reserve((void **)&plan->runs, &plan->run_capacity, plan->run_count + 1,
			     sizeof(struct probe_run *));
}

void probe_book_start(struct probe_plan *plan, struct probe_run *run, uint64_t now_ns)
{
	struct probe_path *path = run->path;

	if (path->place)
		probe_queue_remove(&plan->queues[path->reason], path);
	run->number = ++plan->last_number;
	path->run = run;
	path->due_ns = UINT64_MAX;
	path->reason = REASON_ROUTINE;
	probe_run_begin(run, &plan->rules, &plan->seed, now_ns);
	if (run->hint_new)
		path->hint_run_ns = now_ns ? now_ns : 1;
	plan->runs[plan->run_count++] = run;
}

/* Returns when there is more to start; where there is no memory, a second from now. */
static uint64_t start_due(struct probe_plan *plan, uint64_t now_ns)
{
	struct probe_path *path;
	uint64_t wait_ns;

	while ((path = probe_book_next_path(plan, now_ns, &wait_ns))) {
		struct probe_run *run = calloc(1, sizeof(*run));

		if (!run || probe_book_reserve_run(plan) < 0) {
			free(run);
			return now_ns + NS_PER_SECOND;
		}
		run->path = path;
		run->told = path->reason == REASON_TOLD;
		probe_book_start(plan, run, now_ns);
	}
	return wait_ns;
}

/* What it has sent and what has answered counts for the next one of its path. */
static void take_out(struct probe_plan *plan, struct probe_run *run)
{
	struct probe_path *path = run->path;

	for (size_t i = 0; i < plan->run_count; i++) {
		if (plan->runs[i] == run) {
			plan->runs[i] = plan->runs[--plan->run_count];
			break;
		}
	}
	path->run = NULL;
	path->quiet_ns = probe_window_quiet_ns(&run->window);
	for (int side = 0; side < PROBE_SIDES; side++) {
		struct probe_answers *answers = &run->axis[side].answers;

		if (answers->filled_ns)
			path->answers_ns[side] =
				probe_answers_empty_ns(answers, answers->filled_ns);
	}
}

static void count_hint(struct probe_plan *plan, struct probe_run *run)
{
	struct probe_path *path = run->path;
	bool late = !run->hint_new && path->hint && !path->hint_judged; /* it came meanwhile */
	uint32_t hint = late ? path->hint : run->hint;
	enum hint_rejected reason;

	run->hint_contradicted = hint && run->verdict.found > hint;
	path->hint_contradicted = run->hint_contradicted && hint == path->hint;
	if ((run->hint_new || late) && !run->verdict.weak &&
	    probe_path_judge_hint(path, &run->verdict, hint, plan->rules.floor, &reason))
		plan->totals.hints_rejected[reason]++;
}

static void end_run(struct probe_plan *plan, struct probe_run *run, uint64_t now_ns)
{
	struct probe_path *path = run->path;
	bool held = false;

	probe_run_end(run, now_ns);
	take_out(plan, run);
	plan->totals.runs[run->verdict.result]++;
	if (!run->own) {
		run->changed = probe_path_apply(path, &run->verdict, plan->rules.floor, now_ns,
						&held);
		count_hint(plan, run);
		if (held)
			probe_book_schedule(plan, path, path->changed_ns + PROBE_RAISE_HOLD_NS,
					    REASON_ROUTINE);
		else if (path->unconfirmed) /* somebody wanted to know less */
			probe_book_schedule(plan, path, now_ns, REASON_TOLD);
		else
			probe_book_schedule_routine(plan, path, now_ns);
		probe_book_schedule_hint(plan, path, now_ns);
		if (probe_path_mtu(path, plan->rules.floor) < run->old_mtu)
			probe_book_schedule_company(plan, path, now_ns);
	}
	*plan->ended_last = run;
	plan->ended_last = &run->next;
	plan->ended_count++;
}

static unsigned int count_out(const struct probe_plan *plan)
{
	unsigned int out = 0;

	for (size_t i = 0; i < plan->run_count; i++)
		out += probe_run_out(plan->runs[i]);
	return out;
}

/* When the budget of all has room. */
static uint64_t may_send_ns(struct probe_plan *plan, uint64_t now_ns)
{
	uint64_t next = probe_budget_next_ns(&plan->budget, now_ns);

	if (count_out(plan) >= PROBE_OUT_MAX && next < now_ns + 10 * NS_PER_MS)
		next = now_ns + 10 * NS_PER_MS;
	return next;
}

bool probe_plan_spend(struct probe_plan *plan, uint64_t now_ns, uint64_t *ret_wait_ns)
{
	*ret_wait_ns = probe_budget_next_ns(&plan->budget, now_ns);
	if (*ret_wait_ns > now_ns)
		return false;
	probe_budget_take(&plan->budget, now_ns, &plan->seed);
	plan->totals.sent++;
	return true;
}

/* One look at a run whose time has come. Returns whether its order goes out. */
static bool serve(struct probe_plan *plan, struct probe_run *run, uint64_t now_ns,
		  struct probe_order *ret_order)
{
	uint64_t wait_ns = 0, free_ns;

	switch (probe_run_next(run, &plan->rules, now_ns, ret_order, &wait_ns)) {
	case RUN_SEND:
		free_ns = may_send_ns(plan, now_ns);
		run->wake_ns = free_ns;
		if (free_ns > now_ns)
			return false;
		probe_run_send(run, ret_order, &plan->seed, now_ns);
		probe_budget_take(&plan->budget, now_ns, &plan->seed);
		plan->totals.sent++;
		return true;
	case RUN_WAIT:
		run->wake_ns = wait_ns;
		return false;
	case RUN_OVER:
		end_run(plan, run, now_ns);
		return false;
	}
	return false;
}

/* Whoever waits comes first, then all in turn. */
static bool serve_all(struct probe_plan *plan, bool manual, uint64_t now_ns,
		      struct probe_order *ret_order)
{
	for (size_t i = plan->run_count; i-- > 0;) {
		struct probe_run *run;

		if (i >= plan->run_count)
			continue;
		run = plan->runs[(i + plan->turn) % plan->run_count];
		if (run->manual == manual && run->wake_ns <= now_ns &&
		    serve(plan, run, now_ns, ret_order)) {
			plan->turn++;
			return true;
		}
	}
	return false;
}

bool probe_plan_next(struct probe_plan *plan, uint64_t now_ns, struct probe_order *ret_order,
		     uint64_t *ret_wait_ns)
{
	uint64_t wait_ns;

	plan->seen_ns = now_ns;
	start_due(plan, now_ns);
	if (serve_all(plan, true, now_ns, ret_order) || serve_all(plan, false, now_ns, ret_order))
		return true;
	wait_ns = start_due(plan, now_ns); /* where one has ended */
	for (size_t i = 0; i < plan->run_count; i++)
		if (plan->runs[i]->wake_ns < wait_ns)
			wait_ns = plan->runs[i]->wake_ns;
	*ret_wait_ns = wait_ns > now_ns ? wait_ns : now_ns + 1;
	return false;
}

static struct probe_run *find_run(const struct probe_plan *plan, uint64_t number)
{
	for (size_t i = 0; i < plan->run_count; i++)
		if (plan->runs[i]->number == number)
			return plan->runs[i];
	return NULL;
}

void probe_plan_sent(struct probe_plan *plan, uint64_t id, int error, uint64_t now_ns)
{
	struct probe_run *run = find_run(plan, probe_id_run(id));

	probe_window_left(&plan->budget.window, now_ns);
	if (!run)
		return;
	probe_window_left(&run->window, now_ns);
	if (!error)
		return;
	if (probe_run_not_sent(run, id, error, now_ns)) {
		plan->totals.sent--;
		plan->totals.refused++;
	}
}

void probe_plan_answered(struct probe_plan *plan, uint64_t id, enum probe_whole whole,
			 uint64_t now_ns)
{
	struct probe_run *run = find_run(plan, probe_id_run(id));

	if (run && probe_run_answered(run, id, whole, now_ns))
		plan->totals.answered++;
}

void probe_plan_answered_others(struct probe_plan *plan, const struct address *endpoint,
				uint64_t now_ns)
{
	for (size_t i = 0; i < plan->targets.count; i++) {
		struct probe_path *path = plan->paths[i];
		uint64_t *empty_ns = &path->answers_ns[PROBE_OUTSIDE];
		struct probe_answers answers = probe_answers_since(*empty_ns, now_ns);

		if (!address_equal(&path->target->way.destination, endpoint))
			continue;
		if (path->run)
			probe_answers_take(&path->run->axis[PROBE_OUTSIDE].answers, now_ns);
		probe_answers_take(&answers, now_ns);
		*empty_ns = probe_answers_empty_ns(&answers, now_ns);
	}
}

void probe_plan_too_big(struct probe_plan *plan, uint64_t id, uint32_t mtu,
			const struct address *router, uint64_t now_ns)
{
	struct probe_run *run = find_run(plan, probe_id_run(id));

	(void)now_ns;
	if (run)
		probe_run_too_big(run, id, mtu, router);
}

void probe_book_drop_run(struct probe_plan *plan, struct probe_run *run)
{
	take_out(plan, run);
	probe_book_free_run(run);
}
