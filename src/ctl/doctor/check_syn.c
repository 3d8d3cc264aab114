/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSS003 to MSS005: whether SYNs reach mssclampd, of both families and both ways. */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "ctl/doctor/check.h"
#include "ctl/doctor/doctor_words.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"

#define ONE_WAY_LEAST 100 /* SYNs by a tunnel: fewer may all be to somebody who does not answer */

/* Whose the rules are, where their hooks are not known. */
static const char *whose_rules(const struct doctor_facts *facts)
{
	return field_is(json_object_get(facts->status, "checks"), "rules", "none") ?
		       "the rules are yours (firewall = \"none\")" :
		       "which rules there are mssclampd does not say";
}

static void fix_rules(struct doctor_finding *finding)
{
	doctor_see(finding, "mssclampctl rules --diff");
	doctor_fix(finding, "mssclampctl rules --apply");
}

/* Its own connection, by its ports: each of its packets at each hook. */
static void say_missing(unsigned int missing, struct doctor_finding *finding)
{
	static const struct {
		unsigned int place;
		const char *name;
	} places[] = {
		{ SEEN_SYN_OUTPUT, "the SYN at output" },
		{ SEEN_SYN_INPUT, "the SYN at input" },
		{ SEEN_SYN_ACK_OUTPUT, "the SYN-ACK at output" },
		{ SEEN_SYN_ACK_INPUT, "the SYN-ACK at input" },
	};
	char text[128] = "";

	for (size_t i = 0; i < COUNT(places); i++)
		if (missing & places[i].place)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				 *text ? ", " : "", places[i].name);
	doctor_say(finding, DOCTOR_FAIL, "of a connection over lo mssclampd did not see %s", text);
	fix_rules(finding);
}

static void say_reached(const struct doctor_facts *facts, enum family family,
			struct doctor_finding *finding)
{
	unsigned int missing = doctor_syn_missing(facts, family), seen = facts->syn_seen[family];
	bool both = seen & SEEN_SYN && seen & SEEN_SYN_ACK;

	if (!facts->syn_exact[family]) {
		doctor_say(finding, DOCTOR_OK, "SYNs are seen, perhaps those of others");
	} else if (missing && facts->hooks_known) {
		say_missing(missing, finding);
	} else if (missing) {
		doctor_say(finding, DOCTOR_FAIL, "of a connection over lo mssclampd saw the %s at "
			   "no hook; %s", missing & SEEN_SYN ? "SYN" : "SYN-ACK",
			   whose_rules(facts));
		doctor_see(finding, "mssclampctl rules --print nft");
	} else {
		doctor_say(finding, DOCTOR_OK, "%s over lo %s seen%s%s", both ? "SYN and SYN-ACK" :
			   seen & SEEN_SYN ? "SYN" : "SYN-ACK", both ? "were" : "was",
			   facts->hooks_known ? "" : "; ",
			   facts->hooks_known ? "" : whose_rules(facts));
	}
}

/* Nothing of ours should have been seen, or nobody knows whether it should. */
static void say_left_out(const struct doctor_facts *facts, bool seen,
			 struct doctor_finding *finding)
{
	enum doctor_result result = seen ? DOCTOR_OK : DOCTOR_UNKNOWN;

	if (facts->hooks_known)
		doctor_say(finding, result, seen ?
			   "forwarded SYNs are seen; the hooks leave out this host's own" :
			   "the hooks leave out this host's own SYNs, and none was forwarded yet");
	else
		doctor_say(finding, result, "no SYN over lo was seen, %s; %s", seen ?
			   "others are" : "nor any other yet", whose_rules(facts));
}

static void say_unseen(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	bool seen = json_is_true(json_object_get(json_object_get(facts->status, "checks"),
						 "sees_syns"));

	if (!field_is(facts->status, "mode", "offload") && !facts->syn_expected) {
		say_left_out(facts, seen, finding);
		return;
	}
	doctor_say(finding, DOCTOR_FAIL, "a connection over lo came about, and mssclampd saw no "
		   "SYN of it");
	fix_rules(finding);
}

static void check_syn(const struct doctor_facts *facts, enum family family,
		      struct doctor_finding *finding)
{
	switch (facts->syn[family]) {
	case DOCTOR_SYN_REACHED:
		say_reached(facts, family, finding);
		break;
	case DOCTOR_SYN_UNSEEN:
		say_unseen(facts, finding);
		break;
	case DOCTOR_SYN_NO_FAMILY:
		doctor_say(finding, DOCTOR_SKIPPED, "this host has no such addresses");
		break;
	case DOCTOR_SYN_NO_LOOPBACK:
		doctor_say(finding, DOCTOR_UNKNOWN, "a connection over lo does not come about: is "
			   "lo up, does a rule drop it?");
		doctor_fix(finding, "ip link set lo up");
		break;
	case DOCTOR_SYN_CROWDED:
		doctor_say(finding, DOCTOR_UNKNOWN, "more SYNs pass than mssclampd can show, and "
			   "our own is not among those it did");
		break;
	case DOCTOR_SYN_UNKNOWN:
		doctor_say(finding, DOCTOR_UNKNOWN, "the counters of mssclampd cannot be read");
		break;
	}
}

void doctor_check_syn4(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	check_syn(facts, FAMILY_IPV4, finding);
}

void doctor_check_syn6(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	check_syn(facts, FAMILY_IPV6, finding);
}

/* Rules of others that clamp what leaves by an interface alone, or what comes in. */
static void check_foreign_directions(const struct doctor_facts *facts,
				     struct doctor_finding *finding)
{
	const struct ruleset_rule *one = NULL;
	bool in = false, out = false;

	for (size_t i = 0; i < facts->ruleset.rule_count; i++) {
		const struct ruleset_rule *rule = &facts->ruleset.rules[i];

		if (!(rule->does & (RULE_CLAMPS | RULE_QUEUES)) ||
		    facts->ruleset.chains[rule->chain].ours)
			continue;
		one = rule;
		in |= !(rule->does & RULE_OUT);
		out |= !(rule->does & RULE_IN);
	}
	if (!one) {
		doctor_say(finding, DOCTOR_SKIPPED, "nothing clamps here");
	} else if (in && out) {
		doctor_say(finding, DOCTOR_OK, "rules of somebody else cover both");
	} else {
		doctor_say(finding, DOCTOR_WARN, "clamped is only what %s: SYNs of the other way "
			   "keep their MSS (%s)", in ? "comes in by it" : "leaves by it",
			   doctor_rule_text(one).s);
		doctor_fix(finding, DOCTOR_START);
	}
}

static uint64_t seen_of(const json_t *tunnel, const char *family, const char *direction)
{
	const json_t *list = json_object_get(tunnel, "directions"), *one;
	uint64_t seen = 0;
	size_t i;

	json_array_foreach(list, i, one)
		if (field_is(one, "family", family) && field_is(one, "direction", direction))
			seen += field_count(one, "seen_total");
	return seen;
}

/* Who opens connections by a tunnel is answered by it: SYNs of one way alone have no answers, or
 * these go past us. A SYN counts for the side that decides, which between sides of one MSS is where
 * it leaves: what came out of a tunnel may count for another or for none. So from none that came
 * out something follows only where nobody else has any, and it is no hub (alone). */
static void check_tunnel(const json_t *tunnel, bool alone, const char *family, const char *name,
			 struct doctor_finding *finding)
{
	uint64_t from = seen_of(tunnel, family, "from_tunnel");
	uint64_t to = seen_of(tunnel, family, "to_tunnel");

	if ((from && to) || from + to < ONE_WAY_LEAST || (to && !alone))
		return;
	doctor_tell(finding, DOCTOR_WARN, "%s, %s: %s SYNs %s, and none %s: what answers "
		    "takes another way, or a rule takes it before ours",
		    field_string(tunnel, "name", "-"), name, format_count(from + to).s,
		    from ? "came from the tunnel" : "went into the tunnel",
		    from ? "went into it" : "came from it");
	doctor_see(finding, "mssclampctl capture tunnel %s", field_string(tunnel, "name", "-"));
}

/* Whether SYNs may come out of a tunnel and go into it again, as in a hub whose peers talk to each
 * other: both ways count for the one side then. Not where one far end is all there is. */
static bool may_be_hub(const struct doctor_facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->links.count; i++)
		if (strcmp(facts->links.list[i].name, name) == 0 && facts->links.list[i].has_remote)
			return false;
	for (size_t i = 0; i < facts->tunnel_count; i++)
		if (strcmp(facts->tunnels[i].name, name) == 0)
			return facts->tunnels[i].peers != 1;
	return true;
}

/* Whether all SYNs of a family are of one tunnel. */
static bool is_alone(const struct doctor_facts *facts, size_t used, const char *family)
{
	const json_t *rest = json_object_get(facts->stats, "no_tunnel");

	return used == 1 && rest && !seen_of(rest, family, "from_tunnel") &&
	       !seen_of(rest, family, "to_tunnel");
}

static void check_ways(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	const json_t *list = json_object_get(facts->stats, "tunnels"), *tunnel;
	bool alone4, alone6;
	size_t used = 0, i;

	json_array_foreach(list, i, tunnel)
		used += field_count(tunnel, "seen_total") > 0;
	alone4 = is_alone(facts, used, "ipv4");
	alone6 = is_alone(facts, used, "ipv6");
	json_array_foreach(list, i, tunnel) {
		bool hub = may_be_hub(facts, field_string(tunnel, "name", "-"));

		check_tunnel(tunnel, alone4 && !hub, "ipv4", "IPv4", finding);
		check_tunnel(tunnel, alone6 && !hub, "ipv6", "IPv6", finding);
	}
}

static bool is_hook(const struct doctor_facts *facts, const char *name)
{
	return json_is_integer(json_object_get(json_object_get(facts->rules, "counters"), name));
}

void doctor_check_directions(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	const json_t *checks = json_object_get(facts->status, "checks");
	bool forward = is_hook(facts, "forward"), output = is_hook(facts, "output");
	bool input = is_hook(facts, "input"), offload = field_is(facts->status, "mode", "offload");

	if (!facts->status || field_is(checks, "rules", "none")) {
		if (facts->has_ruleset)
			check_foreign_directions(facts, finding);
		else
			doctor_say(finding, DOCTOR_UNKNOWN, "%s", facts->ruleset_why ?
				   facts->ruleset_why : "the rules cannot be read");
		return;
	}
	if (!offload && !forward && (output || input)) {
		doctor_say(finding, DOCTOR_WARN, "\"forward\" is not among the hooks: what this "
			   "host forwards is not clamped");
		doctor_fix_setting(finding, "MSS005",
				   "hooks = [ \"forward\", \"output\", \"input\" ];");
		doctor_fix(finding, "mssclampctl reload");
		return;
	}
	/* Else counters have one half of what went on. */
	if (!offload && forward && output && input)
		check_ways(facts, finding);
	if (!finding->count)
		doctor_say(finding, DOCTOR_OK, "SYN and SYN-ACK of all interfaces");
}
