/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot/snapshot_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "core/mss.h"

/* While a table is made, an entry tells what its own prefix says. */
#define ROUTE_BARE (UINT32_MAX - 1) /* a route ends here, without a metric */

/* A table while it is made: an entry for each prefix of anybody, then one for each prefix. */
struct draft {
	enum family family;
	const struct side_table_link *link;     /* NULL: rules without interface alone */
	const struct side_table_source *source;
	struct side_entry base;
	struct side_entry *entries;
	struct lpm_entry *prefixes;
	size_t entry_capacity, prefix_capacity, count;
	struct side_route *routes;
	size_t route_capacity, route_count;
};

static int draft_add(struct draft *draft, const struct prefix *prefix, struct side_entry entry)
{
	int r;

	if (prefix->address.family != draft->family)
		return 0;
	r = array_reserve((void **)&draft->entries, &draft->entry_capacity, draft->count + 1,
			  sizeof(*draft->entries));
	if (r == 0)
		r = array_reserve((void **)&draft->prefixes, &draft->prefix_capacity,
				  draft->count + 1, sizeof(*draft->prefixes));
	if (r < 0)
		return r;
	draft->entries[draft->count] = entry;
	draft->prefixes[draft->count].prefix = *prefix;
	draft->prefixes[draft->count].value = (uint32_t)draft->count;
	draft->count++;
	return 0;
}

/* Adds the rules of a list that have a prefix, and finds the first that has none. */
static int draft_add_rules(struct draft *draft, const struct rules *rules, const uint32_t *places,
			   size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		const struct rule *rule = &rules->list[places[i]];
		struct side_entry entry = { .rule = places[i], .peer = PEER_NONE,
					    .route = ROUTE_NONE };

		if (rule->has_family && rule->family != draft->family)
			continue;
		if (rule->has_prefix)
			r = draft_add(draft, &rule->prefix, entry);
		else if (places[i] < draft->base.rule)
			draft->base.rule = places[i];
	}
	return r;
}

static int draft_add_route(struct draft *draft, const struct route *route)
{
	struct side_entry entry = { .rule = RULE_NONE, .peer = PEER_NONE, .route = ROUTE_BARE };

	if (route->mtu && route->prefix.address.family == draft->family) {
		if (array_reserve((void **)&draft->routes, &draft->route_capacity,
				  draft->route_count + 1, sizeof(*draft->routes)) < 0)
			return -ENOMEM;
		entry.route = (uint32_t)draft->route_count++;
		draft->routes[entry.route] = (struct side_route){ route->mtu, route->prefix };
	}
	return draft_add(draft, &route->prefix, entry);
}

/* Routes count only where one of the interface's has a metric: else none can say anything. */
static int draft_add_routes(struct draft *draft, uint32_t ifindex)
{
	const struct route_groups *groups = draft->source->routes;
	size_t first = route_groups_first(groups, ifindex), end;
	bool has_metric = false;
	int r = 0;

	for (end = first; end < groups->count && groups->sorted[end]->ifindex == ifindex; end++)
		has_metric |= groups->sorted[end]->mtu != 0;
	for (size_t i = first; has_metric && i < end && r == 0; i++)
		r = draft_add_route(draft, groups->sorted[i]);
	return r;
}

static int draft_add_peers(struct draft *draft, uint32_t ifindex)
{
	const struct peer_table *peers = draft->source->peers;
	size_t count;
	const uint64_t *list = peer_table_of_link(peers, ifindex, &count);
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		struct side_entry entry = { .rule = RULE_NONE, .peer = (uint32_t)list[i],
					    .route = ROUTE_NONE };
		const struct peer *peer = peers->set->peers[entry.peer];

		for (size_t p = 0; p < peer->allowed_count && r == 0; p++)
			r = draft_add(draft, &peer->allowed[p], entry);
	}
	return r;
}

/* What a VRF's packets have come in by is one of its ports. */
static int draft_add_ports(struct draft *draft)
{
	const struct tunnel_set *set = draft->source->peers->set;
	int r = 0;

	for (size_t i = 0; i < set->link_count && r == 0; i++) {
		if (set->links[i].master_ifindex != draft->link->link->ifindex)
			continue;
		r = draft_add_routes(draft, set->links[i].ifindex);
		if (r == 0)
			r = draft_add_peers(draft, set->links[i].ifindex);
	}
	return r;
}

/* Of two routes to one prefix the one of the smaller metric. */
static uint32_t merge_routes(const struct side_route *routes, uint32_t a, uint32_t b)
{
	if (a == ROUTE_NONE || b == ROUTE_NONE)
		return a == ROUTE_NONE ? b : a;
	if (a == ROUTE_BARE || b == ROUTE_BARE)
		return a == ROUTE_BARE ? b : a;
	assert(routes);
	return routes[b].mtu < routes[a].mtu ? b : a;
}

/* Of two peers that claim one prefix the one of the smaller limit, of equal ones the first. */
static uint32_t merge_peers(const struct draft *draft, uint32_t a, uint32_t b)
{
	uint32_t mtu_a, mtu_b;

	if (a == PEER_NONE || b == PEER_NONE)
		return a == PEER_NONE ? b : a;
	mtu_a = peer_table_mtu(draft->source->peers, a, draft->family);
	mtu_b = peer_table_mtu(draft->source->peers, b, draft->family);
	if (mtu_a == mtu_b)
		return a < b ? a : b;
	return mtu_b && (!mtu_a || mtu_b < mtu_a) ? b : a;
}

static void merge_entry(const struct draft *draft, struct side_entry *into,
			const struct side_entry *from)
{
	if (from->rule < into->rule)
		into->rule = from->rule;
	into->route = merge_routes(draft->routes, into->route, from->route);
	into->peer = merge_peers(draft, into->peer, from->peer);
}

static void draft_merge_equal(struct draft *draft)
{
	size_t kept = 0;

	/* Routes alone come in order: most links of a router have nothing else. */
	if (!lpm_entries_are_sorted(draft->prefixes, draft->count))
		qsort(draft->prefixes, draft->count, sizeof(*draft->prefixes), lpm_entry_compare);
	for (size_t i = 0; i < draft->count; i++) {
		if (kept > 0 &&
		    lpm_entry_compare(&draft->prefixes[kept - 1], &draft->prefixes[i]) == 0)
			merge_entry(draft, &draft->entries[draft->prefixes[kept - 1].value],
				    &draft->entries[draft->prefixes[i].value]);
		else
			draft->prefixes[kept++] = draft->prefixes[i];
	}
	draft->count = kept;
}

/* Whether the peer of a wider prefix may take the packets, and takes smaller ones. */
static bool may_be_wider(const struct draft *draft, const struct side_entry *own,
			 const struct side_entry *wider)
{
	const struct peer_table *peers = draft->source->peers;
	uint32_t own_mtu, wider_mtu;

	if (wider->peer == PEER_NONE || !peers->set->peers[own->peer]->narrow)
		return false;
	own_mtu = peer_table_mtu(peers, own->peer, draft->family);
	wider_mtu = peer_table_mtu(peers, wider->peer, draft->family);
	return wider_mtu && (!own_mtu || wider_mtu < own_mtu);
}

/* What a wider prefix says holds inside too, unless the narrower one says better: the earlier rule
 * wins, but a route hides every wider one, even where it has no metric, and a peer every wider
 * peer, even where nobody knows his limit; of IPsec policies the smaller limit holds. */
static uint32_t inherit_entry(void *userdata, uint32_t own, uint32_t wider)
{
	const struct draft *draft = userdata;
	struct side_entry *entries = draft->entries;

	if (wider == LPM_NONE)
		return own;
	if (entries[wider].rule < entries[own].rule)
		entries[own].rule = entries[wider].rule;
	if (entries[own].route == ROUTE_NONE)
		entries[own].route = entries[wider].route;
	if (entries[own].peer == PEER_NONE || may_be_wider(draft, &entries[own], &entries[wider]))
		entries[own].peer = entries[wider].peer;
	return own;
}

/* From what the prefixes say to what holds. */
static void finish_entry(const struct draft *draft, struct side_entry *entry)
{
	const struct peer_table *peers = draft->source->peers;
	const char *name = draft->link->link->name;

	entry->mss = draft->base.mss;
	if (draft->base.rule < entry->rule)
		entry->rule = draft->base.rule;
	if (entry->route == ROUTE_BARE)
		entry->route = ROUTE_NONE;
	if (entry->route != ROUTE_NONE)
		entry->mss = smaller_mss(entry->mss, mss_from_mtu(draft->family,
							  draft->routes[entry->route].mtu));
	if (entry->peer == PEER_NONE)
		return;
	entry->mss = smaller_mss(entry->mss,
				 mss_from_mtu(draft->family,
					      peer_table_mtu(peers, entry->peer, draft->family)));
	entry->rule = peer_table_first_rule(peers, entry->peer, name[0] ? name : NULL,
					    draft->family, entry->rule);
}

/* The word of a rule, so that nobody has to ask for it behind the entry. */
static void settle_rule(const struct draft *draft, struct side_entry *entry)
{
	if (entry->rule != RULE_NONE)
		entry->mss = rule_mss(&draft->source->rules->rules->list[entry->rule],
				      draft->family);
}

/* Makes the table of what the draft has gathered. Leaves the draft without what it gave away. */
static int draft_finish(struct draft *draft, struct side_table *table)
{
	size_t entry_count = draft->count; /* merging leaves some that nothing leads to */
	int r;

	table->base = draft->base;
	settle_rule(draft, &table->base);
	if (entry_count == 0)
		return 0;
	draft_merge_equal(draft);
	r = lpm_build(draft->family, draft->prefixes, draft->count, inherit_entry, draft,
		      &table->lpm);
	if (r < 0)
		return r;
	for (size_t i = 0; i < entry_count; i++) {
		if (draft->link)
			finish_entry(draft, &draft->entries[i]);
		settle_rule(draft, &draft->entries[i]);
	}
	table->entries = draft->entries;
	table->entry_count = entry_count;
	table->routes = draft->routes;
	draft->entries = NULL;
	draft->routes = NULL;
	if (draft->source->keep_prefixes) {
		table->prefixes = draft->prefixes;
		table->prefix_count = draft->count;
		draft->prefixes = NULL;
	}
	return 0;
}

static void draft_done(struct draft *draft)
{
	free(draft->prefixes);
	free(draft->entries);
	free(draft->routes);
}

static uint32_t own_mtu(const struct side_table_link *link, enum family family)
{
	return link->own && link->own->carries[family] ? link->own->inner_mtu : 0;
}

int side_table_build(struct side_table *ret_table, enum family family,
		     const struct side_table_link *link, const struct side_table_source *source)
{
	struct side_table table = {
		.tunnel_id = link->tunnel_id,
		.tunnel_mtu = own_mtu(link, family),
	};
	struct draft draft = {
		.family = family,
		.link = link,
		.source = source,
		.base = {
			.mss = smaller_mss(mss_from_mtu(family, link_mtu(link->link, family)),
					   mss_from_mtu(family, table.tunnel_mtu)),
			.rule = source->rules->plain[family],
			.peer = PEER_NONE,
			.route = ROUTE_NONE,
		},
	};
	int r;

	r = draft_add_rules(&draft, source->rules->rules, link->rules, link->rule_count);
	if (r == 0)
		r = draft_add_routes(&draft, link->link->ifindex);
	if (r == 0 && link->in_set)
		r = draft_add_peers(&draft, link->link->ifindex);
	if (r == 0 && link->in_set && link_is_vrf(link->link))
		r = draft_add_ports(&draft);
	if (r == 0)
		r = draft_finish(&draft, &table);
	draft_done(&draft);
	if (r == 0)
		*ret_table = table;
	return r;
}

int side_table_build_any(struct side_table *ret_table, enum family family,
			 const struct side_table_source *source)
{
	const struct place_list *prefixed = &source->rules->prefixed;
	struct side_table table = { .tunnel_id = TUNNEL_ID_NONE };
	struct draft draft = {
		.family = family,
		.source = source,
		.base = { .rule = RULE_NONE, .peer = PEER_NONE, .route = ROUTE_NONE },
	};
	int r;

	r = draft_add_rules(&draft, source->rules->rules, prefixed->places, prefixed->count);
	if (r == 0)
		r = draft_finish(&draft, &table);
	draft_done(&draft);
	if (r == 0)
		*ret_table = table;
	return r;
}

void side_table_done(struct side_table *table)
{
	lpm_free(table->lpm);
	free(table->entries);
	free(table->routes);
	free(table->prefixes);
}
