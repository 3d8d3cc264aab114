/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to Explain: every step from a flow to its MSS, by the look-up that the workers do. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/mss.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/flow_text.h"
#include "edge/rtnl.h"
#include "proto/varlink.h"

#define LOOPBACK_IFINDEX 1 /* lo, in every network namespace */

/* A question once it is understood. */
struct question {
	struct flow_text text;
	struct flow flow; /* points into text */
};

static const char *family_name(enum family family)
{
	return family == FAMILY_IPV4 ? "ipv4" : "ipv6";
}

static const char *link_name(const struct snapshot *snapshot, uint32_t ifindex)
{
	const struct snapshot_link *link = snapshot_find_link(snapshot, ifindex);

	return link ? link->link.name : NULL;
}

/* An interface by name; an absent name leaves 0. Returns 0 or -ENODEV, told to the caller. */
static int find_interface(struct control_call *call, const struct snapshot *snapshot,
			  const char *name, uint32_t *ret_ifindex)
{
	const struct snapshot_link *link;

	if (!name)
		return 0;
	link = snapshot_find_link_by_name(snapshot, name);
	if (!link) {
		control_fail(call, CONTROL_NOT_FOUND, "\"ip link\" lists them",
			     "there is no interface %s", name);
		return -ENODEV;
	}
	*ret_ifindex = link->link.ifindex;
	return 0;
}

/* Where a SYN from the source would come in: the way the kernel would answer it. */
static int find_in_interface(struct nl *nl, struct question *question)
{
	const struct path_question back = {
		.destination = question->text.source,
		.mark = question->flow.mark,
	};
	struct path_answer answer;
	int r;

	r = rtnl_get_route(nl, &back, &answer);
	if (r == 0 && !answer.local)
		question->flow.in_ifindex = answer.ifindex;
	return r;
}

/* Where it would leave. What the kernel finds odd about where it comes from (a martian source, an
 * interface without one) is left out of the question. */
static int find_out_interface(struct nl *nl, struct question *question)
{
	struct path_question way = {
		.destination = question->text.destination,
		.has_source = question->text.has_source,
		.source = question->text.source,
		.iif = question->flow.in_ifindex,
		.mark = question->flow.mark,
	};
	struct path_answer answer;
	int r;

	r = rtnl_get_route(nl, &way, &answer);
	if (r < 0 && (way.has_source || way.iif)) {
		way.has_source = false;
		way.iif = 0;
		r = rtnl_get_route(nl, &way, &answer);
	}
	if (r == 0 && !answer.local)
		question->flow.out_ifindex = answer.ifindex;
	else if (r == 0 && question->flow.in_ifindex == 0)
		question->flow.out_ifindex = LOOPBACK_IFINDEX; /* from this host to itself */
	return r;
}

static int find_ways(struct control_call *call, struct question *question, bool need_in,
		     bool need_out)
{
	char text[PREFIX_TEXT_MAX];
	struct nl *nl;
	int r;

	r = nl_open(NETLINK_ROUTE, 0, &nl);
	if (r < 0) {
		control_fail(call, CONTROL_FAILED, NULL, "cannot ask for routes: %s", strerror(-r));
		return r;
	}
	if (need_in) {
		r = find_in_interface(nl, question);
		if (r < 0)
			control_fail(call, CONTROL_NOT_FOUND, "name its interface with --iif",
				     "no route to the source %s: %s",
				     address_format(&question->text.source, text), strerror(-r));
	}
	if (r == 0 && need_out) {
		r = find_out_interface(nl, question);
		if (r < 0)
			control_fail(call, CONTROL_NOT_FOUND, "name its interface with --oif",
				     "no route to %s: %s",
				     address_format(&question->text.destination, text),
				     strerror(-r));
	}
	nl_close(nl);
	return r;
}

/* The mark comes as text: "0x1" or "1". */
static int read_mark(json_t *parameter, uint32_t *ret_mark)
{
	uint64_t value;
	int r;

	if (!parameter || json_is_null(parameter))
		return 0;
	r = text_parse_u64(json_string_value(parameter), 0, UINT32_MAX, &value);
	if (r == 0)
		*ret_mark = (uint32_t)value;
	return r;
}

static int read_question(struct control_call *call, json_t *parameters,
			 const struct snapshot *snapshot, struct question *question)
{
	const char *text = json_string_value(json_object_get(parameters, "flow"));
	const char *iif = json_string_value(json_object_get(parameters, "iif"));
	const char *oif = json_string_value(json_object_get(parameters, "oif"));
	const char *hint = "write \"SRC DST[:PORT]\", \"SRC -> DST[:PORT]\" or one address";
	char why[FLOW_TEXT_WHY_MAX];

	if (!text || flow_text_parse(text, &question->text, why) < 0) {
		control_fail(call, CONTROL_INVALID_ARGUMENT, hint, "flow: %s",
			     text ? why : "nothing was given");
		return -EINVAL;
	}
	if (read_mark(json_object_get(parameters, "mark"), &question->flow.mark) < 0) {
		control_fail(call, CONTROL_INVALID_ARGUMENT, NULL,
			     "mark: not a number from 0 to 0xffffffff");
		return -EINVAL;
	}
	question->flow.family = question->text.destination.family;
	question->flow.source = question->text.source.bytes;
	question->flow.destination = question->text.destination.bytes;
	if (find_interface(call, snapshot, iif, &question->flow.in_ifindex) < 0 ||
	    find_interface(call, snapshot, oif, &question->flow.out_ifindex) < 0)
		return -ENODEV;
	return find_ways(call, question, !iif && question->text.has_source, !oif);
}

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

static void add_rule_steps(json_t *steps, const struct side_limit *side, enum family family)
{
	const struct rule *rule = side->rule;

	switch (rule->action) {
	case RULE_IGNORE:
		add_step(steps, 0, "config", "%s: this side sets no limit", rule->text);
		return;
	case RULE_MTU:
		add_step(steps, rule->value, "config", "%s: MTU", rule->text);
		add_step(steps, side->mss, "config", "- IP and TCP headers (%u)",
			 mss_headers(family));
		break;
	case RULE_MSS:
		add_step(steps, side->mss, "config", "%s: MSS", rule->text);
		break;
	}
	if (side->link_mtu && side->mss > mss_from_mtu(family, side->link_mtu))
		add_step(steps, side->link_mtu, "link",
			 "warning: the rule allows more than the link MTU");
}

static void add_measured_steps(json_t *steps, const struct side_limit *side, enum family family,
			       const char *interface)
{
	char prefix[PREFIX_TEXT_MAX];

	if (side->link_mtu)
		add_step(steps, side->link_mtu, "link", "link MTU of %s", interface);
	if (side->route_mtu)
		add_step(steps, side->route_mtu, "route", "route MTU metric of %s",
			 prefix_format(&side->route, prefix));
	if (side->mss)
		add_step(steps, side->mss, side->decided == DECIDED_ROUTE ? "route" : "link",
			 "- IP and TCP headers (%u)", mss_headers(family));
	else
		add_step(steps, 0, NULL, "the MTU of %s is not known: no limit", interface);
}

static json_t *side_json(const struct snapshot *snapshot, const struct question *question,
			 enum flow_side which, const struct side_limit *side)
{
	bool in = which == SIDE_IN;
	const char *name = link_name(snapshot, in ? question->flow.in_ifindex :
						    question->flow.out_ifindex);
	const struct address *address = in ? &question->text.source : &question->text.destination;
	bool has_address = !in || question->text.has_source;
	json_t *steps = json_array();
	char text[PREFIX_TEXT_MAX];

	if (side->host)
		add_step(steps, 0, NULL, "this host: no limit");
	else if (side->rule)
		add_rule_steps(steps, side, question->flow.family);
	else
		add_measured_steps(steps, side, question->flow.family,
				   name ? name : "the interface");
	return json_pack("{s:s?, s:s?, s:o, s:o}", "interface", name, "address",
			 has_address ? address_format(address, text) : NULL, "steps", steps,
			 "inner_mtu_bytes",
			 side->mss ? json_integer(side->mss + mss_headers(question->flow.family)) :
				     json_null());
}

static json_t *result_json(const struct snapshot *snapshot, const struct question *question,
			   const struct limit *limit, const struct side_limit *side)
{
	uint32_t ifindex = limit->decided == SIDE_IN ? question->flow.in_ifindex :
						       question->flow.out_ifindex;
	const char *name = link_name(snapshot, ifindex);
	char decided[300];

	if (limit->mss == MSS_NONE)
		return json_pack("{s:n, s:n, s:s?, s:n}", "mtu_bytes", "mss_bytes", "rule",
				 side->rule ? side->rule->text : NULL, "decided_by");
	if (side->rule)
		snprintf(decided, sizeof(decided), "%s, on %s", side->rule->text,
			 name ? name : "?");
	else
		snprintf(decided, sizeof(decided), "%s of %s",
			 side->decided == DECIDED_ROUTE ? "route MTU" : "link MTU",
			 name ? name : "?");
	return json_pack("{s:I, s:I, s:s?, s:o}", "mtu_bytes",
			 (json_int_t)(limit->mss + mss_headers(question->flow.family)), "mss_bytes",
			 (json_int_t)limit->mss, "rule", side->rule ? side->rule->text : NULL,
			 "decided_by", varlink_string(decided));
}

static json_t *flow_json(const struct snapshot *snapshot, const struct question *question)
{
	char source[PREFIX_TEXT_MAX], destination[PREFIX_TEXT_MAX];

	return json_pack(
		"{s:s, s:s?, s:s, s:o, s:s?, s:s?, s:I}", "family",
		family_name(question->flow.family), "source",
		question->text.has_source ? address_format(&question->text.source, source) : NULL,
		"destination", address_format(&question->text.destination, destination), "port",
		question->text.port ? json_integer(question->text.port) : json_null(),
		"in_interface", link_name(snapshot, question->flow.in_ifindex), "out_interface",
		link_name(snapshot, question->flow.out_ifindex), "mark",
		(json_int_t)question->flow.mark);
}

json_t *reply_explain(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	const struct snapshot *snapshot = slot_current(model_slot(daemon->model));
	struct question question = { 0 };
	struct side_limit side[SIDE_COUNT];
	struct limit limit;

	if (read_question(call, parameters, snapshot, &question) < 0)
		return NULL;
	for (enum flow_side which = SIDE_IN; which < SIDE_COUNT; which++)
		side[which] = snapshot_lookup_side(snapshot, &question.flow, which);
	limit = snapshot_lookup(snapshot, &question.flow);
	return json_pack("{s:i, s:o, s:[o, o], s:o}", "schema", 1, "flow",
			 flow_json(snapshot, &question), "sides",
			 side_json(snapshot, &question, SIDE_IN, &side[SIDE_IN]),
			 side_json(snapshot, &question, SIDE_OUT, &side[SIDE_OUT]), "result",
			 result_json(snapshot, &question, &limit, &side[limit.decided]));
}
