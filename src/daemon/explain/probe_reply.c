/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to Probe: a measurement for somebody who waits and watches. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/explain/probe_json.h"
#include "daemon/explain/probe_question.h"
#include "daemon/paths/prober_packet.h"

#define TELL_EVERY_NS (100 * NS_PER_MS)
/* The snapshot follows a measurement within 100 ms; what it says is told. */
#define SETTLE_NS (150 * NS_PER_MS)

struct probe_call {
	struct daemon *daemon;        /* borrowed */
	struct control_stream *stream;
	struct prober_waiter waiter;
	struct probe_trace *trace;    /* while it goes on */
	sd_event_source *settle;
	bool by_itself;               /* not of a peer: nothing of it is in force */
	char *asked;                  /* the word, owned */
	struct probe_report report;   /* its target is copied below */
	struct probe_target target;   /* tunnel, peer, name are owned, the rest as it was */
	struct peer_mss old_mss;
	struct trace_result hops;
	uint64_t told_ns;
};

static void call_free(struct probe_call *call)
{
	struct prober *prober = model_prober(call->daemon->model);

	prober_forsake(prober, &call->waiter);
	probe_trace_cancel(call->trace);
	sd_event_source_disable_unref(call->settle);
	probe_target_done(&call->target);
	free(call->asked);
	free(call);
}

static void on_gone(void *userdata)
{
	call_free(userdata);
}

/* What the far end of a target comes to now. */
static struct peer_mss find_mss(const struct daemon *daemon, const struct probe_target *target)
{
	const struct snapshot *snapshot = slot_current(model_slot(daemon->model));
	const struct tunnel_set *set = snapshot_tunnels(snapshot);

	for (size_t i = 0; i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];

		if (peer->id && (!*target->peer || strcmp(peer->id, target->peer) == 0) &&
		    address_equal(&peer->way.destination, &target->way.destination) &&
		    strcmp(tunnel_set_peer_tunnel(set, peer), target->tunnel) == 0)
			return peer_mss_find(snapshot, i);
	}
	for (size_t i = 0; i < set->link_count; i++) {
		if (strcmp(set->links[i].name, target->tunnel) == 0)
			return peer_mss_of_link(snapshot, &set->links[i]);
	}
	return (struct peer_mss){ 0 };
}

static json_t *make_reply(const struct probe_call *call, const struct probe_report *report,
			  const struct trace_result *trace)
{
	const struct config *config = call->daemon->config;
	struct probe_told told = {
		.asked = call->asked,
		.interval_ns = config->path.probe && !call->by_itself ? config->path.interval_ns :
									0,
		.old_mss = call->old_mss,
		.trace = trace,
		.now_ns = clock_boottime_ns(),
	};

	told.mss = report->finished ? find_mss(call->daemon, report->target) : call->old_mss;
	return probe_json(report, &told);
}

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct probe_call *call = userdata;

	(void)source;
	(void)usec;
	control_stream_end(call->stream, make_reply(call, &call->report, &call->hops));
	call_free(call);
	return 0;
}

/* The last reply comes when what was found is in force. */
static void settle(struct probe_call *call)
{
	uint64_t when_ns = call->report.end_ns + SETTLE_NS;

	if (sd_event_add_time(call->daemon->event, &call->settle, CLOCK_BOOTTIME, when_ns / 1000,
			      1000, on_settled, call) >= 0)
		return;
	control_stream_fail(call->stream, CONTROL_FAILED, NULL, "out of memory");
	call_free(call);
}

static void on_traced(const struct trace_result *result, void *userdata)
{
	struct probe_call *call = userdata;

	call->trace = NULL;
	call->hops = *result;
	settle(call);
}

/* The picture of the path is a courtesy: where it cannot be had the answer comes without, as where
 * this host sends nothing. */
static void begin_trace(struct probe_call *call)
{
	const struct probe_report *report = &call->report;
	const struct probe_target *target = &call->target;
	bool is_silent = report->result == PROBE_NO_ANSWER;
	bool narrow = !is_silent && report->mtu < target->assumed;
	struct probe_packet small = prober_packet_outside(target);

	small.udp = report->method[PROBE_OUTSIDE] == PROBE_UDP;
	small.size = target->way.destination.family == FAMILY_IPV6 ? PROBE_SIZE_MIN6 :
								     PROBE_SIZE_MIN4;
	call->hops.narrow_after = -1;
	if ((is_silent && report->refused_total > 0) ||
	    probe_trace_begin(call->daemon->event, model_prober(call->daemon->model), &small,
			      narrow ? report->mtu + 1 : 0, on_traced, call, &call->trace) < 0)
		settle(call);
}

/* Targets are the plan's, and borrowed: what is needed later is kept. */
static int keep_target(struct probe_call *call, const struct probe_target *from)
{
	probe_target_done(&call->target);
	call->target = *from;
	call->target.tunnel = strdup(from->tunnel);
	call->target.peer = strdup(from->peer);
	call->target.name = from->name ? strdup(from->name) : NULL;
	return call->target.tunnel && call->target.peer ? 0 : -ENOMEM;
}

static int keep_report(struct probe_call *call, const struct probe_report *report)
{
	call->report = *report;
	call->report.target = &call->target;
	return keep_target(call, report->target);
}

/* The run is gone: somebody else has begun anew, or there is nothing left to measure. */
static void tell_gone(struct probe_call *call)
{
	const struct probe_target *target = &call->target;
	struct prober *prober = model_prober(call->daemon->model);

	if (target->tunnel && probe_plan_find(prober_plan(prober), target->tunnel, target->peer,
					      &target->way.destination))
		control_stream_fail(call->stream, CONTROL_FAILED,
				    "wait for that one, or probe again",
				    "somebody else began to probe %s again", call->asked);
	else
		control_stream_fail(call->stream, CONTROL_NOT_FOUND, NULL,
				    "%s is not measured any more: its peer is gone, or has "
				    "another endpoint", call->asked);
	call_free(call);
}

static void on_told(const struct probe_report *report, void *userdata)
{
	struct probe_call *call = userdata;
	uint64_t now_ns = clock_boottime_ns();

	if (call->trace || call->settle)
		return;
	if (!report) {
		tell_gone(call);
		return;
	}
	if (!report->finished && now_ns - call->told_ns < TELL_EVERY_NS)
		return;
	call->told_ns = now_ns;
	if (!report->finished) {
		control_stream_reply(call->stream, make_reply(call, report, NULL));
		return;
	}
	if (keep_report(call, report) < 0) {
		control_stream_fail(call->stream, CONTROL_FAILED, NULL, "out of memory");
		call_free(call);
		return;
	}
	begin_trace(call);
}

static int begin_run(struct probe_call *call, struct probe_question *question,
		     const struct probe_run_options *options)
{
	struct prober *prober = model_prober(call->daemon->model);
	struct probe_plan *plan = prober_plan(prober);
	uint64_t now_ns = clock_boottime_ns();
	int r;

	if (question->target) {
		call->old_mss = find_mss(call->daemon, question->target);
		r = keep_target(call, question->target);
		if (r < 0)
			return r;
		r = probe_plan_run(plan, question->target->tunnel, question->target->peer,
				   &question->target->way.destination, options, now_ns,
				   &call->waiter.run);
	} else {
		call->by_itself = true;
		r = probe_plan_run_once(plan, &question->once, options, now_ns, &call->waiter.run);
		probe_target_done(&question->once);
	}
	return r;
}

static int read_number(struct control_call *control, json_t *parameters, const char *name,
		       json_int_t least, json_int_t most, json_int_t *ret_number)
{
	json_t *value = json_object_get(parameters, name);

	*ret_number = 0;
	if (!value || json_is_null(value))
		return 0;
	*ret_number = json_integer_value(value);
	if (*ret_number >= least && *ret_number <= most)
		return 0;
	control_fail(control, CONTROL_INVALID_ARGUMENT, NULL, "%s: must be %lld to %lld", name,
		     (long long)least, (long long)most);
	return -EINVAL;
}

static struct probe_call *call_new(struct control_call *control, struct daemon *daemon,
				   const char *asked)
{
	struct probe_call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->daemon = daemon;
	call->asked = strdup(asked);
	call->waiter.told = on_told;
	call->waiter.userdata = call;
	call->stream = call->asked ? control_stream_open(control, on_gone, call) : NULL;
	if (!call->stream) {
		free(call->asked);
		free(call);
		return NULL;
	}
	return call;
}

json_t *reply_probe(struct control_call *control, json_t *parameters, void *userdata)
{
	struct daemon *daemon = userdata;
	struct prober *prober = model_prober(daemon->model);
	const char *target = json_string_value(json_object_get(parameters, "target"));
	const char *asked = target ? target : "";
	struct probe_question question;
	struct probe_run_options options;
	struct probe_call *call;
	json_int_t most, tries;
	int r;

	if (read_number(control, parameters, "max", 68, 65535, &most) < 0 ||
	    read_number(control, parameters, "tries", 1, 20, &tries) < 0 ||
	    probe_question_read(control, asked, slot_current(model_slot(daemon->model)),
				model_views(daemon->model), prober_plan(prober), &question) < 0)
		return NULL;
	options = (struct probe_run_options){ (uint32_t)most, (unsigned int)tries };
	call = call_new(control, daemon, asked);
	if (!call) {
		probe_target_done(&question.once);
		return control_fail(control, CONTROL_FAILED, NULL, "out of memory");
	}
	prober_wait(prober, &call->waiter);
	r = begin_run(call, &question, &options);
	if (r < 0) {
		control_stream_fail(call->stream, CONTROL_FAILED, NULL,
				    "cannot begin to probe %s: %s", asked, strerror(-r));
		call_free(call);
		return NULL;
	}
	prober_wake(prober);
	return NULL;
}
