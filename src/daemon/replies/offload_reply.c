/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to GetOffload, and which way a flow's SYN goes. */
#include "daemon/replies/offload_reply.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/firewall/guard.h"
#include "daemon/firewall/offloader.h"
#include "daemon/words/flow_text.h"
#include "proto/varlink.h"

static json_t *hooks_json(unsigned int hooks)
{
	static const struct {
		unsigned int hook;
		const char *name;
	} names[] = { { FIREWALL_FORWARD, "forward" },
		      { FIREWALL_OUTPUT, "output" },
		      { FIREWALL_INPUT, "input" } };
	json_t *list = json_array();

	for (size_t i = 0; i < COUNT(names); i++) {
		if (hooks & names[i].hook)
			json_array_append_new(list, json_string(names[i].name));
	}
	return list;
}

static json_t *link_json(const struct snapshot *snapshot, const struct offload_link *link)
{
	const struct snapshot_link *known = snapshot_find_link(snapshot, link->ifindex);
	bool kernel = link->why == OFFLOAD_KNOWN;

	return json_pack("{s:s?, s:I, s:s, s:s, s:s?, s:o, s:I, s:I}", "interface",
			 known ? known->link.name : NULL, "ifindex",
			 (json_int_t)link->ifindex, "family", flow_text_family(link->family), "way",
			 kernel ? "kernel" : "queue", "why",
			 kernel ? NULL : offload_why_text(link->why),
			 "mss_bytes",
			 kernel && link->mss != OFFLOAD_UNLIMITED ? json_integer(link->mss) :
								    json_null(),
			 "hosts", (json_int_t)link->ranges[OFFLOAD_HOSTS].count, "nets",
			 (json_int_t)link->ranges[OFFLOAD_NETS].count);
}

static json_t *links_json(const struct daemon *daemon, const struct offload_plan *plan)
{
	const struct snapshot *snapshot = slot_current(model_slot(daemon->model));
	json_t *list = json_array();

	for (size_t i = 0; plan && i < plan->count; i++)
		json_array_append_new(list, link_json(snapshot, &plan->links[i]));
	return list;
}

static json_t *counters_json(const struct offload_counts *counts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < counts->count; i++)
		json_array_append_new(list, json_pack("{s:s, s:I}", "chain",
						      counts->list[i].chain, "packets_total",
						      (json_int_t)counts->list[i].packets));
	return list;
}

json_t *reply_offload(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	struct offloader *offloader = daemon->offloader;
	enum offloader_state state = offloader_state(offloader);
	struct offload_counts counts = { 0 };
	int r = offloader_read_counts(offloader, &counts);
	bool known = r == 0;
	json_t *reply;

	(void)parameters;
	if (r < 0 && r != -ENOENT)
		return control_fail(call, CONTROL_FAILED, NULL,
				    "cannot read the counters of the offload rules: %s",
				    strerror(-r));
	reply = json_pack("{s:i, s:s, s:s?, s:s, s:o, s:o, s:o, s:{s:o, s:o, s:o}, s:o, s:o, s:o}",
			  "schema", 1, "state", offloader_state_name(state), "why",
			  state == OFFLOADER_FAILED ? offloader_why(offloader) : NULL,
			  "backend", "nft", "hooks",
			  hooks_json(known ? guard_plan(daemon->guard)->hooks : 0), "taken_total",
			  varlink_count(known, counts.totals[OFFLOAD_TAKEN]),
			  "queued_total",
			  varlink_count(known, counts.totals[OFFLOAD_QUEUED]), "queued",
			  "odd_layout_total",
			  varlink_count(known, counts.totals[OFFLOAD_ODD_LAYOUT]),
			  "odd_header_total",
			  varlink_count(known, counts.totals[OFFLOAD_ODD_HEADER]),
			  "not_known_total",
			  varlink_count(known, counts.totals[OFFLOAD_NOT_KNOWN]),
			  "interfaces", links_json(daemon, offloader_plan(offloader)), "counters",
			  counters_json(&counts), "last_change_seconds",
			  known ? json_real(offloader_took(offloader)) : json_null());
	offload_counts_done(&counts);
	return reply;
}

/* What keeps one side of a flow with the queue, or NULL. */
static const char *why_queued(const struct offload_plan *plan, const struct flow *flow,
			      enum flow_side which)
{
	uint32_t ifindex = which == SIDE_IN ? flow->in_ifindex : flow->out_ifindex;
	const uint8_t *address = which == SIDE_IN ? flow->source : flow->destination;
	const struct offload_link *link;

	if (offload_ranges_find(&plan->queued[flow->family], address))
		return "an IPsec policy covers an address of the flow";
	if (ifindex == 0)
		return NULL;
	link = offload_plan_find(plan, ifindex, flow->family);
	if (!link)
		return "an interface is not known";
	return link->why == OFFLOAD_KNOWN ? NULL : offload_why_text(link->why);
}

static bool passes_hook(const struct daemon *daemon, const struct flow *flow)
{
	unsigned int hook = !flow->in_ifindex  ? FIREWALL_OUTPUT :
			    !flow->out_ifindex ? FIREWALL_INPUT :
						 FIREWALL_FORWARD;

	return guard_plan(daemon->guard)->hooks & hook;
}

json_t *offload_way_json(const struct daemon *daemon, const struct flow *flow)
{
	const struct offload_plan *plan = offloader_plan(daemon->offloader);
	const char *why = NULL;

	if (guard_backend(daemon->guard) != FIREWALL_NONE && !passes_hook(daemon, flow))
		return json_pack("{s:s, s:s}", "by", "nobody", "why",
				 "this hook is not among hooks in the configuration");
	if (!plan)
		return json_pack("{s:s, s:n}", "by", "queue", "why");
	for (enum flow_side which = SIDE_IN; which < SIDE_COUNT && !why; which++)
		why = why_queued(plan, flow, which);
	if (why)
		return json_pack("{s:s, s:s}", "by", "queue", "why", why);
	return json_pack("{s:s, s:s}", "by", "kernel", "why",
			 plan->low_mss[flow->family] ?
			 "those of other than the usual options, or of a tiny MSS, go through "
			 "the queue" :
			 "those of other than the usual options go through the queue");
}
