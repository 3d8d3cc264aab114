/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run has come to, and how it is told. */
#include <string.h>

#include "policy/probe/probe_run.h"

#define PRIOR_MAX 48 /* packets that are remembered for the loss of a path */

const char *probe_result_name(enum probe_result result)
{
	static const char *const names[] = {
		[PROBE_OK] = "ok",
		[PROBE_BLACK_HOLE] = "black_hole",
		[PROBE_NO_ANSWER] = "no_answer",
		[PROBE_LIMITED_BY_ICMP] = "limited_by_icmp",
	};

	return names[result];
}

const char *hint_rejected_name(enum hint_rejected reason)
{
	static const char *const names[] = {
		[HINT_CONTRADICTED] = "contradicted",
		[HINT_NO_ANSWER] = "no_answer",
		[HINT_BELOW_FLOOR] = "below_floor",
	};

	return names[reason];
}

/* Silent is who drops the larger ones without a word; who cuts them delivers. */
static bool is_black_hole(const struct probe_axis *axis)
{
	return pmtu_found(&axis->pmtu) < axis->pmtu.config.most && !pmtu_explained(&axis->pmtu) &&
	       pmtu_fragmented(&axis->pmtu) != 1;
}

/* Known of packets that may be cut only where the host puts none together for others. */
static bool came_whole(const struct pmtu *pmtu)
{
	const struct pmtu_size *size = pmtu_find_size(pmtu, pmtu_low(pmtu));

	return pmtu->config.uncut || (pmtu_pieces_count(pmtu) && size && size->whole);
}

/* Whether the largest packets were sent for routers to refuse, and none has. */
static bool was_unrefused(const struct probe_run *run)
{
	const struct probe_axis *out = &run->axis[PROBE_OUTSIDE];
	const struct pmtu_size *full = pmtu_find_size(&out->pmtu, run->path->target->assumed);

	return out->stage == STAGE_SILENT && out->pmtu.blind && !run->icmp_seen && full &&
	       full->lost >= PMTU_TRIES_MIN;
}

static struct probe_verdict judge(const struct probe_run *run)
{
	struct probe_verdict verdict = { .result = PROBE_NO_ANSWER };
	uint32_t most = run->options.most;

	for (int side = 0; side < PROBE_SIDES; side++) {
		const struct probe_axis *axis = &run->axis[side];
		uint32_t found = side == PROBE_INSIDE ? probe_doubt_inside(run) :
							pmtu_found(&axis->pmtu);

		verdict.silent[side] = !axis->pmtu.answers;
		if (axis->stage != STAGE_FOUND)
			continue;
		if (side == PROBE_OUTSIDE && probe_doubt_is_proved(run))
			continue; /* it was no limit of the path */
		if (side == PROBE_INSIDE && probe_doubt_is_hinted(run)) {
			/* It says what the exception does, nothing of the path. */
			if (!verdict.found)
				verdict.result = is_black_hole(axis) ? PROBE_BLACK_HOLE : PROBE_OK;
			continue;
		}
		verdict.side[side] = axis->pmtu.answers;
		if (!axis->pmtu.answers) {
			verdict.result = PROBE_LIMITED_BY_ICMP;
			verdict.how = MEASURE_ICMP;
			verdict.found = found;
			continue;
		}
		if (!verdict.found || found < verdict.found) {
			verdict.found = found;
			verdict.how = side == PROBE_OUTSIDE ? MEASURE_OUTSIDE : MEASURE_INSIDE;
			verdict.clean = came_whole(&axis->pmtu);
		}
		if (verdict.result != PROBE_BLACK_HOLE)
			verdict.result = is_black_hole(axis) ? PROBE_BLACK_HOLE : PROBE_OK;
	}
	verdict.weak = run->options.tries && run->options.tries < PMTU_TRIES_MIN;
	verdict.unrefused = was_unrefused(run);
	verdict.capped = most && most < run->path->target->assumed && verdict.found >= most;
	return verdict;
}

static void leave_losses(struct probe_run *run)
{
	unsigned int ok = run->path->prior_ok, lost = run->path->prior_lost;

	for (int side = 0; side < PROBE_SIDES; side++) {
		const struct pmtu *pmtu = &run->axis[side].pmtu;

		if (!pmtu->answers)
			continue;
		ok += pmtu->sizes[0].answered;
		lost += pmtu->sizes[0].lost;
	}
	while (ok + lost > PRIOR_MAX) {
		ok /= 2;
		lost /= 2;
	}
	run->path->prior_ok = (uint16_t)ok;
	run->path->prior_lost = (uint16_t)lost;
}

/* That no more than passes a black hole came through says nothing of what it swallows. */
static bool leaves_black_hole(const struct probe_path *path, const struct probe_verdict *verdict)
{
	return verdict->capped && path->has_result && path->result == PROBE_BLACK_HOLE &&
	       (!path->mtu || verdict->found <= path->mtu);
}

/* Where packets were not sent silence is nobody's: what is known of the path stays. */
static bool leaves_known(const struct probe_run *run)
{
	return (run->verdict.result == PROBE_NO_ANSWER && run->refused > 0) ||
	       leaves_black_hole(run->path, &run->verdict);
}

void probe_run_end(struct probe_run *run, uint64_t now_ns)
{
	struct probe_path *path = run->path;

	run->verdict = judge(run);
	run->finished = true;
	run->end_ns = now_ns;
	for (int side = 0; side < PROBE_SIDES; side++) {
		struct probe_axis *axis = &run->axis[side];

		if (axis->pmtu.answers)
			path->via[side] =
				(uint8_t)(probe_via(axis->method, axis->inside) + 1);
	}
	leave_losses(run);
	if (leaves_known(run))
		return;
	path->result = (uint8_t)run->verdict.result;
	path->has_result = true;
	path->last_ns = (int64_t)now_ns;
}

/* Of both sides, in the order of first use. */
static void report_sizes(const struct probe_run *run, struct probe_report *report)
{
	const struct probe_target *target = run->path->target;
	size_t at[PROBE_SIDES] = { 0 };

	while (report->size_count < PROBE_SIZES_MAX) {
		const struct pmtu_size *first = NULL;
		enum probe_side from = PROBE_OUTSIDE;
		bool small;
		uint32_t wire;

		for (enum probe_side side = 0; side < PROBE_SIDES; side++) {
			const struct pmtu *pmtu = &run->axis[side].pmtu;

			while (at[side] < pmtu->size_count && !pmtu->sizes[at[side]].first_ns)
				at[side]++;
			if (at[side] < pmtu->size_count &&
			    (!first || pmtu->sizes[at[side]].first_ns < first->first_ns)) {
				first = &pmtu->sizes[at[side]];
				from = side;
			}
		}
		if (!first)
			return;
		at[from]++;
		small = from == PROBE_INSIDE && first->size == PMTU_SMALL;
		wire = from == PROBE_OUTSIDE || small ? first->size
						      : probe_target_inner(target, first->size);
		report->sizes[report->size_count++] = (struct probe_size){
			.side = from,
			.size = wire,
			.outer = small ? probe_target_outer(target, PMTU_SMALL) : first->size,
			.sent = first->sent,
			.answered = first->answered,
			.icmp_mtu = first->icmp_mtu,
			.fragmented = first->pieces > 0,
		};
	}
}

static int fragmented(const struct probe_run *run)
{
	int out = pmtu_fragmented(&run->axis[PROBE_OUTSIDE].pmtu);
	int in = pmtu_fragmented(&run->axis[PROBE_INSIDE].pmtu);

	return out > in ? out : in;
}

/* What is in force, or what it found where that is for those who asked alone. */
static uint32_t told_mtu(const struct probe_run *run, const struct probe_rules *rules)
{
	const struct probe_verdict *verdict = &run->verdict;
	uint32_t assumed = run->path->target->assumed; /* which may be less by now */

	if (!verdict->found || (!run->own && (!verdict->weak || verdict->found >= run->old_mtu)))
		return probe_path_mtu(run->path, rules->floor);
	return verdict->found < assumed ? verdict->found : assumed;
}

void probe_run_report(const struct probe_run *run, const struct probe_rules *rules,
		      struct probe_report *ret_report)
{
	const struct probe_path *path = run->path;

	*ret_report = (struct probe_report){
		.run = run->number,
		.target = path->target,
		.finished = run->finished,
		.result = run->verdict.result,
		.mtu = told_mtu(run, rules),
		.old_mtu = run->old_mtu,
		.changed = run->changed,
		.hint_contradicted = run->hint_contradicted,
		.how = (enum measure_how)path->how,
		.inside = run->axis[PROBE_INSIDE].inside,
		.router = run->router,
		.fragmented = fragmented(run),
		.sent_total = run->sent,
		.refused_total = run->refused,
		.refusal = run->refusal,
		.begin_ns = run->begin_ns,
		.end_ns = run->end_ns,
	};
	for (int side = 0; side < PROBE_SIDES; side++) {
		ret_report->answers[side] = run->axis[side].pmtu.answers;
		ret_report->method[side] = run->axis[side].method;
	}
	/* On a path that takes all of it nobody was right who said so. */
	ret_report->icmp_seen = run->icmp_seen && ret_report->mtu < path->target->assumed;
	report_sizes(run, ret_report);
}
