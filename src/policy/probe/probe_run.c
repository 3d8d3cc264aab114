/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/probe/probe_run.h"

#include <errno.h>

#include "base/clock.h"

#define GAP_NS (40 * NS_PER_MS)    /* between two packets of a path; as much again at random:
				    * what is lost in one burst is one loss */
#define ERROR_GAP_NS (250 * NS_PER_MS) /* behind one that was not sent */
#define ERRORS_MAX 3               /* then that way is none */
#define HINT_LATE_NS (1500 * NS_PER_MS) /* exceptions are looked for once a second */

/* The smallest outer size that carries what that one carries inside. */
static uint32_t same_inside(const void *userdata, uint32_t size)
{
	const struct probe_target *target = userdata;
	uint32_t outer = probe_target_outer(target, probe_target_inner(target, size));

	return outer ? outer : size;
}

static uint32_t most_of(const struct probe_run *run)
{
	uint32_t assumed = run->path->target->assumed;

	return run->options.most && run->options.most < assumed ? run->options.most : assumed;
}

/* What is in force needs less to be confirmed, if nobody doubts it. */
static uint32_t first_of(const struct probe_run *run)
{
	return run->manual || run->path->unconfirmed ? 0 : run->path->mtu;
}

static void begin_axis(struct probe_run *run, enum probe_side side,
		       const struct probe_rules *rules, uint64_t now_ns)
{
	const struct probe_path *path = run->path;
	bool v6 = path->target->way.destination.family == FAMILY_IPV6;
	const struct pmtu_config config = {
		.floor = probe_path_floor(path, rules->floor),
		.base = v6 ? PMTU_BASE6 : PMTU_BASE4,
		.most = most_of(run),
		.first = first_of(run),
		.twice_above = path->mtu ? run->old_mtu : 0,
		.tries = run->options.tries,
		.uncut = side == PROBE_OUTSIDE,
	};
	struct probe_axis *axis = &run->axis[side];
	uint32_t serial = axis->pmtu.serial; /* ids of a run begun anew are new too */

	pmtu_begin(&axis->pmtu, &config);
	axis->pmtu.serial = serial;
	if (side == PROBE_OUTSIDE && run->hint)
		pmtu_suggest(&axis->pmtu, run->hint);
	axis->answers = probe_answers_since(path->answers_ns[side], now_ns);
	axis->stage = probe_contact_first(run, side, rules) ? STAGE_CONTACT : STAGE_NONE;
}

void probe_run_begin(struct probe_run *run, const struct probe_rules *rules, uint64_t *seed,
		     uint64_t now_ns)
{
	const struct probe_path *path = run->path;

	if (!run->window.rate) {
		run->window.rate = probe_path_rate(rules->rate_pps);
		run->window.next_ns = path->quiet_ns;
	}
	run->window.sent_ns = run->ring;
	run->begin_ns = now_ns;
	run->hint = path->hint;
	run->hint_new = path->hint && !path->hint_judged;
	run->old_mtu = probe_path_mtu(path, rules->floor);
	run->wake_ns = now_ns + probe_random_below(seed, GAP_NS);
	begin_axis(run, PROBE_OUTSIDE, rules, now_ns);
	if (!run->own && probe_target_inner(path->target, most_of(run)) > PMTU_SMALL)
		begin_axis(run, PROBE_INSIDE, rules, now_ns);
}

static bool is_settled(enum probe_stage stage)
{
	return stage == STAGE_NONE || stage == STAGE_FOUND || stage == STAGE_SILENT ||
	       stage == STAGE_DOWN;
}

/* The search inside, up to what the outside takes. */
static void search_inside(struct probe_run *run)
{
	const struct probe_axis *out = &run->axis[PROBE_OUTSIDE];
	struct probe_axis *in = &run->axis[PROBE_INSIDE];
	uint32_t found = out->stage == STAGE_FOUND ? pmtu_found(&out->pmtu) : 0;
	bool doubtful = probe_doubt_of_outside(run);
	uint32_t limit = found && !doubtful ? found : most_of(run), first = first_of(run);

	if (in->stage != STAGE_READY && in->limit == limit)
		return;
	in->limit = limit;
	in->stage = STAGE_SEARCH;
	in->pmtu.done = false;
	in->pmtu.config.same_as = same_inside;
	in->pmtu.config.userdata = run->path->target;
	in->pmtu.config.doubtful = doubtful;
	if (doubtful) {
		first = first > found ? first : found;
		in->pmtu.config.twice_above = found;
	}
	pmtu_limit(&in->pmtu, limit, first, found != 0);
}

/* What follows for one side from what the other has come to, and from answers. */
static void settle(struct probe_run *run)
{
	struct probe_axis *out = &run->axis[PROBE_OUTSIDE], *in = &run->axis[PROBE_INSIDE];

	if (out->pmtu.answers && (out->stage == STAGE_CONTACT || out->stage == STAGE_SILENT ||
				  out->stage == STAGE_BLIND))
		out->stage = STAGE_SEARCH;
	if (out->stage == STAGE_FOUND && !out->pmtu.done) /* an answer came late */
		out->stage = STAGE_SEARCH;
	if (in->stage == STAGE_FOUND && !in->pmtu.done)
		in->stage = STAGE_SEARCH;
	if (in->pmtu.answers && (in->stage == STAGE_CONTACT || in->stage == STAGE_SILENT))
		in->stage = STAGE_READY;
	run->echo_believed |= in->limit == most_of(run) && probe_doubt_is_over(run);
	/* Where the outside has told, pieces inside could only be others'. */
	in->pmtu.config.uncut = out->stage == STAGE_FOUND && out->pmtu.answers &&
				!probe_doubt_of_outside(run);
	if (in->stage == STAGE_READY || in->stage == STAGE_SEARCH || in->stage == STAGE_FOUND) {
		if (is_settled(out->stage))
			search_inside(run);
	} else if (out->stage == STAGE_SILENT && !out->pmtu.blind && is_settled(in->stage)) {
		pmtu_go_blind(&out->pmtu);
		out->stage = STAGE_BLIND;
	}
}

static void lose_contact(struct probe_run *run, enum probe_side side,
			 const struct probe_rules *rules)
{
	struct probe_axis *axis = &run->axis[side];

	if (axis->stage == STAGE_CONTACT && probe_contact_next(run, side, rules))
		return;
	axis->stage = axis->stage == STAGE_SEARCH ? STAGE_DOWN : STAGE_SILENT;
}

/* Losses that the other side and earlier runs have seen. */
static void share_losses(struct probe_run *run, enum probe_side side)
{
	const struct pmtu *other = &run->axis[!side].pmtu;
	const struct pmtu_size *small = &other->sizes[0];

	run->axis[side].pmtu.prior_ok = run->path->prior_ok + small->answered;
	run->axis[side].pmtu.prior_lost =
		run->path->prior_lost + (other->answers ? small->lost : 0u);
}

/* The endpoint is no farther away than what is behind it: as long as it has not answered, it is
 * waited for by the time that the inside takes. (Not the other way round: a host inside may
 * sleep.) */
static void share_trip(struct probe_run *run)
{
	struct pmtu *out = &run->axis[PROBE_OUTSIDE].pmtu;
	uint64_t trip_ns = run->axis[PROBE_INSIDE].pmtu.srtt_ns;

	if (!out->srtt_ns && trip_ns)
		out->srtt_ns = out->rttvar_ns = trip_ns;
}

/* Asks one side until it wants to send, waits, or has come to an end. Returns the first two. */
static bool ask(struct probe_run *run, enum probe_side side, const struct probe_rules *rules,
		uint64_t now_ns, uint32_t *ret_size, uint64_t *ret_wait_ns)
{
	struct probe_axis *axis = &run->axis[side];

	share_losses(run, side);
	share_trip(run);
	while (!is_settled(axis->stage) && axis->stage != STAGE_READY) {
		switch (pmtu_next(&axis->pmtu, now_ns, ret_size, ret_wait_ns)) {
		case PMTU_SEND:
			*ret_wait_ns = 0;
			return true;
		case PMTU_WAIT:
			return true;
		case PMTU_DONE:
			axis->stage = STAGE_FOUND;
			break;
		case PMTU_DOWN:
			axis->stage = STAGE_DOWN;
			break;
		case PMTU_SILENT:
			lose_contact(run, side, rules);
			break;
		}
	}
	return false;
}

unsigned int probe_run_out(const struct probe_run *run)
{
	return run->axis[PROBE_OUTSIDE].pmtu.out + run->axis[PROBE_INSIDE].pmtu.out;
}

/* When a packet of that side may go, as far as the path is concerned. */
static uint64_t may_send_ns(struct probe_run *run, enum probe_side side, uint64_t now_ns)
{
	struct probe_axis *axis = &run->axis[side];
	uint64_t next = probe_window_next_ns(&run->window), answers = 0;

	if (axis->method == PROBE_UDP)
		answers = probe_answers_next_ns(&axis->answers, axis->pmtu.out, now_ns);
	if (probe_run_out(run) >= PMTU_OUTSTANDING_MAX) {
		uint64_t out = pmtu_timeout_at_ns(&run->axis[PROBE_OUTSIDE].pmtu);
		uint64_t in = pmtu_timeout_at_ns(&run->axis[PROBE_INSIDE].pmtu);

		if (out > in)
			out = in;
		if (next < out)
			next = out;
	}
	return answers > next ? answers : next;
}

static uint32_t wire_size(const struct probe_run *run, enum probe_side side, uint32_t size)
{
	if (side == PROBE_OUTSIDE || size == PMTU_SMALL)
		return size;
	return probe_target_inner(run->path->target, size);
}

/* One side's turn. */
static enum probe_run_step step(struct probe_run *run, enum probe_side side,
				const struct probe_rules *rules, uint64_t now_ns,
				struct probe_order *ret_order, uint64_t *wait_ns)
{
	const struct probe_axis *axis = &run->axis[side];
	uint64_t wait = 0;
	uint32_t size = 0;

	if (!ask(run, side, rules, now_ns, &size, &wait))
		return RUN_OVER;
	if (!wait) {
		wait = may_send_ns(run, side, now_ns);
		if (wait <= now_ns) {
			ret_order->side = side;
			ret_order->method = axis->method;
			ret_order->inside = axis->inside;
			ret_order->size = wire_size(run, side, size);
			ret_order->id = size;
			return RUN_SEND;
		}
	}
	if (wait < *wait_ns)
		*wait_ns = wait;
	return RUN_WAIT;
}

/* What was sure enough by the loss that was known then may not be by now. Returns whether a side is
 * to be asked again: once behind the last packet. */
static bool look_again(struct probe_run *run)
{
	bool again = false;

	for (int side = 0; side < PROBE_SIDES; side++) {
		struct probe_axis *axis = &run->axis[side];

		if (axis->stage != STAGE_FOUND || !axis->pmtu.answers ||
		    run->looked_at == run->sent)
			continue;
		axis->pmtu.done = false;
		again = true;
	}
	run->looked_at = run->sent;
	return again;
}

static enum probe_run_step next(struct probe_run *run, const struct probe_rules *rules,
				uint64_t now_ns, struct probe_order *ret_order,
				uint64_t *ret_wait_ns)
{
	const struct probe_axis *in = &run->axis[PROBE_INSIDE];
	const struct probe_axis *out = &run->axis[PROBE_OUTSIDE];

	/* Each round but the last brings a side to its end. */
	for (unsigned int round = 0; round < 8; round++) {
		enum probe_side side = PROBE_OUTSIDE;
		enum probe_run_step first, second;

		settle(run);
		if (in->stage == STAGE_CONTACT && !in->pmtu.serial && out->pmtu.serial)
			side = PROBE_INSIDE; /* both are called before one is waited for */
		*ret_wait_ns = UINT64_MAX;
		first = step(run, side, rules, now_ns, ret_order, ret_wait_ns);
		if (first == RUN_SEND)
			return RUN_SEND;
		second = step(run, !side, rules, now_ns, ret_order, ret_wait_ns);
		if (second == RUN_SEND)
			return RUN_SEND;
		if (*ret_wait_ns != UINT64_MAX)
			return RUN_WAIT;
		settle(run);
		if (is_settled(in->stage) && is_settled(out->stage) && !look_again(run))
			return RUN_OVER;
	}
	return RUN_OVER;
}

enum probe_run_step probe_run_next(struct probe_run *run, const struct probe_rules *rules,
				   uint64_t now_ns, struct probe_order *ret_order,
				   uint64_t *ret_wait_ns)
{
	enum probe_run_step step = next(run, rules, now_ns, ret_order, ret_wait_ns);

	if (step != RUN_OVER || !probe_doubt_of_inside(run))
		return step;
	if (!run->doubt_ns)
		run->doubt_ns = now_ns + HINT_LATE_NS;
	if (now_ns >= run->doubt_ns)
		return RUN_OVER;
	*ret_wait_ns = run->doubt_ns;
	return RUN_WAIT;
}

void probe_run_send(struct probe_run *run, struct probe_order *order, uint64_t *seed,
		    uint64_t now_ns)
{
	struct probe_axis *axis = &run->axis[order->side];
	uint32_t serial = pmtu_sent(&axis->pmtu, (uint32_t)order->id,
				    probe_via(order->method, order->inside), now_ns);

	order->id = run->number << 16 | (uint64_t)(order->side == PROBE_INSIDE) << 15 | serial;
	order->target = run->path->target;
	probe_window_take(&run->window, now_ns, GAP_NS + probe_random_below(seed, GAP_NS));
	run->sent++;
	run->wake_ns = 0;
}

bool probe_run_not_sent(struct probe_run *run, uint64_t id, int error, uint64_t now_ns)
{
	struct probe_axis *axis = &run->axis[probe_id_side(id)];
	const struct pmtu_flight *flight = pmtu_flight(&axis->pmtu, probe_id_serial(id));
	bool too_large = error == -EMSGSIZE && flight && flight->size > 0;

	if (!flight || flight->state != FLIGHT_OUT)
		return false;
	pmtu_not_sent(&axis->pmtu, probe_id_serial(id), too_large);
	run->sent--;
	run->wake_ns = 0;
	if (too_large)
		return true;
	run->refused++;
	run->refusal = error;
	run->window.next_ns = now_ns + ERROR_GAP_NS;
	if (++axis->errors < ERRORS_MAX)
		return true;
	if (axis->stage == STAGE_BLIND)
		axis->stage = STAGE_SILENT;
	axis->pmtu.sizes[0].lost_since = UINT16_MAX / 2; /* as if nobody answered */
	return true;
}

bool probe_run_answered(struct probe_run *run, uint64_t id, enum probe_whole whole,
			uint64_t now_ns)
{
	struct probe_axis *axis = &run->axis[probe_id_side(id)];
	const struct pmtu_flight *flight = pmtu_flight(&axis->pmtu, probe_id_serial(id));
	bool first = !axis->pmtu.answers;

	if (!pmtu_answered(&axis->pmtu, probe_id_serial(id), whole, now_ns))
		return false;
	if (first) {
		axis->method = flight->via & 1 ? PROBE_UDP : PROBE_PING;
		axis->inside = flight->via >> 1;
	}
	if (flight->via & 1)
		probe_answers_take(&axis->answers, now_ns);
	axis->errors = 0;
	run->wake_ns = 0;
	return true;
}

void probe_run_too_big(struct probe_run *run, uint64_t id, uint32_t mtu,
		       const struct address *router)
{
	struct probe_axis *axis = &run->axis[probe_id_side(id)];

	if (!pmtu_too_big(&axis->pmtu, probe_id_serial(id), mtu))
		return;
	run->icmp_seen = true;
	run->router = *router;
	run->wake_ns = 0;
}
