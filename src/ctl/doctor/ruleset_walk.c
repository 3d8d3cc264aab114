/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of one packet through the rules, with three answers instead of two. */
#include "ctl/doctor/ruleset.h"

#include <stdlib.h>

#define DEPTH_MAX 32 /* the kernel allows 16 jumps in nftables */

enum walk_end { END_FALLS_THROUGH, END_ACCEPTED, END_DROPPED, END_UNKNOWN };

/* What a chain comes to: the same whoever jumps to it, so each is walked once. */
struct chain_memo {
	bool begun, done;
	bool likely, maybe; /* accepted under conditions: of rules that name it, of others */
	enum walk_end end;
	const struct ruleset_rule *rule; /* that dropped the packet */
	const struct ruleset_rule *unclear; /* the first of which it is not known */
};

struct walk {
	const struct ruleset *set;
	struct chain_memo *memo;           /* beside the set's chains */
	enum ruleset_packet packet;
	const struct ruleset_rule *wanted; /* may be NULL */
	bool met;                          /* the packet may get to it */
};

static const struct chain_memo *walk_chain(struct walk *walk, uint32_t place, unsigned int depth);

static void note_unclear(struct chain_memo *memo, const struct ruleset_rule *rule)
{
	memo->maybe = true;
	if (!memo->unclear)
		memo->unclear = rule;
}

static void note_condition(struct chain_memo *memo, const struct ruleset_rule *rule,
			   enum ruleset_match match)
{
	if (match == MATCH_LIKELY)
		memo->likely = true;
	else
		note_unclear(memo, rule);
}

/* Where a rule of the chain jumps. Returns whether the rules behind it still count. */
static bool walk_jump(struct walk *walk, struct chain_memo *memo, const struct ruleset_rule *rule,
		      enum ruleset_match match, unsigned int depth)
{
	bool is_goto = rule->verdict[walk->packet] == VERDICT_GOTO;
	const struct chain_memo *target;

	if (rule->target == RULESET_NONE) { /* a target that does nothing to where it goes */
		if (is_goto)
			note_unclear(memo, rule);
		return true;
	}
	target = walk_chain(walk, rule->target, depth + 1);
	if (match == MATCH_YES) {
		memo->likely |= target->likely;
		memo->maybe |= target->maybe;
		if (!memo->unclear)
			memo->unclear = target->unclear		   ? target->unclear :
					target->end == END_UNKNOWN ? rule :
								     NULL;
		memo->end = target->end;
		memo->rule = target->rule;
		return target->end == END_FALLS_THROUGH && !is_goto;
	}
	if (target->end == END_ACCEPTED || target->end == END_UNKNOWN || target->likely ||
	    target->maybe || is_goto)
		note_condition(memo, rule, match);
	return true;
}

/* Returns whether the rules behind this one still count. */
static bool walk_rule(struct walk *walk, struct chain_memo *memo, const struct ruleset_rule *rule,
		      unsigned int depth)
{
	enum ruleset_match match = (enum ruleset_match)rule->match[walk->packet];

	if (match == MATCH_NO)
		return true;
	switch ((enum ruleset_verdict)rule->verdict[walk->packet]) {
	case VERDICT_NONE:
		return true;
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		return walk_jump(walk, memo, rule, match, depth);
	case VERDICT_DROP:
		if (match != MATCH_YES)
			return true;
		memo->rule = rule;
		memo->end = END_DROPPED;
		return false;
	case VERDICT_UNKNOWN:
		note_unclear(memo, rule);
		return true;
	case VERDICT_ACCEPT:
	case VERDICT_RETURN:
		break;
	}
	if (match != MATCH_YES) {
		note_condition(memo, rule, match);
		return true;
	}
	if (rule->verdict[walk->packet] == VERDICT_ACCEPT)
		memo->end = END_ACCEPTED;
	return false;
}

/* NOLINTNEXTLINE(misc-no-recursion): chains call chains, at most DEPTH_MAX deep */
static const struct chain_memo *walk_chain(struct walk *walk, uint32_t place, unsigned int depth)
{
	static const struct chain_memo unknown = { .end = END_UNKNOWN };
	struct chain_memo *memo = &walk->memo[place];
	uint32_t i = walk->set->chains[place].first;

	if (memo->done)
		return memo;
	if (memo->begun || depth > DEPTH_MAX) /* a circle */
		return &unknown;
	memo->begun = true;
	for (; i != RULESET_NONE; i = walk->set->rules[i].next) {
		const struct ruleset_rule *rule = &walk->set->rules[i];

		if (rule == walk->wanted)
			walk->met = true;
		if (!walk_rule(walk, memo, rule, depth))
			break;
	}
	memo->done = true;
	return memo;
}

static bool sees(const struct ruleset_chain *chain, enum ruleset_packet packet)
{
	return chain->families & (ruleset_packet_family(packet) == FAMILY_IPV4 ? 1 : 2);
}

static enum ruleset_fate fate_of(const struct chain_memo *memo, bool policy_drops)
{
	switch (memo->end) {
	case END_ACCEPTED:
		return FATE_PASSES;
	case END_UNKNOWN:
		return FATE_UNKNOWN;
	case END_FALLS_THROUGH:
		if (!policy_drops)
			return FATE_PASSES;
		break;
	case END_DROPPED:
		break;
	}
	return memo->likely ? FATE_LIKELY : memo->maybe ? FATE_UNKNOWN : FATE_DROPPED;
}

static struct walk walk_begin(const struct ruleset *set, enum ruleset_packet packet)
{
	return (struct walk){
		.set = set,
		.packet = packet,
		.memo = calloc(set->chain_count + 1, sizeof(struct chain_memo)),
	};
}

struct ruleset_answer ruleset_ask(const struct ruleset *set, enum ruleset_hook hook,
				  enum ruleset_packet packet)
{
	struct ruleset_answer worst = { .fate = FATE_PASSES };
	struct walk walk = walk_begin(set, packet);

	for (size_t i = 0; walk.memo && i < set->chain_count; i++) {
		const struct ruleset_chain *chain = &set->chains[i];
		const struct chain_memo *memo;
		enum ruleset_fate fate;

		if (chain->hook != hook || chain->nat || chain->ours || !sees(chain, packet))
			continue;
		memo = walk_chain(&walk, (uint32_t)i, 0);
		fate = fate_of(memo, chain->drops);
		if (fate <= worst.fate)
			continue;
		worst = (struct ruleset_answer){ .fate = fate };
		if (fate == FATE_DROPPED) {
			worst.rule = memo->end == END_DROPPED ? memo->rule : NULL;
			worst.chain = chain;
		} else if (fate == FATE_UNKNOWN && memo->unclear) {
			worst.rule = memo->unclear;
			worst.chain = &set->chains[memo->unclear->chain];
		}
	}
	if ((set->truncated || !walk.memo) && worst.fate != FATE_DROPPED)
		worst.fate = FATE_UNKNOWN;
	free(walk.memo);
	return worst;
}

/* Walks the base chains of the rule's table until one leads to it. Returns that chain or NULL;
 * *ret_ends says whether the rule's own chain, being one, ends before it. */
static const struct ruleset_chain *find_base(struct walk *walk, const struct ruleset_rule *rule,
					     bool *ret_ends)
{
	const struct ruleset_chain *own = &walk->set->chains[rule->chain];

	for (size_t i = 0; i < walk->set->chain_count; i++) {
		const struct ruleset_chain *chain = &walk->set->chains[i];
		const struct chain_memo *memo;

		if (chain->hook == HOOK_NONE || chain->table_id != own->table_id ||
		    !sees(chain, walk->packet))
			continue;
		memo = walk_chain(walk, (uint32_t)i, 0);
		if (walk->met)
			return chain;
		if (chain == own)
			*ret_ends = memo->end != END_UNKNOWN;
	}
	return NULL;
}

enum ruleset_reach ruleset_reach(const struct ruleset *set, const struct ruleset_rule *rule,
				 enum ruleset_packet packet, const struct ruleset_chain **ret_base)
{
	const struct ruleset_chain *own = &set->chains[rule->chain], *base = NULL;
	struct walk walk = walk_begin(set, packet);
	bool ends = false;

	walk.wanted = rule;
	if (walk.memo)
		base = find_base(&walk, rule, &ends);
	free(walk.memo);
	if (ret_base)
		*ret_base = base ? base : own->hook != HOOK_NONE ? own : NULL;
	if (base)
		return REACH_YES;
	return ends && !set->truncated ? REACH_NEVER : REACH_UNKNOWN;
}
