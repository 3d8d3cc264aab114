/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/explain/probe_json.h"

#include <string.h>

#include "daemon/json.h"
#include "daemon/paths/prober_refusal.h"
#include "proto/varlink.h"

static const char *const side_names[PROBE_SIDES] = {
	[PROBE_OUTSIDE] = "outside",
	[PROBE_INSIDE] = "inside",
};

static json_t *address_json(const struct address *address)
{
	char text[PREFIX_TEXT_MAX];

	return json_string(address_format(address, text));
}

static json_t *sizes_json(const struct probe_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->size_count; i++) {
		const struct probe_size *size = &report->sizes[i];

		json_array_append_new(
			list, json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:b}", "side",
					side_names[size->side], "size_bytes",
					(json_int_t)size->size, "outer_bytes",
					(json_int_t)size->outer, "sent", (json_int_t)size->sent,
					"answered", (json_int_t)size->answered, "icmp_mtu_bytes",
					json_bytes(size->icmp_mtu), "fragmented",
					size->fragmented));
	}
	return list;
}

/* Whether there is anything to be asked on that side at all. */
static bool has_side(const struct probe_report *report, enum probe_side side)
{
	return side == PROBE_OUTSIDE || report->target->inside_count > 0;
}

/* Whether the kernel has sent any packet there; without any, whether none was to be. */
static bool was_asked(const struct probe_report *report, enum probe_side side)
{
	for (size_t i = 0; i < report->size_count; i++)
		if (report->sizes[i].side == side && report->sizes[i].sent > 0)
			return true;
	return report->refused_total == 0;
}

static json_t *answers_json(const struct probe_report *report)
{
	json_t *json = json_object();

	for (enum probe_side side = PROBE_OUTSIDE; side < PROBE_SIDES; side++) {
		bool known = report->answers[side] ||
			     (report->finished && was_asked(report, side));

		json_object_set_new(json, side_names[side],
				    has_side(report, side) && known ?
					    json_boolean(report->answers[side]) : json_null());
	}
	return json;
}

/* What the kernel did not send, and why. */
static void add_refusal(json_t *json, const struct probe_report *report)
{
	const char *error = NULL, *hint = NULL;

	if (report->refused_total > 0) {
		error = strerror(-report->refusal);
		hint = prober_refusal_hint(report->refusal);
	}
	json_object_set_new(json, "refused_total", json_integer(report->refused_total));
	json_object_set_new(json, "refused_error", varlink_string_unless_empty(error));
	json_object_set_new(json, "refused_hint", varlink_string_unless_empty(hint));
}

static json_t *methods_json(const struct probe_report *report)
{
	static const char *const names[PROBE_METHODS] = {
		[PROBE_PING] = "ping",
		[PROBE_UDP] = "udp",
	};
	json_t *json = json_object();

	for (enum probe_side side = PROBE_OUTSIDE; side < PROBE_SIDES; side++)
		json_object_set_new(json, side_names[side],
				    has_side(report, side) ?
					    json_string(names[report->method[side]]) : json_null());
	return json;
}

static const char *hop_kind(const struct trace_result *trace, size_t at)
{
	const struct trace_hop *hop = &trace->hops[at];

	if (hop->target)
		return "target";
	if (!hop->answered)
		return "silent";
	return trace->narrow_after >= 0 && at >= (size_t)trace->narrow_after ? "narrow" :
									       "answered";
}

static json_t *hops_json(const struct trace_result *trace)
{
	json_t *list = json_array();

	for (size_t i = 0; trace && i < trace->count; i++) {
		const struct trace_hop *hop = &trace->hops[i];

		json_array_append_new(
			list, json_pack("{s:I, s:o, s:o, s:s}", "ttl", (json_int_t)(i + 1),
					"address",
					hop->answered || hop->target ?
						address_json(&hop->address) : json_null(),
					"mtu_bytes", json_bytes(hop->mtu), "how",
					hop_kind(trace, i)));
	}
	return list;
}

static json_t *endpoint_json(const struct probe_target *target)
{
	char text[ENDPOINT_TEXT_MAX];

	return json_string(
		endpoint_format(&target->way.destination, target->endpoint_port, text));
}

static json_t *inside_json(const struct probe_report *report)
{
	return report->target->inside_count > report->inside ?
		       address_json(&report->target->inside[report->inside].address) : json_null();
}

/* Adds what is known of both MSS; a family that does not pass is null. */
static void add_mss(json_t *json, const struct probe_told *told)
{
	json_object_set_new(json, "mss4_bytes", json_bytes(told->mss.mss[FAMILY_IPV4]));
	json_object_set_new(json, "mss6_bytes", json_bytes(told->mss.mss[FAMILY_IPV6]));
	json_object_set_new(json, "old_mss4_bytes", json_bytes(told->old_mss.mss[FAMILY_IPV4]));
	json_object_set_new(json, "old_mss6_bytes", json_bytes(told->old_mss.mss[FAMILY_IPV6]));
}

static json_t *interval_json(const struct probe_told *told)
{
	if (!told->interval_ns)
		return json_null();
	return json_real(clock_seconds(told->interval_ns));
}

json_t *probe_json(const struct probe_report *report, const struct probe_told *told)
{
	const struct probe_target *target = report->target;
	bool known = report->finished && report->result != PROBE_NO_ANSWER;
	const struct trace_result *trace = told->trace;
	double seconds = clock_seconds(told->now_ns - report->begin_ns);
	json_t *json;

	json = json_pack(
		"{s:i, s:b, s:o, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:f, s:o, s:o}",
		"schema", 1, "finished", report->finished, "target", varlink_string(told->asked),
		"result", report->finished ? probe_result_name(report->result) : NULL, "tunnel",
		varlink_string_unless_empty(target->tunnel), "peer",
		varlink_string_unless_empty(*target->tunnel ? target->peer : NULL), "name",
		varlink_string_unless_empty(target->name), "endpoint", endpoint_json(target),
		"inside_address", inside_json(report), "answers", answers_json(report), "methods",
		methods_json(report), "path_mtu_bytes",
		known ? json_bytes(report->mtu) : json_null(), "old_path_mtu_bytes",
		json_bytes(report->old_mtu), "inner_mtu_bytes",
		known && *target->tunnel ? json_bytes(probe_target_inner(target, report->mtu)) :
					   json_null(),
		"sizes", sizes_json(report), "hops", hops_json(trace), "fragmented_outside",
		!report->finished || report->fragmented < 0 ? json_null() :
							      json_boolean(report->fragmented),
		"duration_seconds", seconds, "narrow_after_ttl",
		trace && trace->narrow_after >= 0 ? json_integer(trace->narrow_after) :
						    json_null(),
		"router", report->icmp_seen ? address_json(&report->router) : json_null());
	if (!json)
		return NULL;
	add_mss(json, told);
	add_refusal(json, report);
	json_object_set_new(json, "interval_seconds", interval_json(told));
	return json;
}
