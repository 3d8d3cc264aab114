/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet path: from a flow to its limit. */
#include <netinet/in.h>

#include "base/array.h"
#include "core/mss.h"
#include "policy/snapshot/snapshot_inside.h"

/* What one side comes to, before anybody asks for the story. */
struct resolved {
	uint32_t mss;
	uint32_t rule;     /* place in the list, RULE_NONE */
	uint32_t selector; /* the policy that covers it, SELECTOR_NONE */
	bool by_policy;    /* its limit decided, or a rule that names it */
	size_t place;      /* of the link */
	const struct side_table *table;
	const struct side_entry *entry;
};

static uint32_t side_ifindex(const struct flow *flow, enum flow_side which)
{
	return which == SIDE_IN ? flow->in_ifindex : flow->out_ifindex;
}

static const uint8_t *side_address(const struct flow *flow, enum flow_side which)
{
	return which == SIDE_IN ? flow->source : flow->destination;
}

/* What covers the flow; where that depends on more than is asked for, the smallest that may. */
static uint32_t find_selector(const struct snapshot *snapshot, const struct flow *flow,
			      enum flow_side which)
{
	const struct peer_word *words = snapshot->peers.words;
	const struct selector_question question = {
		.family = flow->family,
		.remote = side_address(flow, which),
		.local = side_address(flow, which == SIDE_IN ? SIDE_OUT : SIDE_IN),
		.mark = flow->mark,
		.protocol = IPPROTO_TCP,
	};

	uint32_t at = selector_find(snapshot->selectors, &question), least = at;

	while (at != SELECTOR_NONE && words[at].narrow) {
		at = selector_find_next(snapshot->selectors, &question, at,
					snapshot->tunnels->peers[at]->priority);
		if (at != SELECTOR_NONE && words[at].mss != MSS_NONE &&
		    smaller_mss(words[at].mss, words[least].mss) != words[least].mss)
			least = at;
	}
	return least;
}

static struct rule_side describe_side(const struct snapshot *snapshot, const struct flow *flow,
				      enum flow_side which, const struct resolved *side)
{
	return (struct rule_side){
		.interface = snapshot_link_name(snapshot, side->place),
		.family = flow->family,
		.address = side_address(flow, which),
		.mark = flow->mark,
		.peers = { peer_table_names(&snapshot->peers, side->entry->peer),
			   peer_table_names(&snapshot->peers, side->selector) },
	};
}
_Static_assert(SELECTOR_NONE == PEER_NONE && RULE_PEERS == 2, "a policy is a peer");

/* Rules that no table holds are looked at one by one, but only those before the best match; most
 * ask for a mark, and most packets have another. */
static uint32_t first_slow(const struct snapshot *snapshot, const struct flow *flow,
			   enum flow_side which, const struct resolved *side)
{
	const struct place_list *slow = &snapshot->rule_index.slow;

	for (size_t i = 0; i < slow->count && slow->places[i] < side->rule; i++) {
		const struct rule *rule = &snapshot->rules->list[slow->places[i]];
		struct rule_side asked;

		if (rule->has_mark && (flow->mark & rule->mark_mask) != rule->mark_value)
			continue;
		asked = describe_side(snapshot, flow, which, side);
		if (rule_matches(rule, &asked))
			return slow->places[i];
	}
	return side->rule;
}

/* Whether the rule asks for the policy and not for the link's peer. */
static bool names_policy(const struct snapshot *snapshot, const struct resolved *side)
{
	const struct rule *rule = &snapshot->rules->list[side->rule];
	struct rule_peer policy, peer;

	if (!rule->peer)
		return false;
	policy = peer_table_names(&snapshot->peers, side->selector);
	peer = peer_table_names(&snapshot->peers, side->entry->peer);
	return rule_names_peer(rule, &policy) && !rule_names_peer(rule, &peer);
}

/* What the policy that covers the flow says, before the slow rules. */
static void resolve_policy(const struct snapshot *snapshot, const struct flow *flow,
			   enum flow_side which, struct resolved *side)
{
	uint32_t rule = side->rule;

	side->selector = find_selector(snapshot, flow, which);
	if (side->selector == SELECTOR_NONE || snapshot->rule_index.named_count == 0)
		return;
	/* What names the link's peer too has been found with that. */
	side->rule = peer_table_first_rule(&snapshot->peers, side->selector,
					   snapshot_link_name(snapshot, side->place), flow->family,
					   rule);
	side->by_policy = side->rule != rule;
}

static void resolve_slow(const struct snapshot *snapshot, const struct flow *flow,
			 enum flow_side which, struct resolved *side)
{
	uint32_t rule = first_slow(snapshot, flow, which, side);

	if (rule == side->rule)
		return;
	side->rule = rule;
	side->by_policy = names_policy(snapshot, side);
}

/* What more than the tables has a say: policies, and rules that no entry holds. */
static __attribute__((noinline)) void resolve_rest(const struct snapshot *snapshot,
						   const struct flow *flow, enum flow_side which,
						   struct resolved *side)
{
	uint32_t rule = side->rule, mss;

	if (snapshot->selectors)
		resolve_policy(snapshot, flow, which, side);
	if (snapshot->rule_index.slow.count)
		resolve_slow(snapshot, flow, which, side);
	if (side->rule != rule)
		side->mss = snapshot->rule_mss[side->rule][flow->family];
	if (side->selector == SELECTOR_NONE || side->rule != RULE_NONE)
		return;
	mss = snapshot->peers.words[side->selector].mss;
	side->by_policy = mss != MSS_NONE && smaller_mss(mss, side->mss) == mss;
	if (side->by_policy)
		side->mss = mss;
}

static inline void begin_side(const struct snapshot *snapshot, const struct flow *flow,
			      enum flow_side which, struct snapshot_lookup *lookup)
{
	size_t place = snapshot_place(snapshot, side_ifindex(flow, which));
	const struct side_table *own = &snapshot->tables[place][flow->family];
	const struct side_table *any = &snapshot->any[flow->family];

	lookup->sides[which].place = place;
	lookup->sides[which].own = &own->base;
	lookup->sides[which].any = &any->base;
	if (any->lpm)
		lpm_fetch(any->lpm, side_address(flow, which));
	if (own->lpm)
		lpm_fetch(own->lpm, side_address(flow, which));
}

void snapshot_lookup_begin(const struct snapshot *snapshot, const struct flow *flow,
			   struct snapshot_lookup *ret_lookup)
{
	begin_side(snapshot, flow, SIDE_IN, ret_lookup);
	begin_side(snapshot, flow, SIDE_OUT, ret_lookup);
}

static inline void find_side(const struct snapshot *snapshot, const struct flow *flow,
			     enum flow_side which, struct snapshot_lookup *lookup)
{
	size_t place = lookup->sides[which].place;
	const struct side_table *own = &snapshot->tables[place][flow->family];
	const struct side_table *any = &snapshot->any[flow->family];

	if (any->lpm) {
		lookup->sides[which].any = side_table_find(any, side_address(flow, which));
		__builtin_prefetch(lookup->sides[which].any);
	}
	if (own->lpm) {
		lookup->sides[which].own = side_table_find(own, side_address(flow, which));
		__builtin_prefetch(lookup->sides[which].own);
	}
}

void snapshot_lookup_find(const struct snapshot *snapshot, const struct flow *flow,
			  struct snapshot_lookup *lookup)
{
	if (!snapshot->has_prefixes)
		return;
	find_side(snapshot, flow, SIDE_IN, lookup);
	find_side(snapshot, flow, SIDE_OUT, lookup);
}

/* In place and not by value: the copy of a struct just written costs more than all the rest. */
static inline void resolve_side(const struct snapshot *snapshot, const struct flow *flow,
				enum flow_side which, const struct snapshot_lookup *lookup,
				struct resolved *side)
{
	const struct side_entry *first;

	side->place = lookup->sides[which].place;
	side->table = &snapshot->tables[side->place][flow->family];
	side->entry = lookup->sides[which].own;
	first = side_entry_first(side->entry, lookup->sides[which].any);
	side->rule = first->rule;
	side->mss = first->mss;
	side->selector = SELECTOR_NONE;
	side->by_policy = false;
	if (snapshot->has_rest)
		resolve_rest(snapshot, flow, which, side);
}

static void take_side(const struct snapshot *snapshot, const struct resolved *side,
		      enum flow_side which, struct limit *limit)
{
	const struct peer_word *word;

	limit->mss = side->mss;
	limit->decided = which;
	limit->tunnel_id = side->table->tunnel_id;
	limit->peer = side->entry->peer;
	if (side->selector == SELECTOR_NONE)
		return;
	word = &snapshot->peers.words[side->selector];
	if (side->by_policy && snapshot->has_peer_tunnel_ids)
		limit->tunnel_id = word->tunnel_id;
	if (side->by_policy ||
	    (limit->peer == PEER_NONE && !word->clear))
		limit->peer = side->selector;
}

struct limit snapshot_lookup_end(const struct snapshot *snapshot, const struct flow *flow,
				 const struct snapshot_lookup *lookup)
{
	struct limit limit = { .mss = MSS_NONE, .decided = SIDE_OUT, .tunnel_id = TUNNEL_ID_NONE,
			       .in_tunnel_id = TUNNEL_ID_NONE, .peer = PEER_NONE };
	struct resolved side;

	if (flow->out_ifindex) {
		resolve_side(snapshot, flow, SIDE_OUT, lookup, &side);
		if (side.mss != MSS_NONE)
			take_side(snapshot, &side, SIDE_OUT, &limit);
	}
	if (flow->in_ifindex) {
		resolve_side(snapshot, flow, SIDE_IN, lookup, &side);
		limit.in_tunnel_id = side.table->tunnel_id;
		if (side.mss != MSS_NONE && (limit.mss == MSS_NONE || side.mss < limit.mss))
			take_side(snapshot, &side, SIDE_IN, &limit);
	}
	return limit;
}

struct limit snapshot_lookup(const struct snapshot *snapshot, const struct flow *flow)
{
	struct snapshot_lookup lookup;

	snapshot_lookup_begin(snapshot, flow, &lookup);
	snapshot_lookup_find(snapshot, flow, &lookup);
	return snapshot_lookup_end(snapshot, flow, &lookup);
}

/* The smallest of what was found; of equal ones the first, but a policy before all others. */
static void find_fit(struct side_limit *limit)
{
	const struct { uint32_t mtu; enum side_decided who; } sources[] = {
		{ limit->selector_mtu, DECIDED_SELECTOR },
		{ limit->link_mtu,     DECIDED_LINK     },
		{ limit->route_mtu,    DECIDED_ROUTE    },
		{ limit->tunnel_mtu,   DECIDED_TUNNEL   },
		{ limit->peer_mtu,     DECIDED_PEER     },
	};

	for (size_t i = 0; i < COUNT(sources); i++) {
		if (!sources[i].mtu || (limit->fits_mtu && sources[i].mtu >= limit->fits_mtu))
			continue;
		limit->fits_mtu = sources[i].mtu;
		limit->fits_by = sources[i].who;
	}
}

struct side_limit snapshot_lookup_side(const struct snapshot *snapshot, const struct flow *flow,
				       enum flow_side which)
{
	const struct peer_table *peers = &snapshot->peers;
	struct side_limit limit = { .peer = PEER_NONE, .selector = SELECTOR_NONE };
	struct snapshot_lookup lookup;
	struct resolved side;

	limit.host = side_ifindex(flow, which) == 0;
	if (limit.host)
		return limit;
	snapshot_lookup_begin(snapshot, flow, &lookup);
	snapshot_lookup_find(snapshot, flow, &lookup);
	resolve_side(snapshot, flow, which, &lookup, &side);
	limit.mss = side.mss;
	if (side.rule != RULE_NONE) {
		limit.rule = &snapshot->rules->list[side.rule];
		limit.rule_index = side.rule;
	}
	if (side.place < snapshot->link_count)
		limit.link_mtu = link_mtu(&snapshot->links[side.place].link, flow->family);
	if (side.entry->route != ROUTE_NONE) {
		limit.route_mtu = side.table->routes[side.entry->route].mtu;
		limit.route = side.table->routes[side.entry->route].prefix;
	}
	limit.tunnel_mtu = side.table->tunnel_mtu;
	limit.peer = side.entry->peer;
	if (limit.peer != PEER_NONE)
		limit.peer_mtu = peer_table_mtu(peers, limit.peer, flow->family);
	limit.selector = side.selector;
	if (limit.selector != SELECTOR_NONE && !peers->words[limit.selector].clear)
		limit.selector_mtu = peer_table_mtu(peers, limit.selector, flow->family);
	find_fit(&limit);
	if (limit.rule)
		limit.decided = DECIDED_RULE;
	else if (limit.mss != MSS_NONE)
		limit.decided = limit.fits_by;
	return limit;
}
