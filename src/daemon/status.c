/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers to GetStatus and ListTunnels. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/mss.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/guard.h"
#include "proto/varlink.h"

static const char *const mode_names[] = {
	/* offload and mark run as queue until their part of the kernel's work is built in */
	[MODE_QUEUE] = "queue",
	[MODE_OFFLOAD] = "queue",
	[MODE_MARK] = "queue",
	[MODE_AUDIT] = "audit",
};

static const char *const worker_states[] = {
	[WORKER_OK] = "ok",
	[WORKER_STALLED] = "stalled",
	[WORKER_UNBOUND] = "unbound",
};

static const char *const rule_problems[] = {
	[FIREWALL_STATE_OK] = NULL,
	[FIREWALL_STATE_MISSING] = "the firewall rules are missing: no SYN is sent to the queues",
	[FIREWALL_STATE_DIFFERENT] = "the firewall rules differ from what is expected",
	[FIREWALL_STATE_NONE] = NULL,
};

static bool has_seen_syn(const struct workers *workers)
{
	for (size_t i = 0; i < workers_count(workers); i++) {
		if (counter_read(&workers_counters(workers, i)->received) > 0)
			return true;
	}
	return false;
}

/* true, false (the rules counted SYNs and no worker saw any) or null. */
static json_t *sees_syns_json(const struct daemon *daemon, bool *ret_blind)
{
	uint64_t syns;

	*ret_blind = false;
	if (has_seen_syn(daemon->workers))
		return json_true();
	if (guard_read_new_syns(daemon->guard, &syns) < 0)
		return json_null();
	*ret_blind = syns > 0;
	return *ret_blind ? json_false() : json_null();
}

static void add_problem(json_t *problems, const char *text)
{
	if (text)
		json_array_append_new(problems, varlink_string(text));
}

static size_t count_tunnels(const struct daemon *daemon)
{
	const struct snapshot_link *links;
	size_t count, tunnels = 0;

	links = snapshot_links(slot_current(model_slot(daemon->model)), &count);
	for (size_t i = 0; i < count; i++)
		tunnels += link_tunnel_kind(&links[i].link) != NULL;
	return tunnels;
}

json_t *reply_status(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	uint64_t now_ns = clock_boottime_ns();
	enum worker_state workers = workers_check(daemon->workers);
	json_t *problems = json_array(), *sees_syns;
	char *error = NULL;
	bool blind;

	(void)call;
	(void)parameters;
	if (guard_check(daemon->guard, false, NULL, &error) < 0)
		add_problem(problems, error);
	free(error);
	sees_syns = sees_syns_json(daemon, &blind);
	add_problem(problems, rule_problems[guard_state(daemon->guard)]);
	if (workers != WORKER_OK)
		add_problem(problems, worker_state_text(workers));
	if (blind)
		add_problem(problems, "the rules count SYNs, but none reaches a worker");
	if (workers_refused(daemon->workers))
		add_problem(problems, "the kernel has refused verdicts; the log tells more");
	if (!daemon->may_change)
		add_problem(problems,
			    "this network namespace belongs to a user namespace: kernels drop "
			    "packets that are changed there, so SYNs are left alone");
	return json_pack("{s:i, s:s, s:{s:s, s:s, s:o, s:s}, s:o, s:I, s:n, s:s, s:s, s:f}",
			 "schema", 1, "state", json_array_size(problems) ? "degraded" : "running",
			 "checks", "rules", firewall_state_name(guard_state(daemon->guard)),
			 "queues", worker_states[workers], "sees_syns", sees_syns, "fallback",
			 "off", "problems", problems, "tunnels", (json_int_t)count_tunnels(daemon),
			 "peers", "mode", mode_names[daemon->config->mode], "version", VERSION,
			 "uptime_seconds",
			 (double)(now_ns - daemon->start_ns) / (double)NS_PER_SECOND);
}

/* What a tunnel's link comes to for an address that no narrower route or rule speaks of. */
static struct side_limit tunnel_limit(const struct snapshot *snapshot, const struct link *link,
				      enum family family)
{
	static const uint8_t unspecified[ADDRESS_MAX];
	const struct flow flow = {
		.family = family,
		.out_ifindex = link->ifindex,
		.source = unspecified,
		.destination = unspecified,
	};

	return snapshot_lookup_side(snapshot, &flow, SIDE_OUT);
}

static json_t *integer_or_null(uint32_t value)
{
	return value ? json_integer(value) : json_null();
}

/* Where the smaller of both families' inner MTUs comes from. */
static const char *limit_source(const struct side_limit *limit)
{
	if (limit->rule)
		return "config";
	if (limit->decided == DECIDED_ROUTE)
		return "route";
	return limit->link_mtu ? "link" : NULL;
}

static uint32_t inner_mtu(const struct side_limit *limit, enum family family)
{
	return limit->mss ? limit->mss + mss_headers(family) : 0;
}

static void add_warning(json_t *warnings, const struct link *link, const struct side_limit *limit,
			enum family family)
{
	uint32_t most = mss_from_mtu(family, link_mtu(link, family));
	char text[200];

	if (!limit->rule || limit->mss <= most || most == MSS_NONE)
		return;
	snprintf(text, sizeof(text), "%s allows %s MSS %u, but the interface MTU of %u carries %u",
		 limit->rule->text, family == FAMILY_IPV4 ? "IPv4" : "IPv6", limit->mss,
		 link_mtu(link, family), most);
	add_problem(warnings, text);
}

static json_t *tunnel_warnings(const struct link *link, const struct side_limit limit[FAMILY_COUNT])
{
	json_t *warnings = json_array();

	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
		add_warning(warnings, link, &limit[family], family);
	return warnings;
}

static json_t *age_json(const struct daemon *daemon, const char *name)
{
	const struct tunnel *tunnel = tunnels_find(model_tunnels(daemon->model), name);

	if (!tunnel)
		return json_null();
	return json_real((double)(clock_boottime_ns() - tunnel->since_ns) / (double)NS_PER_SECOND);
}

static json_t *tunnel_json(const struct daemon *daemon, const struct snapshot *snapshot,
			   const struct link *link)
{
	const struct side_limit limit[FAMILY_COUNT] = {
		[FAMILY_IPV4] = tunnel_limit(snapshot, link, FAMILY_IPV4),
		[FAMILY_IPV6] = tunnel_limit(snapshot, link, FAMILY_IPV6),
	};
	uint32_t inner4 = inner_mtu(&limit[FAMILY_IPV4], FAMILY_IPV4);
	uint32_t inner6 = inner_mtu(&limit[FAMILY_IPV6], FAMILY_IPV6);
	enum family narrow = !inner4 || (inner6 && inner6 < inner4) ? FAMILY_IPV6 : FAMILY_IPV4;

	return json_pack("{s:s, s:I, s:s, s:n, s:n, s:n, s:o, s:o, s:o, s:o, s:s?, s:o, s:n, s:o}",
			 "name", link->name, "ifindex", (json_int_t)link->ifindex, "kind",
			 link_tunnel_kind(link), "outer_family", "outer_path_mtu_bytes",
			 "overhead_bytes", "inner_mtu_bytes",
			 integer_or_null(narrow == FAMILY_IPV6 ? inner6 : inner4), "mss4_bytes",
			 integer_or_null(limit[FAMILY_IPV4].mss), "mss6_bytes",
			 integer_or_null(limit[FAMILY_IPV6].mss), "interface_mtu_bytes",
			 integer_or_null(link->mtu), "source", limit_source(&limit[narrow]),
			 "age_seconds", age_json(daemon, link->name), "peers", "warnings",
			 tunnel_warnings(link, limit));
}

json_t *reply_tunnels(struct control_call *call, json_t *parameters, void *userdata)
{
	const struct daemon *daemon = userdata;
	const struct snapshot *snapshot = slot_current(model_slot(daemon->model));
	const struct snapshot_link *links;
	json_t *list = json_array();
	size_t count;

	(void)call;
	(void)parameters;
	links = snapshot_links(snapshot, &count);
	for (size_t i = 0; i < count; i++) {
		if (link_tunnel_kind(&links[i].link))
			json_array_append_new(list, tunnel_json(daemon, snapshot, &links[i].link));
	}
	return json_pack("{s:i, s:o}", "schema", 1, "tunnels", list);
}
