/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSS042: strict reverse path filters that drop what comes by another way than its answers go.
 *
 * The kernel counts what it drops for all interfaces together. Strict ones by which something came
 * in meanwhile may have dropped it; that a filter drops what is forged is its purpose, so a finding
 * is only what none but a tunnel can have dropped, or what routing rules explain. */
#include <stdio.h>
#include <string.h>

#include "ctl/doctor/check.h"
#include "edge/probe/snmp.h"

#define STRICT 1
#define NAMES_MAX 3 /* of interfaces that are told */

/* The kernel takes the larger of "all" and the interface's own. */
static bool is_strict(const struct doctor_facts *facts, size_t place)
{
	const struct link *link = &facts->links.list[place];
	int64_t all = facts->sysctl[SYSCTL_RP_FILTER_ALL];
	int own = facts->rp_filter ? facts->rp_filter[place] : -1;

	return link->up && !link->loopback && (own > all ? own : all) == STRICT;
}

static bool received(const struct doctor_facts *facts, size_t place)
{
	return !facts->received || facts->received[place] > 0;
}

/* Strict interfaces by which packets came in, those that are tunnels or all. */
struct suspects {
	size_t count;
	char names[NAMES_MAX * (IF_NAMESIZE + 2) + 8];
};

static struct suspects find_suspects(const struct doctor_facts *facts, bool tunnels)
{
	struct suspects suspects = { .count = 0 };
	size_t len = 0;

	for (size_t i = 0; i < facts->links.count; i++) {
		const struct link *link = &facts->links.list[i];

		if (!is_strict(facts, i) || !received(facts, i) ||
		    (tunnels && !link_tunnel_kind(link)))
			continue;
		if (suspects.count++ < NAMES_MAX)
			len += (size_t)snprintf(suspects.names + len, sizeof(suspects.names) - len,
						"%s%s", len ? ", " : "", link->name);
	}
	if (suspects.count > NAMES_MAX)
		snprintf(suspects.names + len, sizeof(suspects.names) - len, ", ...");
	return suspects;
}

/* sysctl takes dots for slashes, but where a slash is the first of both. */
static void fix_link(const char *name, struct doctor_finding *finding)
{
	doctor_fix(finding, strchr(name, '.') ? "sysctl -w net/ipv4/conf/%s/rp_filter=2" :
						"sysctl -w net.ipv4.conf.%s.rp_filter=2", name);
}

static void fix_suspects(const struct doctor_facts *facts, bool tunnels,
			 struct doctor_finding *finding)
{
	for (size_t i = 0; i < facts->links.count; i++) {
		const struct link *link = &facts->links.list[i];

		if (is_strict(facts, i) && received(facts, i) &&
		    (!tunnels || link_tunnel_kind(link)))
			fix_link(link->name, finding);
	}
}

static bool has_tunnel(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->links.count; i++)
		if (facts->links.list[i].up && link_tunnel_kind(&facts->links.list[i]))
			return true;
	return false;
}

/* No finding: another interface may have dropped what was forged. */
static void say_unclear(const struct suspects *all, bool tunnels, uint64_t drops,
			const struct doctor_facts *facts, struct doctor_finding *finding)
{
	if (tunnels)
		doctor_say(finding, DOCTOR_OK, "%llu packets dropped in %.1f s at one of %s; "
			   "which one the kernel does not count, and they may well be forged",
			   (unsigned long long)drops, facts->seconds, all->names);
	else
		doctor_say(finding, DOCTOR_OK, "%llu packets dropped in %.1f s%s%s; no tunnel "
			   "explains them, so they may well be forged", (unsigned long long)drops,
			   facts->seconds, all->count ? " at " : "", all->names);
}

static void say_drops(const struct doctor_facts *facts, uint64_t drops,
		      struct doctor_finding *finding)
{
	struct suspects tunnels = find_suspects(facts, true), all = find_suspects(facts, false);
	bool rules = facts->has_routing_rules && facts->routing_rules && has_tunnel(facts);

	if (tunnels.count && tunnels.count == all.count) {
		doctor_say(finding, DOCTOR_WARN, "%llu packets dropped in %.1f s; strict (1): %s. "
			   "What comes by a tunnel and is answered by another way is dropped",
			   (unsigned long long)drops, facts->seconds, all.names);
		fix_suspects(facts, true, finding);
	} else if (all.count && rules) {
		doctor_say(finding, DOCTOR_WARN, "%llu packets dropped in %.1f s; strict (1): %s. "
			   "There are tunnels and routing rules: what these send by another way "
			   "than the main table is answered into the filter",
			   (unsigned long long)drops, facts->seconds, all.names);
		fix_suspects(facts, tunnels.count > 0, finding);
	} else {
		say_unclear(&all, tunnels.count > 0, drops, facts, finding);
	}
}

void doctor_check_reverse_path(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	uint64_t before = facts->before[COUNTER_REVERSE_PATH];
	uint64_t after = facts->after[COUNTER_REVERSE_PATH];
	bool strict = false;

	for (size_t i = 0; i < facts->links.count; i++)
		strict |= is_strict(facts, i);
	if (facts->sysctl[SYSCTL_RP_FILTER_ALL] < 0)
		doctor_say(finding, DOCTOR_UNKNOWN, "net.ipv4.conf.all.rp_filter cannot be read");
	else if (before == SNMP_UNKNOWN || after == SNMP_UNKNOWN)
		doctor_say(finding, strict ? DOCTOR_UNKNOWN : DOCTOR_OK, strict ?
			   "strict, and what it drops cannot be read" : "off or loose");
	else if (before < after)
		say_drops(facts, after - before, finding);
	else
		doctor_say(finding, DOCTOR_OK, strict ? "strict, and drops nothing now" :
							"off or loose");
}
