/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers to GetStatus and ListTunnels. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/mss.h"
#include "daemon/daemon.h"
#include "daemon/guard.h"

static const char *const mode_names[] = {
	/* offload and mark run as queue until their part of the kernel's work is built in */
	[MODE_QUEUE] = "queue",
	[MODE_OFFLOAD] = "queue",
	[MODE_MARK] = "queue",
	[MODE_AUDIT] = "audit",
};

static const struct {
	const char *name, *problem;
} worker_states[] = {
	[WORKER_OK] = { "ok", NULL },
	[WORKER_STALLED] = { "stalled", "a worker has not answered its queue for 3 s" },
	[WORKER_UNBOUND] = { "unbound",
			     "a queue has lost its worker; new SYNs pass unclamped there" },
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
		json_array_append_new(problems, json_string(text));
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
	enum worker_state workers = workers_check(daemon->workers, now_ns);
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
	add_problem(problems, worker_states[workers].problem);
	if (blind)
		add_problem(problems, "the rules count SYNs, but none reaches a worker");
	if (!daemon->may_change)
		add_problem(problems,
			    "this network namespace belongs to a user namespace: kernels drop "
			    "packets that are changed there, so SYNs are left alone");
	return json_pack("{s:i, s:s, s:{s:s, s:s, s:o, s:s}, s:o, s:I, s:n, s:s, s:s, s:f}",
			 "schema", 1, "state", json_array_size(problems) ? "degraded" : "running",
			 "checks", "rules", firewall_state_name(guard_state(daemon->guard)),
			 "queues", worker_states[workers].name, "sees_syns", sees_syns, "fallback",
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

static const char *limit_source(const struct side_limit *limit)
{
	if (limit->rule)
		return "config";
	if (limit->route_mtu && (!limit->link_mtu || limit->route_mtu < limit->link_mtu))
		return "route";
	return limit->link_mtu ? "link" : NULL;
}

static json_t *tunnel_warnings(const struct link *link, const struct side_limit *limit)
{
	json_t *warnings = json_array();
	uint32_t most = mss_from_mtu(FAMILY_IPV4, link->mtu);
	char text[200];

	if (limit->rule && limit->mss > most) {
		snprintf(text, sizeof(text),
			 "%s allows MSS %u, but the interface MTU of %u carries %u",
			 limit->rule->text, limit->mss, link->mtu, most);
		add_problem(warnings, text);
	}
	return warnings;
}

static json_t *tunnel_json(const struct daemon *daemon, const struct snapshot *snapshot,
			   const struct link *link)
{
	struct side_limit limit4 = tunnel_limit(snapshot, link, FAMILY_IPV4);
	struct side_limit limit6 = tunnel_limit(snapshot, link, FAMILY_IPV6);
	const struct model_tunnel *tunnel = model_find_tunnel(daemon->model, link->name);
	json_t *age = json_null();

	if (tunnel)
		age = json_real((double)(clock_boottime_ns() - tunnel->since_ns) /
				(double)NS_PER_SECOND);
	return json_pack("{s:s, s:I, s:s, s:n, s:n, s:n, s:o, s:o, s:o, s:o, s:s?, s:o, s:n, s:o}",
			 "name", link->name, "ifindex", (json_int_t)link->ifindex, "kind",
			 link_tunnel_kind(link), "outer_family", "outer_path_mtu_bytes",
			 "overhead_bytes", "inner_mtu_bytes",
			 integer_or_null(limit4.mss ? limit4.mss + MSS_HEADERS_IPV4 : 0),
			 "mss4_bytes", integer_or_null(limit4.mss), "mss6_bytes",
			 integer_or_null(limit6.mss), "interface_mtu_bytes",
			 integer_or_null(link->mtu), "source", limit_source(&limit4), "age_seconds",
			 age, "peers", "warnings", tunnel_warnings(link, &limit4));
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
