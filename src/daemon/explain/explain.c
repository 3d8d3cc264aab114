/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to Explain: every step from a flow to its MSS, by the look-up that the workers do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/mss.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/explain/explain_question.h"
#include "daemon/replies/offload_reply.h"
#include "daemon/words/decided_text.h"
#include "daemon/words/explain_peer.h"
#include "daemon/words/try_text.h"
#include "proto/varlink.h"

static void add_step(json_t *steps, uint32_t value, const char *source, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void add_step(json_t *steps, uint32_t value, const char *source, const char *format, ...)
{
	char what[200];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	json_array_append_new(steps, json_pack("{s:o, s:o, s:s?}", "what", varlink_string(what),
					       "value_bytes",
					       value ? json_integer(value) : json_null(), "source",
					       source));
}

static json_t *rule_json(const struct rule *rule)
{
	char end[TRY_TIME_MAX + 1], *text;
	json_t *json;

	if (!rule)
		return json_null();
	if (asprintf(&text, "%s%s", rule->text, decided_text_rule_end(rule, end)) < 0)
		return NULL;
	json = varlink_string(text);
	free(text);
	return json;
}

/* The word for what decided, as a step's source. */
static const char *decided_source(enum side_decided decided)
{
	switch (decided) {
	case DECIDED_RULE:
		return "config";
	case DECIDED_ROUTE:
		return "route";
	case DECIDED_TUNNEL:
	case DECIDED_PEER:
	case DECIDED_SELECTOR:
		return "tunnel";
	case DECIDED_LINK:
		return "link";
	case DECIDED_NONE:
		break;
	}
	return NULL;
}

/* A rule replaces what was found, larger too. */
static void add_excess_step(json_t *steps, const struct snapshot *snapshot,
			    const struct side_limit *side, enum family family,
			    const char *interface)
{
	struct side_limit fits = *side;
	json_t *who;

	if (!side->fits_mtu || side->mss <= mss_from_mtu(family, side->fits_mtu))
		return;
	fits.decided = side->fits_by;
	who = decided_text_json(snapshot, &fits, interface, false);
	add_step(steps, side->fits_mtu, decided_source(side->fits_by),
		 "warning: the %s allows more than fits (%s)",
		 side->rule->until_ns ? "try" : "rule",
		 json_is_string(who) ? json_string_value(who) : "?");
	json_decref(who);
}

static void add_rule_steps(json_t *steps, const struct snapshot *snapshot,
			   const struct side_limit *side, enum family family, const char *interface)
{
	const struct rule *rule = side->rule;
	const char *source = rule_source_name(rule);

	switch (rule->action) {
	case RULE_IGNORE:
		add_step(steps, 0, source, "%s: this side sets no limit", rule->text);
		return;
	case RULE_MTU:
		add_step(steps, rule->value, source, "%s: MTU", rule->text);
		add_step(steps, side->mss, source, "- IP and TCP headers (%u)",
			 mss_headers(family));
		break;
	case RULE_MSS:
		add_step(steps, side->mss, source, "%s: MSS", rule->text);
		break;
	}
	add_excess_step(steps, snapshot, side, family, interface);
}

/* How long ago that was by CLOCK_BOOTTIME. Returns text. */
static const char *age_since(int64_t at_ns, char text[AGE_TEXT_MAX])
{
	int64_t now_ns = (int64_t)clock_boottime_ns();

	return text_format_age(at_ns < now_ns ? clock_seconds((uint64_t)(now_ns - at_ns)) :
						0, text);
}

static void add_tunnel_steps(json_t *steps, const struct tunnel_steps *from)
{
	char age[AGE_TEXT_MAX];

	for (size_t i = 0; i < from->count; i++) {
		const struct tunnel_step *step = &from->list[i];

		if (step->at_ns)
			add_step(steps, step->value, step->source, "%s, %s ago", step->what,
				 age_since(step->at_ns, age));
		else
			add_step(steps, step->value, step->source, "%s", step->what);
	}
}

/* How the tunnel's own limit, that of the peer and that of the IPsec policy came about. */
static void add_path_steps(json_t *steps, const struct snapshot *snapshot,
			   const struct side_limit *side, uint32_t ifindex)
{
	const struct tunnel_set *set = snapshot_tunnels(snapshot);
	struct tunnel_steps told;
	size_t place;

	if (side->tunnel_mtu && tunnel_set_find_link(set, ifindex, &place)) {
		tunnel_set_explain_link(set, place, &told);
		add_tunnel_steps(steps, &told);
	}
	if (side->peer != PEER_NONE) {
		tunnel_set_explain_peer(set, side->peer, &told);
		add_tunnel_steps(steps, &told);
	}
	if (side->selector != SELECTOR_NONE) {
		tunnel_set_explain_peer(set, side->selector, &told);
		add_tunnel_steps(steps, &told);
	}
}

static void add_measured_steps(json_t *steps, const struct snapshot *snapshot,
			       const struct side_limit *side, enum family family, uint32_t ifindex)
{
	const char *name = snapshot_find_name(snapshot, ifindex);
	const char *interface = name ? name : "the interface";
	char prefix[PREFIX_TEXT_MAX];

	add_path_steps(steps, snapshot, side, ifindex);
	if (side->link_mtu)
		add_step(steps, side->link_mtu, "link", "link MTU of %s", interface);
	if (side->route_mtu)
		add_step(steps, side->route_mtu, "route", "route MTU metric of %s",
			 prefix_format(&side->route, prefix));
	if (side->mss)
		add_step(steps, side->mss, decided_source(side->decided),
			 "- IP and TCP headers (%u)", mss_headers(family));
	else
		add_step(steps, 0, NULL, "the MTU of %s is not known: no limit", interface);
}

/* Cryptokey routing: what is no peer's goes nowhere, whatever the limit. */
static void add_dropped_step(json_t *steps, const struct snapshot *snapshot,
			     const struct explain_question *question, enum flow_side which,
			     const struct side_limit *side)
{
	bool in = which == SIDE_IN;
	uint32_t ifindex = in ? question->flow.in_ifindex : question->flow.out_ifindex;
	const char *name = snapshot_find_name(snapshot, ifindex);

	if (side->host || side->peer != PEER_NONE || (in && !question->text.has_source) ||
	    !explain_peer_drops_others(snapshot_tunnels(snapshot), ifindex))
		return;
	add_step(steps, 0, "tunnel", "no peer of %s has this address: WireGuard drops %s",
		 name ? name : "the interface", in ? "what comes from it" : "it");
}

static json_t *side_json(const struct snapshot *snapshot, const struct explain_question *question,
			 enum flow_side which, const struct side_limit *side)
{
	bool in = which == SIDE_IN;
	const char *name = snapshot_find_name(snapshot, in ? question->flow.in_ifindex :
							     question->flow.out_ifindex);
	const struct address *address = in ? &question->text.source : &question->text.destination;
	bool has_address = !in || question->text.has_source;
	json_t *steps = json_array();
	char text[PREFIX_TEXT_MAX];

	add_dropped_step(steps, snapshot, question, which, side);
	if (side->host)
		add_step(steps, 0, NULL, "this host: no limit");
	else if (side->rule)
		add_rule_steps(steps, snapshot, side, question->flow.family, name);
	else
		add_measured_steps(steps, snapshot, side, question->flow.family,
				   in ? question->flow.in_ifindex : question->flow.out_ifindex);
	return json_pack("{s:s?, s:s?, s:o, s:o}", "interface", name, "address",
			 has_address ? address_format(address, text) : NULL, "steps", steps,
			 "inner_mtu_bytes",
			 side->mss ? json_integer(side->mss + mss_headers(question->flow.family)) :
				     json_null());
}

static json_t *result_json(const struct snapshot *snapshot, const struct explain_question *question,
			   const struct limit *limit, const struct side_limit *side)
{
	uint32_t ifindex = limit->decided == SIDE_IN ? question->flow.in_ifindex :
						       question->flow.out_ifindex;

	if (limit->mss == MSS_NONE)
		return json_pack("{s:n, s:n, s:o, s:n}", "mtu_bytes", "mss_bytes", "rule",
				 rule_json(side->rule), "decided_by");
	return json_pack("{s:I, s:I, s:o, s:o}", "mtu_bytes",
			 (json_int_t)(limit->mss + mss_headers(question->flow.family)), "mss_bytes",
			 (json_int_t)limit->mss, "rule", rule_json(side->rule), "decided_by",
			 decided_text_json(snapshot, side, snapshot_find_name(snapshot, ifindex),
					   false));
}

static json_t *flow_json(const struct snapshot *snapshot, const struct explain_question *question)
{
	char source[PREFIX_TEXT_MAX], destination[PREFIX_TEXT_MAX];

	return json_pack(
		"{s:s, s:s?, s:s, s:o, s:s?, s:s?, s:I}", "family",
		flow_text_family(question->flow.family), "source",
		question->text.has_source ? address_format(&question->text.source, source) : NULL,
		"destination", address_format(&question->text.destination, destination), "port",
		question->text.port ? json_integer(question->text.port) : json_null(),
		"in_interface", snapshot_find_name(snapshot, question->flow.in_ifindex),
		"out_interface", snapshot_find_name(snapshot, question->flow.out_ifindex), "mark",
		(json_int_t)question->flow.mark);
}

json_t *reply_explain(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	const struct snapshot *snapshot = slot_current(model_slot(daemon->model));
	struct explain_question question = { 0 };
	struct side_limit side[SIDE_COUNT];
	struct limit limit;

	if (explain_question_read(call, parameters, snapshot, &question) < 0)
		return NULL;
	for (enum flow_side which = SIDE_IN; which < SIDE_COUNT; which++)
		side[which] = snapshot_lookup_side(snapshot, &question.flow, which);
	limit = snapshot_lookup(snapshot, &question.flow);
	return json_pack("{s:i, s:o, s:[o, o], s:o, s:o}", "schema", 1, "flow",
			 flow_json(snapshot, &question), "sides",
			 side_json(snapshot, &question, SIDE_IN, &side[SIDE_IN]),
			 side_json(snapshot, &question, SIDE_OUT, &side[SIDE_OUT]), "result",
			 result_json(snapshot, &question, &limit, &side[limit.decided]), "way",
			 offload_way_json(daemon, &question.flow));
}
