/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "core/packet.h"
#include "ctl/tune/tune.h"
#include "ctl/tune/tune_probe.h"
#include "proto/varlink.h"

#define TEXT_MAX 1280
#define REMEDY_MAX 768
#define BESIDE_MAX 192

static const char *outcome_name(enum tune_outcome outcome)
{
	switch (outcome) {
	case TUNE_ALL_PASS:
		return "ok";
	case TUNE_LIMITED:
		return "limited";
	case TUNE_NONE_PASS:
		break;
	}
	return "no_size";
}

static json_t *run_to_json(const struct tune_run *run)
{
	return json_pack("{s:s, s:s, s:o, s:f, s:o, s:o, s:o, s:s}", "where",
			 run->compare ? "compare" : "path", "direction", run->down ? "down" : "up",
			 "mss_bytes", varlink_count(run->asked > 0, run->asked), "bits_per_second",
			 run->result.received_bits_per_second, "retransmissions_total",
			 varlink_count(run->result.retransmissions != IPERF_UNKNOWN,
				       run->result.retransmissions),
			 "fragments_made_total",
			 varlink_count(run->fragments_made != UINT64_MAX, run->fragments_made),
			 "reassembled_total",
			 varlink_count(run->reassembled != UINT64_MAX, run->reassembled), "verdict",
			 tune_verdict_name(run->verdict));
}

/* What the first bad run looked like. */
static const char *trouble(const struct tune_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct tune_run *run = &report->runs[i];

		if (run->compare || run->verdict == TUNE_GOOD)
			continue;
		switch (run->verdict) {
		case TUNE_FRAGMENTS:
			return "are sent in fragments";
		case TUNE_LOSS:
			return "are lost and sent again";
		case TUNE_STALLED:
		case TUNE_GOOD:
			return "vanish";
		}
	}
	return "do not pass";
}

/* A far end of a tunnel, by what is inside of it: a probe of it lowers what mssclampd allows. */
static bool is_behind_tunnel(const struct tune_report *report)
{
	return report->probe.state == TUNE_PROBE_MEASURED && !report->probe.outside &&
	       !*report->probe.tunnel;
}

/* What lowers the MSS of all connections to that host. probe helps those behind tunnels alone. */
static void say_remedy(const struct tune_report *report, char *text, size_t size)
{
	const char *interface = report->interface[0] ? report->interface : "IF";

	if (is_behind_tunnel(report))
		snprintf(text, size, "mssclampctl probe %s finds it for all connections; "
			 "mssclampctl try %" PRIu32 " --interface %s tests it.", report->remote,
			 report->largest_mss, interface);
	else if (*report->probe.tunnel)
		snprintf(text, size, "It leaves by tunnel %s: where that is narrow, mssclampctl "
			 "probe %s finds it for all connections; where the way behind it is, this "
			 "rule in its configuration lowers it; mssclampctl try %" PRIu32
			 " --interface %s tests it.", report->probe.tunnel, report->probe.tunnel,
			 report->largest_mss, report->probe.tunnel);
	else if (report->probe.state == TUNE_PROBE_MEASURED)
		snprintf(text, size, "No tunnel leads there, so no probe changes what mssclampd "
			 "allows: this rule in its configuration does, or a route to that host "
			 "with mtu %" PRIu32 "; mssclampctl try %" PRIu32 " --interface %s tests "
			 "it for all that is beyond.", tune_largest_packet(report),
			 report->largest_mss, interface);
	else
		snprintf(text, size, "Behind a tunnel of mssclampd, mssclampctl probe %s finds it "
			 "for all connections; elsewhere this rule in its configuration lowers "
			 "it, or a route to that host with mtu %" PRIu32 ".", report->remote,
			 tune_largest_packet(report));
}

/* For that address alone; null where none is needed. */
static json_t *rule_json(const struct tune_report *report)
{
	if (report->outcome != TUNE_LIMITED || is_behind_tunnel(report))
		return json_null();
	return json_sprintf("rules = ( { prefix = \"%s/%d\"; mtu = %" PRIu32 "; } );",
			    report->remote, report->family == FAMILY_IPV4 ? 32 : 128,
			    tune_largest_packet(report));
}

/* Whether mssclampd or its probe says otherwise. */
static bool is_contradicted(const struct tune_options *options, const struct tune_report *report)
{
	const char *why;

	return (report->daemon_asked && report->largest_mss &&
		report->daemon_mss > report->largest_mss) ||
	       tune_probe_compare(options, report, &why) == 0;
}

/* Whether the runs as the system makes them were, by that way. */
static bool is_clean(const struct tune_report *report, bool compare)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct tune_run *run = &report->runs[i];

		if (run->compare == compare && !run->asked && run->verdict != TUNE_GOOD)
			return false;
	}
	return true;
}

/* What the runs by the other interface say of the path, "" where there were none. */
static void say_beside(const struct tune_options *options, const struct tune_report *report,
		       char *text, size_t size)
{
	bool beside = is_clean(report, true);
	const char *then;

	*text = '\0';
	if (!options->compare)
		return;
	if (is_clean(report, false))
		then = beside ? "all arrives, too" : "not all arrives: the trouble is there";
	else
		then = beside ? "all arrives: the trouble is the tunnel's, or lies on the way of "
				"its packets" :
				"it is no better: the trouble is not this way's alone";
	snprintf(text, size, " Beside it, by %s, %s.", options->compare, then);
}

static void say(const struct tune_options *options, const struct tune_report *report, char *text,
		size_t size)
{
	const char *then = is_contradicted(options, report) ? ". Not all agree: see below." :
							      ": nothing to do.";
	char remedy[REMEDY_MAX], beside[BESIDE_MAX];
	uint32_t mss = report->largest_mss, packet = tune_largest_packet(report);

	say_beside(options, report, beside, sizeof(beside));
	switch (report->outcome) {
	case TUNE_ALL_PASS:
		if (mss)
			snprintf(text, size,
				 "Packets of %" PRIu32 " bytes (MSS %" PRIu32 "), as large as "
				 "TCP makes them here%s, pass both ways%s%s", packet, mss,
				 report->discovered ? " by path MTU discovery" : "", then, beside);
		else
			snprintf(text, size, "Packets as large as TCP makes them here pass both "
					     "ways: nothing to do.%s", beside);
		return;
	case TUNE_LIMITED:
		say_remedy(report, remedy, sizeof(remedy));
		snprintf(text, size,
			 "Packets above %" PRIu32 " bytes %s; MSS %" PRIu32 " is the largest that "
			 "is clean both ways.%s %s", packet, trouble(report), mss, beside, remedy);
		return;
	case TUNE_NONE_PASS:
		snprintf(text, size,
			 "Segments as small as every path carries do no better: this is not a "
			 "matter of size.%s", beside);
		return;
	}
}

static const char *compare_limits(const struct tune_report *report)
{
	uint32_t ours = report->largest_mss, theirs = report->daemon_mss;

	if (theirs == ours)
		return "both come to the same";
	if (theirs < ours)
		return "mssclampd allows less: it leaves room for padding, or knows of a narrower "
		       "path";
	if (report->probe.state == TUNE_PROBE_MEASURED && report->probe.outside)
		return "mssclampd allows more than passes: no tunnel leads there, and beside "
		       "tunnels it goes by what interface and routes allow";
	return "mssclampd allows more than passes: it has not measured this path, or the path has "
	       "changed; mssclampctl probe measures it";
}

/* How that compares with what mssclampd has. */
static json_t *daemon_to_json(const struct tune_report *report)
{
	uint32_t ours = report->largest_mss, theirs = report->daemon_mss;
	const char *why = report->daemon_why;
	json_t *agrees = json_null();

	if (report->daemon_asked && !theirs) {
		why = "mssclampd has no limit for that host";
		agrees = report->outcome == TUNE_ALL_PASS ? json_true() : json_false();
	} else if (report->daemon_asked && !ours) {
		why = "no MSS was found to compare with";
	} else if (report->daemon_asked) {
		agrees = json_boolean(theirs <= ours);
		why = compare_limits(report);
	}
	return json_pack("{s:o, s:o, s:o}", "mss_bytes", varlink_count(theirs > 0, theirs),
			 "agrees", agrees, "why", varlink_string(why));
}

/* How that compares with what probe finds. */
static json_t *probe_to_json(const struct tune_options *options, const struct tune_report *report)
{
	const char *why;
	int agrees = tune_probe_compare(options, report, &why);

	return json_pack("{s:o, s:o, s:s}", "packet_bytes",
			 varlink_count(report->probe.mtu > 0, report->probe.mtu), "agrees",
			 agrees < 0 ? json_null() : json_boolean(agrees), "why", why);
}

json_t *tune_to_json(const struct tune_options *options, const struct tune_report *report)
{
	json_t *object = json_object(), *runs = json_array();
	uint32_t largest = report->largest_mss;
	char text[TEXT_MAX] = "";

	say(options, report, text, sizeof(text));
	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(runs, run_to_json(&report->runs[i]));
	json_object_set_new(object, "schema", json_integer(CTL_SCHEMA));
	json_object_set_new(object, "host", varlink_string(options->host));
	json_object_set_new(object, "port", varlink_string(options->port));
	json_object_set_new(object, "address", varlink_string_unless_empty(report->remote));
	json_object_set_new(object, "bind", varlink_string_unless_empty(options->bind));
	json_object_set_new(object, "via", varlink_string_unless_empty(options->via));
	json_object_set_new(object, "compare", varlink_string_unless_empty(options->compare));
	json_object_set_new(object, "family",
			    json_string(report->family == FAMILY_IPV4 ? "ipv4" : "ipv6"));
	json_object_set_new(object, "result", json_string(outcome_name(report->outcome)));
	json_object_set_new(object, "baseline_mss_bytes",
			    varlink_count(report->baseline_mss > 0, report->baseline_mss));
	json_object_set_new(object, "largest_mss_bytes", varlink_count(largest > 0, largest));
	json_object_set_new(object, "largest_packet_bytes",
			    varlink_count(largest > 0, tune_largest_packet(report)));
	json_object_set_new(object, "timestamps", report->timestamps < 0 ? json_null() :
			    json_boolean(report->timestamps));
	json_object_set_new(object, "rule", rule_json(report));
	json_object_set_new(object, "says", varlink_string(text));
	json_object_set_new(object, "daemon", daemon_to_json(report));
	json_object_set_new(object, "probe", probe_to_json(options, report));
	json_object_set_new(object, "runs", runs);
	json_object_set_new(object, "duration_seconds", json_real(report->seconds));
	return object;
}
