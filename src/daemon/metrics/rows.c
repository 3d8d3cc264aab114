/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/metrics/rows.h"

#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/array.h"
#include "base/clock.h"
#include "daemon/alerts/alert_table.h"
#include "daemon/alerts/alerts.h"
#include "daemon/daemon.h"
#include "daemon/firewall/guard.h"
#include "daemon/firewall/offloader.h"
#include "daemon/metrics/baseline.h"
#include "daemon/paths/prober.h"
#include "daemon/paths/prober_memory.h"
#include "edge/probe/snmp.h"
#include "proto/metrics.h"

static const char *status_text(const struct metrics_facts *facts, const char *key)
{
	return json_string_value(json_object_get(facts->status, key));
}

static void fill_build_info(struct exposition *out, const struct metrics_facts *facts)
{
	struct utsname kernel;

	if (uname(&kernel) < 0)
		kernel.release[0] = 0;
	exposition_count(out,
			 EXPOSITION_LABELS({ "version", VERSION }, { "kernel", kernel.release },
					   { "mode", status_text(facts, "mode") }),
			 1);
}

static void fill_up(struct exposition *out, const struct metrics_facts *facts)
{
	(void)facts;
	exposition_count(out, NULL, 1);
}

static void fill_start_time(struct exposition *out, const struct metrics_facts *facts)
{
	exposition_number(out, NULL,
			  (double)metrics_started_ns(facts->daemon->metrics) /
				  (double)NS_PER_SECOND);
}

static void fill_offload(struct exposition *out, const struct metrics_facts *facts)
{
	struct offload_counts counts;

	if (offloader_read_counts(facts->daemon->offloader, &counts) < 0)
		return;
	exposition_count(out, EXPOSITION_LABELS({ "way", "kernel" }), counts.totals[OFFLOAD_TAKEN]);
	exposition_count(out, EXPOSITION_LABELS({ "way", "queue" }), counts.totals[OFFLOAD_QUEUED]);
	offload_counts_done(&counts);
}

static void fill_fallback(struct exposition *out, const struct metrics_facts *facts)
{
	const char *fallback =
		json_string_value(json_object_get(json_object_get(facts->status, "checks"),
						  "fallback"));

	exposition_count(out, NULL, fallback && strcmp(fallback, "active") == 0);
}

static void put_queue(struct exposition *out, const struct queue_reading *queue, uint64_t value)
{
	char number[8];

	snprintf(number, sizeof(number), "%u", queue->number);
	exposition_count(out, EXPOSITION_LABELS({ "queue", number }), value);
}

static void fill_queue_packets(struct exposition *out, const struct metrics_facts *facts)
{
	for (size_t i = 0; i < facts->queue_count; i++)
		put_queue(out, &facts->queues[i], facts->queues[i].received);
}

static void fill_queue_depth(struct exposition *out, const struct metrics_facts *facts)
{
	for (size_t i = 0; i < facts->queue_count; i++) {
		if (facts->queues[i].known)
			put_queue(out, &facts->queues[i], facts->queues[i].depth);
	}
}

static void fill_queue_dropped(struct exposition *out, const struct metrics_facts *facts)
{
	for (size_t i = 0; i < facts->queue_count; i++) {
		if (facts->queues[i].known)
			put_queue(out, &facts->queues[i], facts->queues[i].dropped);
	}
}

static void fill_queue_fail_open(struct exposition *out, const struct metrics_facts *facts)
{
	for (size_t i = 0; i < facts->queue_count; i++) {
		if (facts->queues[i].known)
			put_queue(out, &facts->queues[i], facts->queues[i].fail_open);
	}
}

static void fill_reinstalled(struct exposition *out, const struct metrics_facts *facts)
{
	exposition_count(out, NULL, guard_reinstalled_total(facts->daemon->guard));
}

/* Where the rules are somebody else's nobody knows. */
static void fill_rules_ok(struct exposition *out, const struct metrics_facts *facts)
{
	enum firewall_state state = guard_state(facts->daemon->guard);

	if (state != FIREWALL_STATE_NONE)
		exposition_count(out, NULL, state == FIREWALL_STATE_OK &&
				 !guard_taken_before(facts->daemon->guard, 0));
}

static void fill_reload(struct exposition *out, const struct metrics_facts *facts)
{
	exposition_count(out, NULL, !facts->daemon->refusal.lasts);
}

/* Where nothing had to be kept so far nobody knows. */
static void fill_path_state(struct exposition *out, const struct metrics_facts *facts)
{
	const struct prober *prober = model_prober(facts->daemon->model);
	const struct path_memory_said *said = &prober_kept(prober)->said;

	if (prober_is_automatic(prober) && said->since_ns)
		exposition_count(out, NULL, said->error == 0);
}

static void fill_standstills(struct exposition *out, const struct metrics_facts *facts)
{
	exposition_count(out, NULL, facts->daemon->standstills.total);
}

static void fill_fragments(struct exposition *out, const struct metrics_facts *facts)
{
	uint64_t fragments = metrics_fragments(facts->daemon->metrics);

	if (fragments != SNMP_UNKNOWN)
		exposition_count(out, NULL, fragments);
}

static void fill_alerts(struct exposition *out, const struct metrics_facts *facts)
{
	for (size_t i = 0; i < alert_row_count; i++)
		exposition_count(out, EXPOSITION_LABELS({ "alert", alert_rows[i].name }),
				 alerts_is_firing(facts->daemon->alerts, i));
}

#define COUNTER EXPOSITION_COUNTER
#define GAUGE EXPOSITION_GAUGE
#define HISTOGRAM EXPOSITION_HISTOGRAM

const struct metrics_row metrics_rows[] = {
	{ { "mssclamp_build_info", GAUGE, "Always 1; the labels tell what runs." },
	  "version, kernel, mode", fill_build_info },
	{ { METRICS_UP, GAUGE, METRICS_UP_HELP }, "", fill_up },
	{ { "mssclamp_start_time_seconds", GAUGE, "When mssclampd started, seconds since 1970." },
	  "", fill_start_time },
	{ { "mssclamp_syn_packets_total", COUNTER,
	    "SYNs by what became of them. Each counts once: for the tunnel of the side that "
	    "decided, _none where that is no tunnel; from_tunnel where it came out of it." },
	  "tunnel, family, direction, result", metrics_fill_syns },
	{ { "mssclamp_left_alone_packets_total", COUNTER,
	    "Packets left alone, by the reason." },
	  "reason", metrics_fill_left_alone },
	{ { "mssclamp_offload_packets_total", COUNTER,
	    "In mode offload: SYNs that the kernel has done with by itself, and those it sent to "
	    "the queues. Only the latter are in mssclamp_syn_packets_total." },
	  "way", fill_offload },
	{ { "mssclamp_fallback_active", GAUGE,
	    "1 while the kernel clamps by route MTU because no worker does." },
	  "", fill_fallback },
	{ { "mssclamp_advertised_mss_bytes", HISTOGRAM, "The MSS that SYNs arrived with." },
	  "tunnel, family", metrics_fill_advertised },
	{ { "mssclamp_forwarded_mss_bytes", HISTOGRAM, "The MSS that SYNs left with." },
	  "tunnel, family", metrics_fill_forwarded },
	{ { "mssclamp_verdict_latency_seconds", HISTOGRAM,
	    "From reading a batch of packets to its verdicts; one batch in 16 is timed." },
	  "", metrics_fill_latency },
	{ { "mssclamp_queue_packets_total", COUNTER, "Packets that a worker took from its queue." },
	  "queue", fill_queue_packets },
	{ { "mssclamp_queue_depth_packets", GAUGE, "Packets that wait in a queue." },
	  "queue", fill_queue_depth },
	{ { "mssclamp_queue_dropped_packets_total", COUNTER,
	    "Packets that the kernel dropped at a queue." },
	  "queue", fill_queue_dropped },
	{ { "mssclamp_queue_fail_open_packets_total", COUNTER,
	    "SYNs that passed unchanged because a queue was full." },
	  "queue", fill_queue_fail_open },
	{ { "mssclamp_tunnel_path_mtu_bytes", GAUGE,
	    "Largest packet outside a tunnel; of its narrowest peer where they differ." },
	  "tunnel", metrics_fill_tunnel_path },
	{ { "mssclamp_peer_path_mtu_bytes", GAUGE,
	    "Largest packet outside, to a peer; of _other the smallest of all others." },
	  "tunnel, peer", metrics_fill_peer_path },
	{ { "mssclamp_peer_mss_bytes", GAUGE,
	    "Largest MSS left in SYNs to a peer; of _other the smallest of all others." },
	  "tunnel, peer, family", metrics_fill_peer_mss },
	{ { "mssclamp_probe_runs_total", COUNTER, "Measurements of a path, by their result." },
	  "result", metrics_fill_probe_runs },
	{ { "mssclamp_pmtu_hint_rejected_total", COUNTER,
	    "Path MTU exceptions of the kernel, towards the endpoint of any tunnel, that were not "
	    "believed." },
	  "reason", metrics_fill_hints_rejected },
	{ { "mssclamp_rules_reinstalled_total", COUNTER,
	    "Times that the firewall rules had to be put back." },
	  "", fill_reinstalled },
	{ { "mssclamp_rules_ok", GAUGE,
	    "1 where the live firewall rules are the expected ones, and none of somebody else is "
	    "known to take each SYN before them; absent with firewall = none." },
	  "", fill_rules_ok },
	{ { "mssclamp_config_last_reload_successful", GAUGE,
	    "1 where the last reload, or the start, put the configuration in force." },
	  "", fill_reload },
	{ { "mssclamp_path_state_ok", GAUGE,
	    "1 where path.state could be written the last time; absent while nothing had to be." },
	  "", fill_path_state },
	{ { "mssclamp_standstills_total", COUNTER,
	    "Times that mssclampd, or its control thread, stood still for 3 s or longer." },
	  "", fill_standstills },
	{ { "mssclamp_outer_fragments_total", COUNTER,
	    "Pieces of packets that this host made since mssclampd started, tunnel packets and "
	    "others." },
	  "", fill_fragments },
	{ { "mssclamp_alerts_firing", GAUGE, "1 while that alert of mssclampd fires." },
	  "alert", fill_alerts },
};

const size_t metrics_row_count = COUNT(metrics_rows);
