/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/report_json.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/clock.h"
#include "ctl/options/ctl.h"
#include "ctl/trace/flow_explain.h"
#include "proto/varlink.h"

#define TEXT_MAX 512 /* bytes of a sentence */

static json_t *count(uint64_t number)
{
	return json_integer((json_int_t)number);
}

/* RFC 3339, to the nanosecond. */
static json_t *time_to_json(uint64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_SECOND);
	char day[32], text[64];
	struct tm tm;

	if (ns == 0 || !gmtime_r(&seconds, &tm))
		return json_null();
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%09uZ", day, (unsigned int)(ns % NS_PER_SECOND));
	return json_string(text);
}

static json_t *address_to_json(enum family family, const uint8_t address[16])
{
	char text[INET6_ADDRSTRLEN];

	if (!inet_ntop(family == FAMILY_IPV4 ? AF_INET : AF_INET6, address, text, sizeof(text)))
		return json_null();
	return json_string(text);
}

static void set_ends(json_t *object, const struct trace_ends *ends)
{
	json_object_set_new(object, "src", address_to_json(ends->family, ends->source));
	json_object_set_new(object, "src_port", json_integer(ends->sport));
	json_object_set_new(object, "dst", address_to_json(ends->family, ends->destination));
	json_object_set_new(object, "dst_port", json_integer(ends->dport));
	json_object_set_new(object, "family",
			    json_string(ends->family == FAMILY_IPV4 ? "ipv4" : "ipv6"));
}

static json_t *syn_to_json(const struct report_syn *syn)
{
	json_t *object = json_object();

	json_object_set_new(object, "time", time_to_json(syn->time_ns));
	set_ends(object, &syn->ends);
	json_object_set_new(object, "flags",
			    json_string(syn->flags & TRACE_ACK ? "SYN-ACK" : "SYN"));
	json_object_set_new(object, "mss_bytes", varlink_count(syn->has_mss, syn->mss));
	return object;
}

static json_t *syns_to_json(const struct report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->syns.listed; i++)
		json_array_append_new(list, syn_to_json(&report->syns.list[i]));
	return list;
}

/* The most frequent value that is not listed yet, by value where they are alike; 0: none. */
static uint32_t next_frequent(uint64_t *const times_of[2], uint64_t last, uint32_t last_mss)
{
	uint64_t best = 0;
	uint32_t found = UINT32_MAX;

	for (uint32_t mss = 0; mss <= UINT16_MAX; mss++) {
		uint64_t times = times_of[0][mss] + times_of[1][mss];

		if (times > best && (times < last || (times == last && mss > last_mss))) {
			best = times;
			found = mss;
		}
	}
	return found;
}

/* The values, the most frequent first; at most a hundred, which is more than there are. */
static json_t *histogram_to_json(uint64_t *syn_times, uint64_t *answer_times)
{
	uint64_t *const times_of[2] = { syn_times, answer_times };
	json_t *list = json_array();
	uint64_t last = UINT64_MAX;
	uint32_t mss = 0;

	while (json_array_size(list) < 100 &&
	       (mss = next_frequent(times_of, last, mss)) != UINT32_MAX) {
		uint64_t syns = syn_times[mss], answers = answer_times[mss];

		last = syns + answers;
		json_array_append_new(list, json_pack("{s:I, s:o, s:o, s:o}", "mss_bytes",
						      (json_int_t)mss, "count", count(last),
						      "syns_total", count(syns), "syn_acks_total",
						      count(answers)));
	}
	return list;
}

/* How often the MSS went from one value to another between two places of the capture. */
static json_t *changes_to_json(const struct report_syns *syns)
{
	json_t *list = json_array();

	for (size_t i = 0; i < 2 * REPORT_CHANGES; i++) {
		const struct report_syn_kind *kind = &syns->kinds[i / REPORT_CHANGES];
		const struct report_change *change = &kind->changes[i % REPORT_CHANGES];

		if (i % REPORT_CHANGES >= kind->change_count || change->count == 0)
			continue;
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o}", "flags",
						      i < REPORT_CHANGES ? "SYN" : "SYN-ACK",
						      "before_bytes",
						      varlink_count(change->from != SIDE_NO_MSS,
								    change->from), "after_bytes",
						      varlink_count(change->to != SIDE_NO_MSS,
								    change->to), "count",
						      count(change->count)));
	}
	return list;
}

static json_t *clamping_to_json(const struct report *report)
{
	char why[TEXT_MAX];
	enum report_clamp seen = report_judge_clamping(report, why, sizeof(why));

	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "seen",
			 seen == CLAMP_CANT_TELL ? json_null() : json_boolean(seen == CLAMP_SEEN),
			 "why", why, "largest_mss_bytes",
			 varlink_count(report->syns.largest_mss > 0, report->syns.largest_mss),
			 "oversize_for_limit_total",
			 varlink_count(report->limit > 0, report->syns.over_limit), "changes",
			 changes_to_json(&report->syns), "unchanged_syns_total",
			 count(report->syns.kinds[0].stayed), "unchanged_syn_acks_total",
			 count(report->syns.kinds[1].stayed));
}

static json_t *icmp_to_json(const struct report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->icmp_listed; i++) {
		const struct report_icmp *icmp = &report->icmp[i];
		json_t *object = json_object();

		json_object_set_new(object, "time", time_to_json(icmp->time_ns));
		json_object_set_new(object, "from",
				    address_to_json(icmp->from.family, icmp->from.source));
		set_ends(object, &icmp->about);
		json_object_set_new(object, "mtu_bytes", count(icmp->mtu));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *sizes_to_json(const struct report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < REPORT_SIZES; i++) {
		const struct report_size *size = &report->sizes[i];

		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o}", "from_bytes",
						      count(size->from), "to_bytes",
						      varlink_count(i + 1 < REPORT_SIZES, size->to),
						      "sent_total", count(size->sent),
						      "retransmitted_total", count(size->resent)));
	}
	return list;
}

static json_t *side_to_json(const struct trace_flow *flow, unsigned int which)
{
	const struct trace_side *side = &flow->side[which];

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "mss_bytes",
			 varlink_count(side->has_mss, side->mss), "packets_total",
			 count(side->packets), "payload_bytes", count(side->payload_bytes),
			 "retransmissions_total", count(side->retransmitted), "reordered_total",
			 count(side->reordered), "largest_packet_bytes",
			 varlink_count(side->packets > 0, side->largest_packet),
			 "largest_acknowledged_payload_bytes",
			 varlink_count(side->acked_known, side->passed), "icmp_too_big_total",
			 count(flow->too_big[which]));
}

/* What does not pass, of flows that stand. */
static json_t *stuck_to_json(const struct flow_finding *finding)
{
	if (finding->verdict < FLOW_GAP)
		return json_null();
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:f}", "sent_by",
			 finding->side == 0 ? "src" : "dst", "packet_bytes",
			 varlink_count(finding->packet > 0, finding->packet), "payload_bytes",
			 varlink_count(finding->payload > 0, finding->payload), "sent_total",
			 varlink_count(finding->sent > 0, finding->sent), "missing_bytes",
			 varlink_count(finding->missing > 0, finding->missing), "seconds",
			 finding->seconds);
}

static json_t *flow_to_json(const struct report_flow *entry)
{
	const struct trace_flow *flow = &entry->flow;
	json_t *object = json_object();
	char evidence[TEXT_MAX];

	flow_explain(flow, &entry->finding, evidence, sizeof(evidence));
	set_ends(object, &flow->ends);
	json_object_set_new(object, "first_time", time_to_json(flow->first_ns));
	json_object_set_new(object, "seconds",
			    json_real(clock_seconds(flow->last_ns - flow->first_ns)));
	json_object_set_new(object, "verdict",
			    json_string(flow_verdict_name(entry->finding.verdict)));
	json_object_set_new(object, "evidence",
			    evidence[0] ? json_string(evidence) : json_null());
	json_object_set_new(object, "stuck", stuck_to_json(&entry->finding));
	json_object_set_new(object, "from_src", side_to_json(flow, 0));
	json_object_set_new(object, "from_dst", side_to_json(flow, 1));
	return object;
}

static json_t *flows_to_json(const struct report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->flow_listed; i++)
		json_array_append_new(list, flow_to_json(&report->flows[i]));
	return list;
}

static json_t *verdicts_to_json(const struct report *report)
{
	json_t *object = json_object();

	for (int i = 0; i < FLOW_VERDICT_COUNT; i++)
		json_object_set_new(object, flow_verdict_name((enum flow_verdict)i),
				    count(report->verdicts[i]));
	return object;
}

static void set_counts(json_t *object, const struct report *report)
{
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{ "packets_total", report->packets },
		{ "bytes_total", report->bytes },
		{ "tcp_packets_total", report->tcp_packets },
		{ "not_ip_total", report->not_ip },
		{ "unknown_link_type_total", report->unknown_link },
		{ "snapped_total", report->snapped },
		{ "without_time_total", report->without_time },
		{ "captured_twice_total", report->seen_twice },
		{ "in_tunnels_total", report->in_tunnels },
		{ "offloaded_packets_total", report->offloaded },
		{ "offloaded_unsized_total", report->unsized },
		{ "fragments_total", report->fragments },
		{ "retransmissions_total", report->retransmitted },
		{ "reordered_total", report->reordered },
		{ "icmp_too_big_total", report->too_big },
		{ "syns_total", report->syns.count },
		{ "syns_left_out_total", report->syns.count - report->syns.listed },
		{ "no_mss_total", report->syns.no_mss },
		{ "flows_total", report->table.seen },
		{ "flows_left_out_total", report->table.seen - report->flow_listed },
		{ "flows_pushed_out_total", report->table.pushed_out },
	};

	for (size_t i = 0; i < COUNT(counts); i++)
		json_object_set_new(object, counts[i].name, count(counts[i].value));
	json_object_set_new(object, "limit_bytes", varlink_count(report->limit, report->limit));
	json_object_set_new(object, "oversize_packets_total",
			    varlink_count(report->limit, report->oversize));
	json_object_set_new(object, "largest_packet_bytes",
			    varlink_count(report->largest_packet, report->largest_packet));
}

json_t *report_to_json(const struct report *report, const struct report_source *source)
{
	const struct report_syn_kind *kinds = report->syns.kinds;
	json_t *object = json_object();

	if (!object)
		return NULL;
	json_object_set_new(object, "schema", json_integer(CTL_SCHEMA));
	json_object_set_new(object, "file", varlink_string(source->file));
	json_object_set_new(object, "format", json_string(source->format));
	json_object_set_new(object, "complete", json_boolean(!source->error));
	json_object_set_new(object, "error", varlink_string_or_null(source->error));
	json_object_set_new(object, "first_time", time_to_json(report->first_ns));
	json_object_set_new(object, "seconds",
			    report->first_ns ?
				    json_real(clock_seconds(report->now_ns - report->first_ns)) :
				    json_null());
	set_counts(object, report);
	json_object_set_new(object, "mss_histogram",
			    histogram_to_json(kinds[0].came, kinds[1].came));
	json_object_set_new(object, "mss_histogram_after",
			    report->syns.both_sides ?
				    histogram_to_json(kinds[0].left, kinds[1].left) :
				    json_null());
	json_object_set_new(object, "clamping", clamping_to_json(report));
	json_object_set_new(object, "sizes", sizes_to_json(report));
	json_object_set_new(object, "icmp_too_big", icmp_to_json(report));
	json_object_set_new(object, "verdicts", verdicts_to_json(report));
	json_object_set_new(object, "flows", flows_to_json(report));
	json_object_set_new(object, "syns", syns_to_json(report));
	return object;
}
