/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to GetStatus. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/remedy.h"
#include "base/text.h"
#include "daemon/alerts/alerts.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/firewall/fallback.h"
#include "daemon/firewall/guard.h"
#include "daemon/firewall/offloader.h"
#include "daemon/firewall/way.h"
#include "daemon/replies/status_lately.h"
#include "daemon/tries/tries.h"
#include "daemon/workers/worker_state.h"
#include "proto/varlink.h"

#define LATELY_NS (10 * 60 * NS_PER_SECOND)

static const char *const rule_problems[] = {
	[FIREWALL_STATE_OK] = NULL,
	[FIREWALL_STATE_MISSING] = "the firewall rules are missing: no SYN is sent to the queues",
	[FIREWALL_STATE_DIFFERENT] = "the firewall rules differ from what is expected",
	[FIREWALL_STATE_NONE] = NULL,
};

static const char *mode_name(const struct daemon *daemon)
{
	if (offloader_state(daemon->offloader) == OFFLOADER_ACTIVE)
		return "offload";
	return way_mode(daemon);
}

static bool has_seen_syn(const struct workers *workers)
{
	for (size_t i = 0; i < workers_count(workers); i++) {
		const struct counters *counters = workers_counters(workers, i);

		if (counter_read(&counters->received) > counter_read(&counters->checks))
			return true;
	}
	return false;
}

/* true, false (the rules counted SYNs and no worker saw any) or null. */
static json_t *sees_syns_json(const struct daemon *daemon, bool *ret_blind)
{
	struct offload_counts counts;
	uint64_t syns, ignored;

	*ret_blind = false;
	if (has_seen_syn(daemon->workers))
		return json_true();
	if (offloader_read_counts(daemon->offloader, &counts) == 0) {
		syns = counts.totals[OFFLOAD_QUEUED]; /* those that it takes reach no worker */
		offload_counts_done(&counts);
	} else if (guard_read_new_counts(daemon->guard, &syns, &ignored) < 0) {
		return json_null();
	}
	*ret_blind = syns > 0;
	return *ret_blind ? json_false() : json_null();
}

static void add_text(json_t *list, const char *text)
{
	if (text)
		json_array_append_new(list, varlink_string(text));
}

static void add_fallback(json_t *warnings, const struct fallback *fallback)
{
	bool is_off = fallback_state(fallback) == FALLBACK_OFF;
	char text[512];

	if (!fallback_problem(fallback))
		return;
	snprintf(text, sizeof(text), "%s: %s", is_off ?
		 "nothing clamps while mssclampd is gone" : "the kernel clamps by route MTU now",
		 fallback_problem(fallback));
	add_text(warnings, text);
}

static void add_lost_helpers(json_t *warnings, const struct helpers *helpers, bool is_told)
{
	if (!is_told && helper_is_lost(&helpers->iptables))
		add_text(warnings, "clamp-iptables, which runs iptables for mssclampd, is gone; "
				   REMEDY_RESTART);
	if (helper_is_lost(&helpers->facts))
		add_text(warnings, "clamp-facts, which starts mssclamp-facts, is gone; "
				   REMEDY_RESTART);
}

static size_t count_peers(const struct tunnel_views *views)
{
	size_t count = 0;

	for (size_t i = 0; i < views->count; i++)
		count += views->list[i].peer_count;
	return count;
}

/* Those that queues.per_source keeps from the queue are in no other count of this screen. Told for
 * as long as the number has moved lately, as far as anybody has asked. */
static void add_over_limit(json_t *warnings, struct daemon *daemon, uint64_t now_ns)
{
	char text[160];
	uint64_t total, count;

	if (!commands_read_over_limit(daemon, &total, &count))
		return;
	if (count > daemon->over_limit_seen)
		daemon->over_limit_ns = now_ns;
	daemon->over_limit_seen = count;
	if (count == 0 || now_ns - daemon->over_limit_ns >= LATELY_NS)
		return;
	snprintf(text, sizeof(text), "queues.per_source: %" PRIu64 " SYNs came faster from one "
		 "source and passed unchanged; if those are no flood, raise it", count);
	add_text(warnings, text);
}

/* Where the rules stand, and each SYN goes another way. */
static json_t *taken_before_json(const struct guard *guard, json_t *problems)
{
	json_t *list = json_array();
	char text[512], more[TEXT_MORE_MAX];
	size_t count = 0;

	for (; guard_taken_before(guard, count); count++)
		json_array_append_new(list, varlink_string(guard_taken_before(guard, count)));
	if (count > 0) {
		snprintf(text, sizeof(text), "a rule of somebody else takes each SYN before ours "
			 "do: %.256s%s; \"mssclampctl doctor\" tells more (MSS031)",
			 guard_taken_before(guard, 0), text_and_more(count, more));
		add_text(problems, text);
	}
	return list;
}

json_t *reply_status(struct control_call *call, json_t *parameters, void *userdata)
{
	struct daemon *daemon = userdata;
	const struct tunnel_views *views = model_views(daemon->model);
	uint64_t now_ns = clock_boottime_ns();
	enum worker_state workers = workers_check(daemon->workers);
	json_t *problems = json_array(), *warnings = json_array(), *sees_syns, *taken;
	const char *no_limit = guard_no_limit(daemon->guard);
	char *error = NULL, offload[512], limit[512], queues[WORKER_STATE_MAX];
	bool blind;

	(void)call;
	(void)parameters;
	if (guard_check(daemon->guard, false, NULL, &error) < 0)
		add_text(problems, error);
	add_lost_helpers(warnings, &daemon->helpers, error != NULL);
	free(error);
	sees_syns = sees_syns_json(daemon, &blind);
	add_text(problems, rule_problems[guard_state(daemon->guard)]);
	taken = taken_before_json(daemon->guard, problems);
	if (workers != WORKER_OK)
		add_text(problems, worker_state_say(daemon->workers, workers, queues));
	if (blind)
		add_text(problems, "the rules count SYNs, but none reaches a worker");
	if (workers_refused(daemon->workers))
		add_text(problems, "the kernel has refused verdicts; the log tells more");
	if (offloader_state(daemon->offloader) == OFFLOADER_FAILED) {
		snprintf(offload, sizeof(offload), "offload is not active, every SYN goes through "
			 "the queue: %s", offloader_why(daemon->offloader));
		add_text(warnings, offload);
	}
	if (!no_limit)
		no_limit = offloader_no_limit(daemon->offloader);
	if (no_limit) {
		snprintf(limit, sizeof(limit), "queues.per_source is not in force, all SYNs are "
			 "sent to the queue: %s", no_limit);
		add_text(warnings, limit);
	}
	add_over_limit(warnings, daemon, now_ns);
	add_text(problems, way_problem(daemon));
	add_text(warnings, way_warning(daemon));
	add_fallback(warnings, daemon->fallback);
	add_text(warnings, model_warning(daemon->model));
	tries_warn(daemon->tries, NULL, warnings);
	return status_lately(daemon, json_pack(
			 "{s:i, s:s, s:{s:s, s:s, s:o, s:s}, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:I, s:I, s:s, s:s, s:f}",
			 "schema", 1, "state", json_array_size(problems) ? "degraded" : "running",
			 "checks", "rules", firewall_state_name(guard_state(daemon->guard)),
			 "queues", worker_state_name(workers), "sees_syns", sees_syns, "fallback",
			 fallback_state_name(fallback_state(daemon->fallback)), "fallback_reason",
			 varlink_string_or_null(fallback_reason(daemon->fallback)),
			 "problems", problems,
			 "warnings", warnings, "alerts", alerts_json(daemon->alerts),
			 "alerts_settled", alerts_settled_json(daemon->alerts),
			 "queues_taken", worker_state_taken(daemon->workers), "taken_before", taken,
			 "tunnels",
			 (json_int_t)views->count, "peers", (json_int_t)count_peers(views), "mode",
			 mode_name(daemon), "version", VERSION, "uptime_seconds",
			 clock_seconds(now_ns - daemon->start_ns)));
}
