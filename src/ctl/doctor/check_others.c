/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSS030 to MSS032: who else has a hand in SYNs. */
#include <stdio.h>

#include "ctl/doctor/check.h"
#include "ctl/doctor/doctor_words.h"

#define OURS_FORWARD (-150) /* priority of our queue, in nft and as table mangle */
#define REACH_MAX 64        /* rules whose way is walked */

static bool is_foreign(const struct doctor_facts *facts, const struct ruleset_rule *rule,
		       uint32_t does)
{
	return rule->does & does && !facts->ruleset.chains[rule->chain].ours;
}

/* The base chain of a rule, as far as one is known. */
static const struct ruleset_chain *base_of(const struct doctor_facts *facts,
					   const struct ruleset_rule *rule)
{
	const struct ruleset_chain *base = NULL, *base6 = NULL;

	(void)ruleset_reach(&facts->ruleset, rule, PACKET_SYN4, &base);
	if (!base)
		(void)ruleset_reach(&facts->ruleset, rule, PACKET_SYN6, &base6);
	return base ? base : base6;
}

/* Who is asked first; both only lower, so the order decides no more than who sees what. */
static const char *order_text(const struct ruleset_chain *base)
{
	if (!base)
		return "when is not known";
	if (base->hook == HOOK_PREROUTING ||
	    (base->priority < OURS_FORWARD && base->hook != HOOK_POSTROUTING))
		return "before mssclampd";
	if (base->priority > OURS_FORWARD || base->hook == HOOK_POSTROUTING)
		return "after mssclampd";
	return "at the same priority as mssclampd";
}

static struct doctor_text value_text(const struct ruleset_rule *rule)
{
	struct doctor_text text;

	if (rule->value)
		snprintf(text.s, sizeof(text.s), "%u", rule->value);
	else
		snprintf(text.s, sizeof(text.s), "the route's MTU, which ICMP can forge");
	return text;
}

void doctor_check_clampers(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	size_t count = 0;

	for (size_t i = 0; i < facts->ruleset.rule_count; i++) {
		const struct ruleset_rule *rule = &facts->ruleset.rules[i];
		const struct ruleset_chain *base;

		if (!is_foreign(facts, rule, RULE_CLAMPS))
			continue;
		count++;
		if (!facts->status)
			continue;
		base = base_of(facts, rule);
		doctor_tell(finding, DOCTOR_WARN, "\"%s\" lowers it to %s, %s at %s%s",
			    doctor_rule_text(rule).s, value_text(rule).s, order_text(base),
			    base ? ruleset_hook_name(base->hook) : "a chain nothing leads to",
			    count == 1 ? "; the smaller MSS wins" : "");
		doctor_see(finding, "%s",
			   doctor_chain_command(&facts->ruleset.chains[rule->chain]).s);
	}
	if (!finding->count)
		doctor_say(finding, DOCTOR_OK, count ? "%zu of somebody else" : "no such rule",
			   count);
}

/* Rules that clamp, and those that lead to our own chain. */
static bool matters(const struct doctor_facts *facts, const struct ruleset_rule *rule)
{
	return rule->does & (RULE_CLAMPS | RULE_QUEUES) ||
	       (rule->target != RULESET_NONE && facts->ruleset.chains[rule->target].ours);
}

/* Whether a SYN gets to a rule of somebody. */
static void check_reach(const struct doctor_facts *facts, const struct ruleset_rule *rule,
			enum ruleset_packet packet, struct doctor_finding *finding)
{
	const struct ruleset_chain *chain = &facts->ruleset.chains[rule->chain];

	switch (ruleset_reach(&facts->ruleset, rule, packet, NULL)) {
	case REACH_YES:
		return;
	case REACH_NEVER:
		doctor_tell(finding, DOCTOR_FAIL, "\"%s\" never runs: a rule before it "
			    "accepts every SYN (%s); move that one after it, or narrow it to "
			    "what it is for", doctor_rule_text(rule).s,
			    doctor_chain_text(chain).s);
		break;
	case REACH_UNKNOWN:
		if (facts->ruleset.truncated) {
			doctor_tell(finding, DOCTOR_UNKNOWN,
				    "there are too many rules to read");
			return;
		}
		doctor_tell(finding, DOCTOR_WARN, "no SYN gets to \"%s\" (%s)",
			    doctor_rule_text(rule).s, doctor_chain_text(chain).s);
		break;
	}
	doctor_see(finding, "%s", doctor_chain_command(chain).s);
}

void doctor_check_shadowed(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	size_t count = 0;

	for (size_t i = 0; i < facts->ruleset.rule_count && count < REACH_MAX; i++) {
		const struct ruleset_rule *rule = &facts->ruleset.rules[i];
		bool six = rule->match[PACKET_SYN4] == MATCH_NO;

		if (!matters(facts, rule) || (six && rule->match[PACKET_SYN6] == MATCH_NO))
			continue;
		count++;
		if (!facts->ruleset.chains[rule->chain].ours)
			check_reach(facts, rule, six ? PACKET_SYN6 : PACKET_SYN4, finding);
	}
	if (!finding->count)
		doctor_say(finding, count ? DOCTOR_OK : DOCTOR_SKIPPED, count ?
			   "SYNs get to each (looked at: %zu)" : "no such rule", count);
}

void doctor_check_offloaded(const struct doctor_facts *facts, struct doctor_finding *finding)
{
	for (size_t i = 0; i < facts->ruleset.rule_count; i++) {
		const struct ruleset_rule *rule = &facts->ruleset.rules[i];

		if (!is_foreign(facts, rule, RULE_OFFLOADS))
			continue;
		doctor_tell(finding, DOCTOR_WARN, "\"%s\" takes known flows past every rule: "
			    "a SYN that uses the addresses and ports of one again is not seen",
			    doctor_rule_text(rule).s);
		doctor_see(finding, "%s",
			   doctor_chain_command(&facts->ruleset.chains[rule->chain]).s);
		doctor_see(finding, "nft list flowtables");
	}
	if (!finding->count)
		doctor_say(finding, DOCTOR_OK, "no flow table is in use");
}
