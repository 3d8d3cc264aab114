/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums of what the workers count, and the answer to GetStats. */
#include <stdlib.h>

#include "base/clock.h"
#include "core/mss.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "edge/queue.h"

/* Values a histogram lists: only forged SYNs ever bring more. */
#define HISTOGRAM_ROWS_MAX 1000

/* Results by enum syn_result. */
struct totals {
	uint64_t result[SYN_RESULT_COUNT];
};

static void totals_add(struct totals *into, const struct totals *from)
{
	for (size_t i = 0; i < SYN_RESULT_COUNT; i++)
		into->result[i] += from->result[i];
}

static void totals_add_counters(struct totals *into, const counter from[SYN_RESULT_COUNT])
{
	for (size_t i = 0; i < SYN_RESULT_COUNT; i++)
		into->result[i] += counter_read(&from[i]);
}

static uint64_t totals_seen(const struct totals *totals)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < SYN_RESULT_COUNT; i++)
		seen += totals->result[i];
	return seen;
}

static bool is_left_alone(enum syn_result result)
{
	return result >= SYN_LEFT_ALONE_FIRST;
}

/* COUNTS of the interface: each result by its name, the reasons for leaving alone in a map. */
static json_t *counts_json(const struct totals *totals)
{
	json_t *counts = json_object(), *reasons = json_object();
	uint64_t left_alone = 0;
	char key[40];

	for (enum syn_result i = 0; i < SYN_RESULT_COUNT; i++) {
		json_t *value = json_integer((json_int_t)totals->result[i]);

		if (is_left_alone(i)) {
			left_alone += totals->result[i];
			json_object_set_new(reasons, syn_result_name(i), value);
		} else {
			snprintf(key, sizeof(key), "%s_total", syn_result_name(i));
			json_object_set_new(counts, key, value);
		}
	}
	json_object_set_new(counts, "seen_total",
			    json_integer((json_int_t)totals_seen(totals)));
	json_object_set_new(counts, "left_alone_total", json_integer((json_int_t)left_alone));
	json_object_set_new(counts, "left_alone", reasons);
	return counts;
}

static struct totals sum_tunnel(const struct workers *workers, uint32_t id)
{
	struct totals totals = { 0 };

	for (size_t i = 0; i < workers_count(workers); i++) {
		const struct tunnel_chunk *chunk =
			workers_counters(workers, i)->tunnel[id / TUNNEL_CHUNK];
		const struct tunnel_counters *cell = &chunk->tunnel[id % TUNNEL_CHUNK];

		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			totals_add_counters(&totals, cell->result[family][SIDE_IN]);
			totals_add_counters(&totals, cell->result[family][SIDE_OUT]);
		}
	}
	return totals;
}

/* A tunnel that is gone stays as long as it has something to tell. */
static json_t *tunnels_json(const struct daemon *daemon)
{
	const struct tunnels *tunnels = model_tunnels(daemon->model);
	json_t *list = json_array();

	for (size_t i = 0; i < tunnels_count(tunnels); i++) {
		const struct tunnel *tunnel = tunnels_at(tunnels, i);
		struct totals totals = sum_tunnel(daemon->workers, tunnel->id);
		json_t *counts;

		if (!tunnel->present && totals_seen(&totals) == 0)
			continue;
		counts = counts_json(&totals);
		json_object_set_new(counts, "name", json_string(tunnel->name));
		json_array_append_new(list, counts);
	}
	return list;
}

/* Ids behind the last one that came, less those that wait. Under traffic /proc and the worker are
 * never at the same packet: a worker that is ahead makes it negative. */
static uint64_t lost_behind(const struct counters *counters, const struct queue_proc *proc)
{
	int64_t tail = (int32_t)(proc->id_sequence - (uint32_t)counter_read(&counters->last_id));

	tail -= proc->depth;
	return tail > 0 ? (uint64_t)tail : 0;
}

/* Each packet the kernel tried to deliver used up an id. Ids that never came, and do not wait, were
 * passed by fail-open: holes between those that came, and the tail behind the last. The tail is
 * believed when it stands still: the kernel gives an id before it counts the packet as waiting. */
static uint64_t fail_open_total(const struct counters *counters, uint16_t number,
				const struct queue_proc *proc)
{
	uint64_t gaps = counter_read(&counters->id_gaps), lost = lost_behind(counters, proc);
	struct queue_proc again;

	if (lost == 0 || queue_read_proc(number, &again) < 0 ||
	    again.id_sequence != proc->id_sequence || lost_behind(counters, &again) != lost)
		lost = 0;
	return gaps + lost;
}

static json_t *queue_json(struct workers *workers, size_t i)
{
	const struct counters *counters = workers_counters(workers, i);
	uint16_t number = workers_queue(workers, i);
	uint64_t peak = counter_read(&counters->depth_peak);
	uint64_t errors = counter_read(&counters->verdict_errors) +
			  counter_read(&counters->send_errors);
	struct queue_proc proc;
	uint64_t fail_open;

	if (queue_read_proc(number, &proc) < 0)
		return json_pack("{s:i, s:n, s:I, s:n, s:n, s:I}", "id", number, "depth",
				 "depth_peak", (json_int_t)peak, "dropped_total", "fail_open_total",
				 "verdict_errors_total", (json_int_t)errors);
	if (proc.depth > peak)
		peak = proc.depth;
	fail_open = fail_open_total(counters, number, &proc);
	return json_pack("{s:i, s:I, s:I, s:I, s:I, s:I}", "id", number, "depth",
			 (json_int_t)proc.depth, "depth_peak", (json_int_t)peak, "dropped_total",
			 (json_int_t)proc.dropped, "fail_open_total",
			 (json_int_t)workers_note_fail_open(workers, i, fail_open),
			 "verdict_errors_total", (json_int_t)errors);
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
	return json_real((double)ns / (double)NS_PER_SECOND);
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

struct mss_count {
	uint32_t mss;
	uint64_t count;
};

static int compare_counts(const void *a, const void *b)
{
	const struct mss_count *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->mss < y->mss ? 1 : -1;
}

/* Most frequent first. before: the MSS that arrived, else the one that left. */
static json_t *histogram_json(const struct workers *workers, bool before)
{
	struct mss_count *rows = calloc(MSS_MAX + 1, sizeof(*rows));
	json_t *list = json_array();
	size_t count = 0;

	for (uint32_t mss = 0; rows && mss <= MSS_MAX; mss++) {
		uint64_t sum = 0;

		for (size_t i = 0; i < workers_count(workers); i++) {
			const struct counters *counters = workers_counters(workers, i);
			const counter *cells = before ? counters->before : counters->after;

			sum += counter_read(&cells[mss]);
		}
		if (sum)
			rows[count++] = (struct mss_count){ .mss = mss, .count = sum };
	}
	if (count > 1)
		qsort(rows, count, sizeof(*rows), compare_counts);
	for (size_t i = 0; i < count && i < HISTOGRAM_ROWS_MAX; i++)
		json_array_append_new(list, json_pack("{s:i, s:I}", "mss_bytes", (int)rows[i].mss,
						      "count", (json_int_t)rows[i].count));
	free(rows);
	return list;
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
	return json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}", "sent_total", (json_int_t)totals.sent,
			 "answered_total", (json_int_t)totals.answered, "refused_total",
			 (json_int_t)totals.refused, "strangers_total",
			 (json_int_t)prober_strangers(prober), "runs_total", runs,
			 "hint_rejected_total", hints);
}

json_t *reply_stats(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	struct totals family[FAMILY_COUNT] = { 0 }, all = { 0 };

	(void)call;
	(void)parameters;
	for (size_t i = 0; i < workers_count(daemon->workers); i++) {
		const struct counters *counters = workers_counters(daemon->workers, i);

		totals_add_counters(&family[FAMILY_IPV4], counters->result[FAMILY_IPV4]);
		totals_add_counters(&family[FAMILY_IPV6], counters->result[FAMILY_IPV6]);
		all.result[SYN_NOT_IP] += counter_read(&counters->not_ip);
	}
	totals_add(&all, &family[FAMILY_IPV4]);
	totals_add(&all, &family[FAMILY_IPV6]);
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}}", "schema", 1,
			 "syn", counts_json(&all), "ipv4", counts_json(&family[FAMILY_IPV4]),
			 "ipv6", counts_json(&family[FAMILY_IPV6]), "tunnels", tunnels_json(daemon),
			 "queues", queues_json(daemon->workers), "verdict_latency_seconds",
			 latency_json(daemon->workers), "netlink", netlink_json(daemon),
			 "probes", probes_json(daemon), "mss_histogram", "before",
			 histogram_json(daemon->workers, true), "after",
			 histogram_json(daemon->workers, false));
}
