/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/tune/tune_probe.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/mss.h"
#include "ctl/client/client.h"
#include "ctl/probe/probe_around.h"
#include "ctl/screen/field.h"
#include "policy/prefix/prefix.h"

#define NO_DAEMON "no mssclampd answers here"
#define SILENCE_NS (60 * NS_PER_SECOND) /* a search says something each second */

/* Packets to the endpoint itself go outside of the tunnel; "192.0.2.1:51820", "[2001:db8::1]:7". */
static bool is_endpoint(const json_t *reply, const char *address)
{
	const char *endpoint = field_string(reply, "endpoint", "");
	size_t len = strlen(address);

	endpoint += *endpoint == '[';
	return strncmp(endpoint, address, len) == 0 && strchr(":]", endpoint[len]);
}

void tune_probe_read(const json_t *reply, const char *address, struct tune_probe *ret_probe)
{
	bool endpoint = is_endpoint(reply, address);
	bool inside = field_count(reply, "inner_mtu_bytes") && !endpoint;
	struct tune_probe probe = {
		.state = TUNE_PROBE_MEASURED,
		.outside = !field_string(reply, "tunnel", NULL) || endpoint,
		.by_icmp = field_is(reply, "result", "limited_by_icmp"),
		.in_pieces = json_is_true(json_object_get(reply, "fragmented_outside")),
	};

	probe.mtu = (uint32_t)field_count(reply, inside ? "inner_mtu_bytes" : "path_mtu_bytes");
	if (field_is(reply, "result", "no_answer") && !field_count(reply, "refused_total"))
		probe.state = TUNE_PROBE_NO_ANSWER;
	else if (!probe.mtu)
		probe.state = TUNE_PROBE_FAILED;
	*ret_probe = probe;
}

void tune_probe_note_way(const struct probe_around *around, struct tune_probe *probe)
{
	if (!around->through)
		return;
	probe->outside = false;
	snprintf(probe->tunnel, sizeof(probe->tunnel), "%s", around->tunnel);
	if (probe->state != TUNE_PROBE_MEASURED || !around->inner_mtu ||
	    probe->mtu <= around->inner_mtu)
		return;
	probe->mtu = (uint32_t)around->inner_mtu;
	probe->in_pieces = true;
}

/* Who is no far end may be behind a tunnel all the same. */
static void ask_way(const struct ctl *ctl, const json_t *reply, struct tune_probe *probe)
{
	struct probe_around around;

	if (field_string(reply, "tunnel", NULL))
		return;
	probe_around_ask(ctl, reply, &around);
	tune_probe_note_way(&around, probe);
}

struct asking {
	const char *address;
	struct tune_probe *probe;
};

static int on_reply(const struct ctl *ctl, const json_t *reply, void *userdata)
{
	const struct asking *asking = userdata;

	if (!json_is_true(json_object_get(reply, "finished")))
		return CTL_OK;
	tune_probe_read(reply, asking->address, asking->probe);
	ask_way(ctl, reply, asking->probe);
	return CTL_FOUND;
}

/* Has mssclampd measure the path to that address. */
static void ask_probe(const struct ctl *ctl, const char *address, struct tune_probe *ret_probe)
{
	struct asking asking = { .address = address, .probe = ret_probe };
	const struct client_listener listener = {
		.on_reply = on_reply, .userdata = &asking, .mute = true, .silence_ns = SILENCE_NS,
	};
	int code;

	*ret_probe = (struct tune_probe){ .state = TUNE_PROBE_FAILED };
	code = client_stream(ctl, "Probe", json_pack("{s:s}", "target", address), &listener);
	if (code == CTL_DENIED)
		ret_probe->state = TUNE_PROBE_DENIED;
	else if (code == CTL_NOT_RUNNING)
		ret_probe->state = TUNE_PROBE_NO_DAEMON;
}

void tune_probe_note_error(const struct client_error *error, struct tune_report *report)
{
	const char *why = client_error_text(error);

	report->probe = (struct tune_probe){ .state = TUNE_PROBE_FAILED };
	if (error->code == CTL_NOT_RUNNING) {
		report->probe.state = TUNE_PROBE_NO_DAEMON;
		why = NO_DAEMON;
	} else if (error->code == CTL_DENIED) {
		report->probe.state = TUNE_PROBE_DENIED;
		why = "it may be asked by root and the group of its socket alone";
	}
	snprintf(report->daemon_why, sizeof(report->daemon_why), "%s", why);
}

/* The one that leads there. */
static void note_interface(const json_t *reply, struct tune_report *report)
{
	const json_t *sides = json_object_get(reply, "sides");
	const json_t *out = json_array_get(sides, json_array_size(sides) - 1);

	snprintf(report->interface, sizeof(report->interface), "%s",
		 field_string(out, "interface", ""));
}

/* The flow that iperf3 made: from --bind's address, by --via's interface. */
static json_t *flow_of(const struct tune_options *options, const struct tune_report *report)
{
	struct address own;
	bool bound = options->bind && address_parse(options->bind, &own) == 0 &&
		     own.family == report->family;

	return json_pack("{s:o, s:s*}", "flow",
			 json_sprintf("%s%s%s", bound ? options->bind : "", bound ? " -> " : "",
				      report->remote),
			 "oif", options->via);
}

void tune_probe_ask_daemon(const struct ctl *ctl, const struct tune_options *options,
			   struct tune_report *report)
{
	struct client_error error = { .code = CTL_FAILED };
	json_t *reply = NULL;
	uint64_t mss;

	if (client_try(ctl, "Explain", flow_of(options, report), &reply, &error) == 0) {
		mss = field_count(json_object_get(reply, "result"), "mss_bytes");
		report->daemon_asked = true;
		report->daemon_mss = mss <= MSS_MAX ? (uint32_t)mss : 0;
		note_interface(reply, report);
		json_decref(reply);
	} else {
		tune_probe_note_error(&error, report);
	}
	if (report->daemon_asked || (error.answered && error.code != CTL_DENIED))
		ask_probe(ctl, report->remote, &report->probe);
	client_error_done(&error);
}

static const char *why_not_asked(enum tune_probe_state state)
{
	switch (state) {
	case TUNE_PROBE_NO_DAEMON:
		return NO_DAEMON;
	case TUNE_PROBE_DENIED:
		return "it may be asked for by root and control.admin_group alone";
	case TUNE_PROBE_NO_ANSWER:
		return "nobody there answers probes";
	case TUNE_PROBE_FAILED:
	case TUNE_PROBE_MEASURED:
		break;
	}
	return "mssclampd could not measure that path";
}

/* What the first size that did not pass looked like. */
static enum tune_verdict trouble_of(const struct tune_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		if (!report->runs[i].compare && report->runs[i].verdict != TUNE_GOOD)
			return report->runs[i].verdict;
	return TUNE_GOOD;
}

static const char *why_probe_has_more(const struct tune_options *options,
				      const struct tune_report *report)
{
	if (options->via || options->bind)
		return "probe went by the route of that host, and tune by what --via and --bind "
		       "say";
	switch (trouble_of(report)) {
	case TUNE_FRAGMENTS:
		return "larger packets arrive, but TCP's are sent in fragments: somebody on the "
		       "way lets them be cut";
	case TUNE_LOSS:
		return "single packets of that size pass, and under load they are lost";
	case TUNE_STALLED:
	case TUNE_GOOD:
		break;
	}
	return "single packets of that size are answered, and TCP's vanish: they go another way, "
	       "or somebody on it treats them otherwise";
}

static const char *why_probe_has_less(const struct tune_options *options,
				      const struct tune_probe *probe)
{
	if (probe->by_icmp)
		return "a router told probe of a smaller link, and nobody there answers to prove "
		       "it wrong";
	if (probe->in_pieces)
		return "larger packets pass in fragments, which probe counts as too large";
	if (options->via || options->bind)
		return "probe went by the route of that host, and tune by what --via and --bind "
		       "say";
	return "mssclampd counts what its rules, routes and interfaces allow, or the path has "
	       "changed meanwhile";
}

int tune_probe_compare(const struct tune_options *options, const struct tune_report *report,
		       const char **ret_why)
{
	const struct tune_probe *probe = &report->probe;
	uint32_t ours = tune_largest_packet(report);

	if (probe->state != TUNE_PROBE_MEASURED) {
		*ret_why = why_not_asked(probe->state);
		return -1;
	}
	if (!ours) {
		*ret_why = "no size was found to compare with";
		return -1;
	}
	if (probe->mtu == ours) {
		*ret_why = "both come to the same";
		return 1;
	}
	if (probe->mtu > ours && report->outcome == TUNE_ALL_PASS) {
		*ret_why = "it found that more would pass than TCP uses here";
		return 1;
	}
	*ret_why = probe->mtu > ours ? why_probe_has_more(options, report) :
				       why_probe_has_less(options, probe);
	return 0;
}
