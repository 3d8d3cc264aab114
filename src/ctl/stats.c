/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <stdio.h>

#include "base/array.h"
#include "base/clock.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/mode.h"
#include "ctl/options/options.h"
#include "ctl/screen/bars.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"
#include "ctl/screen/table.h"
#include "ctl/stats_tunnels.h"

/* A row of the table of counters. */
static const struct {
	const char *label, *key;
	bool always; /* shown also where it is 0 */
} rows[] = {
	{ "SYN seen", "seen_total", true },
	{ "  clamped", "clamped_total", true },
	{ "  MSS added", "inserted_total", false },
	{ "  raised", "raised_total", false },
	{ "  dropped", "dropped_total", false },
	{ "  already small", "already_small_total", true },
	{ "  no MSS option", "no_mss_total", true },
	{ "  no limit", "no_limit_total", true },
	{ "  left alone", "left_alone_total", true },
};

/* A screen under way: this answer, the one before (NULL on the first turn) and the time between. */
struct screen {
	const struct ctl *ctl;
	const json_t *now, *before;
	double seconds;
	bool of_tunnel; /* the sums are those of one */
};

/* Counts of one object; under says that they are a list of reasons in it. */
static uint64_t count_of(const json_t *reply, const char *object, bool under, const char *key)
{
	const json_t *counts = json_object_get(reply, object);

	return field_count(under ? json_object_get(counts, "left_alone") : counts, key);
}

/* How many a second since the last turn; below 0 where that is unknown: also after a restart,
 * when the counters began anew. */
static double rate_of(const struct screen *screen, bool under, const char *key)
{
	uint64_t now = count_of(screen->now, "syn", under, key), before;

	if (!screen->before || screen->seconds <= 0)
		return -1;
	before = count_of(screen->before, "syn", under, key);
	return now < before ? -1 : (double)(now - before) / screen->seconds;
}

static void add_counts(const struct screen *screen, struct table *table, bool under,
		       const char *key)
{
	table_add(table, format_count(count_of(screen->now, "ipv4", under, key)).s);
	table_add(table, format_count(count_of(screen->now, "ipv6", under, key)).s);
	table_add(table, format_count(count_of(screen->now, "syn", under, key)).s);
	if (screen->ctl->every_ns)
		table_add(table, format_rate(rate_of(screen, under, key)).s);
}

/* The reasons for leaving a packet alone, each that happened. */
static void add_reasons(const struct screen *screen, struct table *table)
{
	json_t *reasons = json_object_get(json_object_get(screen->now, "syn"), "left_alone");
	const char *reason;
	json_t *count;

	json_object_foreach(reasons, reason, count) {
		char label[48];

		if (json_integer_value(count) <= 0)
			continue;
		snprintf(label, sizeof(label), "    %s", reason);
		table_add_clean(table, label, screen->ctl->utf8);
		add_counts(screen, table, true, reason);
	}
}

static int print_table(const struct ctl *ctl, struct table *table)
{
	int r = table_print(table, stdout, ctl->width, output_paint(ctl, PAINT_BOLD),
			    output_paint(ctl, PAINT_END));

	table_done(table);
	return r;
}

static int print_counters(const struct screen *screen)
{
	static const struct table_column columns[] = {
		{ "", false, 0 }, { "IPv4", true, 0 }, { "IPv6", true, 0 },
		{ "total", true, 0 }, { "/s", true, 0 },
	};
	struct table table;

	table_init(&table, columns, screen->ctl->every_ns ? 5 : 4);
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!rows[i].always && !count_of(screen->now, "syn", false, rows[i].key))
			continue;
		table_add(&table, rows[i].label);
		add_counts(screen, &table, false, rows[i].key);
	}
	add_reasons(screen, &table);
	return print_table(screen->ctl, &table);
}

static int print_queues(const struct ctl *ctl, const json_t *queues)
{
	static const struct table_column columns[] = {
		{ "Queue", true, 0 },   { "depth", true, 0 },     { "peak", true, 0 },
		{ "dropped", true, 0 }, { "fail-open", true, 0 }, { "verdict errors", true, 1 },
	};
	static const char *const keys[] = {
		"depth", "depth_peak", "dropped_total", "fail_open_total", "verdict_errors_total",
	};
	struct table table;

	if (!json_array_size(queues))
		return 0;
	table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < json_array_size(queues); i++) {
		const json_t *queue = json_array_get(queues, i);

		table_add(&table, format_field_bytes(queue, "id").s);
		for (size_t k = 0; k < COUNT(keys); k++)
			table_add(&table, format_json_count(json_object_get(queue, keys[k])).s);
	}
	putchar('\n');
	return print_table(ctl, &table);
}

static void print_latency(const json_t *latency)
{
	printf("Latency of a verdict: p50 %s, p99 %s, max %s\n",
	       format_json_latency(json_object_get(latency, "p50")).s,
	       format_json_latency(json_object_get(latency, "p99")).s,
	       format_json_latency(json_object_get(latency, "max")).s);
}

/* Nothing, where every SYN came once. */
static void print_retried(const json_t *reply)
{
	uint64_t retried = field_count(reply, "retried_total");

	if (retried)
		printf("Sent again by who got no answer: %s of %s SYNs\n", format_count(retried).s,
		       format_count(count_of(reply, "syn", false, "seen_total")).s);
}

/* Nothing, where no path was measured. */
static void print_probes(const json_t *probes)
{
	const json_t *runs = json_object_get(probes, "runs_total");
	const json_t *hints = json_object_get(probes, "hint_rejected_total");

	if (!field_count(probes, "sent_total"))
		return;
	printf("Probes: %s sent, %s answered; paths with a black hole now: %s\n",
	       format_json_count(json_object_get(probes, "sent_total")).s,
	       format_json_count(json_object_get(probes, "answered_total")).s,
	       format_json_count(json_object_get(probes, "black_hole_paths")).s);
	printf("  measurements: %s ok, %s black holes, %s unanswered\n",
	       format_json_count(json_object_get(runs, "ok")).s,
	       format_json_count(json_object_get(runs, "black_hole")).s,
	       format_json_count(json_object_get(runs, "no_answer")).s);
	if (field_count(hints, "contradicted") || field_count(hints, "no_answer") ||
	    field_count(hints, "below_floor"))
		printf("PMTU exceptions not believed: %s contradicted, %s unanswered, %s below "
		       "the floor\n",
		       format_json_count(json_object_get(hints, "contradicted")).s,
		       format_json_count(json_object_get(hints, "no_answer")).s,
		       format_json_count(json_object_get(hints, "below_floor")).s);
}

static int print_stats_of_tunnel(const struct screen *screen)
{
	if (print_counters(screen) < 0 ||
	    stats_tunnels_print_directions(screen->ctl, screen->now) < 0)
		return output_fail(screen->ctl, CTL_FAILED, NULL, "stats: out of memory");
	stats_tunnels_print_mss(screen->ctl, screen->now);
	return CTL_OK;
}

static int print_stats(const struct screen *screen)
{
	const json_t *histogram = json_object_get(screen->now, "mss_histogram");
	enum ctl_mode mode = mode_ask(screen->ctl);

	if (mode == CTL_MODE_AUDIT)
		puts("Audit mode: nothing is changed; \"clamped\" counts what would be clamped.\n");
	if (mode == CTL_MODE_OFFLOAD)
		puts("Mode offload: these are the queue's SYNs; the kernel's: mssclampctl "
		     "offload\n");
	if (screen->of_tunnel)
		return print_stats_of_tunnel(screen);
	if (print_counters(screen) < 0 ||
	    stats_tunnels_print(screen->ctl, screen->now) < 0 ||
	    print_queues(screen->ctl, json_object_get(screen->now, "queues")) < 0)
		return output_fail(screen->ctl, CTL_FAILED, NULL, "stats: out of memory");
	print_latency(json_object_get(screen->now, "verdict_latency_seconds"));
	print_retried(screen->now);
	print_probes(json_object_get(screen->now, "probes"));
	if (json_array_size(json_object_get(histogram, "before")) ||
	    json_array_size(json_object_get(histogram, "after")))
		putchar('\n');
	bars_print(screen->ctl, json_object_get(histogram, "before"),
		   json_object_get(histogram, "after"));
	stats_tunnels_print_mss(screen->ctl, screen->now);
	return CTL_OK;
}

int command_stats(const struct ctl *ctl, int argc, char **argv)
{
	const char *tunnel = options_value(argv, "--tunnel");
	struct ctl_memory *memory = ctl->memory;
	uint64_t now_ns;
	json_t *reply;
	int code;

	(void)argc;
	code = client_call(ctl, "GetStats", NULL, &reply);
	if (!reply)
		return code;
	if (tunnel && stats_tunnels_keep(reply, tunnel) < 0) {
		json_decref(reply);
		return output_fail(ctl, CTL_NOT_FOUND, "mssclampctl tunnels lists what there is.",
				   "stats: there is no tunnel %s", tunnel);
	}
	if (tunnel && !ctl->json && stats_tunnels_narrow(reply) < 0) {
		json_decref(reply);
		return output_fail(ctl, CTL_FAILED, NULL, "stats: out of memory");
	}
	now_ns = clock_boottime_ns();
	if (ctl->json)
		output_json(ctl, reply);
	else
		code = print_stats(&(struct screen){
			.ctl = ctl,
			.now = reply,
			.before = memory->last,
			.seconds = clock_seconds(now_ns - memory->last_ns),
			.of_tunnel = tunnel != NULL,
		});
	json_decref(memory->last);
	memory->last = reply;
	memory->last_ns = now_ns;
	return code;
}
