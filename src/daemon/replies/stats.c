/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums of what the workers count, and the answer to GetStats. */
#include <stdlib.h>

#include "base/clock.h"
#include "core/mss.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/replies/stats_counts.h"
#include "daemon/workers/queue_reading.h"
#include "daemon/workers/sums.h"
#include "proto/varlink.h"

static json_t *queue_json(struct workers *workers, size_t i)
{
	struct queue_reading reading = queue_reading_take(workers, i);

	return json_pack("{s:i, s:o, s:I, s:o, s:o, s:I}", "id", reading.number, "depth",
			 varlink_count(reading.known, reading.depth), "depth_peak",
			 (json_int_t)reading.depth_peak, "dropped_total",
			 varlink_count(reading.known, reading.dropped), "fail_open_total",
			 varlink_count(reading.known, reading.fail_open), "verdict_errors_total",
			 (json_int_t)reading.errors);
}

static json_t *queues_json(struct workers *workers)
{
	json_t *list = json_array();

	for (size_t i = 0; i < workers_count(workers); i++)
		json_array_append_new(list, queue_json(workers, i));
	return list;
}

static json_t *seconds_json(uint64_t ns)
{
	return json_real(clock_seconds(ns));
}

/* The upper border of the bucket where the share is reached, but never more than the longest. */
static json_t *quantile_json(const uint64_t buckets[LATENCY_BUCKETS], uint64_t total, double share,
			     uint64_t max_ns)
{
	uint64_t reached = 0;
	size_t i;

	for (i = 0; i < LATENCY_BUCKETS - 1; i++) {
		reached += buckets[i];
		if ((double)reached >= (double)total * share)
			break;
	}
	return seconds_json(latency_bucket_ns(i) < max_ns ? latency_bucket_ns(i) : max_ns);
}

static json_t *latency_json(const struct workers *workers)
{
	uint64_t buckets[LATENCY_BUCKETS] = { 0 }, total = 0, max_ns = 0;

	for (size_t i = 0; i < workers_count(workers); i++) {
		const struct counters *counters = workers_counters(workers, i);
		uint64_t longest = counter_read(&counters->latency_max_ns);

		for (size_t b = 0; b < LATENCY_BUCKETS; b++) {
			buckets[b] += counter_read(&counters->latency[b]);
			total += counter_read(&counters->latency[b]);
		}
		if (longest > max_ns)
			max_ns = longest;
	}
	if (total == 0)
		return json_pack("{s:n, s:n, s:n}", "p50", "p99", "max");
	return json_pack("{s:o, s:o, s:o}", "p50", quantile_json(buckets, total, 0.5, max_ns),
			 "p99", quantile_json(buckets, total, 0.99, max_ns), "max",
			 seconds_json(max_ns));
}

static json_t *netlink_json(const struct daemon *daemon)
{
	struct model_totals model = model_totals(daemon->model);
	uint64_t malformed = model.malformed, failed = 0;

	for (size_t i = 0; i < workers_count(daemon->workers); i++) {
		const struct counters *counters = workers_counters(daemon->workers, i);

		malformed += counter_read(&counters->malformed_messages);
		failed += counter_read(&counters->receive_errors);
	}
	return json_pack("{s:I, s:I, s:I}", "resyncs_total", (json_int_t)model.resyncs,
			 "malformed_total", (json_int_t)malformed, "receive_errors_total",
			 (json_int_t)failed);
}

static json_t *probes_json(const struct daemon *daemon)
{
	const struct prober *prober = model_prober(daemon->model);
	struct probe_totals totals = prober_totals(prober);
	json_t *runs = json_object(), *hints = json_object();

	for (enum probe_result result = 0; result < PROBE_RESULTS; result++)
		json_object_set_new(runs, probe_result_name(result),
				    json_integer((json_int_t)totals.runs[result]));
	for (enum hint_rejected reason = 0; reason < HINT_REASONS; reason++)
		json_object_set_new(hints, hint_rejected_name(reason),
				    json_integer((json_int_t)totals.hints_rejected[reason]));
	return json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:I}", "sent_total",
			 (json_int_t)totals.sent, "answered_total",
			 (json_int_t)totals.answered, "refused_total",
			 (json_int_t)totals.refused, "strangers_total",
			 (json_int_t)prober_strangers(prober), "runs_total", runs,
			 "hint_rejected_total", hints, "black_hole_paths",
			 (json_int_t)totals.black_holes);
}

json_t *reply_stats(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	struct stats_totals family[FAMILY_COUNT] = { 0 }, all = { 0 };

	(void)call;
	(void)parameters;
	for (size_t i = 0; i < workers_count(daemon->workers); i++) {
		const struct counters *counters = workers_counters(daemon->workers, i);

		stats_totals_add_counters(&family[FAMILY_IPV4], counters->result[FAMILY_IPV4]);
		stats_totals_add_counters(&family[FAMILY_IPV6], counters->result[FAMILY_IPV6]);
		all.result[SYN_NOT_IP] += counter_read(&counters->not_ip);
	}
	stats_totals_add(&all, family[FAMILY_IPV4].result);
	stats_totals_add(&all, family[FAMILY_IPV6].result);
	return json_pack("{s:i, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}}",
			 "schema", 1, "syn", stats_counts_json(&all), "ipv4",
			 stats_counts_json(&family[FAMILY_IPV4]), "ipv6",
			 stats_counts_json(&family[FAMILY_IPV6]), "retried_total",
			 (json_int_t)sums_retried(daemon->workers), "tunnels",
			 stats_tunnels_json(daemon), "no_tunnel", stats_no_tunnel_json(daemon),
			 "queues", queues_json(daemon->workers), "verdict_latency_seconds",
			 latency_json(daemon->workers), "netlink", netlink_json(daemon),
			 "probes", probes_json(daemon), "mss_histogram", "before",
			 stats_mss_json(daemon, MSS_BEFORE), "after",
			 stats_mss_json(daemon, MSS_AFTER));
}
