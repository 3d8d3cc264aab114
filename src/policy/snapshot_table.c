/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "core/mss.h"

const struct link side_table_unknown_link;

static int compare_routes(const void *a, const void *b)
{
	const struct route *x = *(const struct route *const *)a;
	const struct route *y = *(const struct route *const *)b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return prefix_compare(&x->prefix, &y->prefix);
}

int route_groups_init(struct route_groups *groups, const struct route *routes, size_t count)
{
	groups->sorted = malloc((count + 1) * sizeof(const struct route *));
	if (!groups->sorted)
		return -ENOMEM;
	groups->count = count;
	for (size_t i = 0; i < count; i++)
		groups->sorted[i] = &routes[i];
	qsort(groups->sorted, count, sizeof(const struct route *), compare_routes);
	return 0;
}

void route_groups_done(struct route_groups *groups)
{
	free(groups->sorted);
}

/* The first route of an interface, by bisection. */
static size_t first_of(const struct route_groups *groups, uint32_t ifindex)
{
	size_t low = 0, high = groups->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (groups->sorted[middle]->ifindex < ifindex)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Entries and their prefixes while a table is made. */
struct draft {
	struct side_entry *entries;
	size_t entry_capacity;
	struct lpm_entry *prefixes;
	size_t prefix_capacity;
	size_t count;
};

static int draft_add(struct draft *draft, const struct prefix *prefix,
		     const struct side_entry *entry)
{
	int r;

	r = array_reserve((void **)&draft->entries, &draft->entry_capacity, draft->count + 1,
			  sizeof(*draft->entries));
	if (r == 0)
		r = array_reserve((void **)&draft->prefixes, &draft->prefix_capacity,
				  draft->count + 1, sizeof(*draft->prefixes));
	if (r < 0)
		return r;
	draft->entries[draft->count] = *entry;
	draft->prefixes[draft->count].prefix = *prefix;
	draft->prefixes[draft->count].value = (uint32_t)draft->count;
	draft->count++;
	return 0;
}

/* Routes count only where one of the interface's has a metric: else none can say anything. */
static int draft_add_routes(struct draft *draft, enum family family, uint32_t ifindex,
			    const struct route_groups *groups)
{
	size_t first = first_of(groups, ifindex), end;
	bool has_metric = false;
	int r = 0;

	for (end = first; end < groups->count && groups->sorted[end]->ifindex == ifindex; end++)
		has_metric |= groups->sorted[end]->mtu != 0;
	for (size_t i = first; has_metric && i < end && r == 0; i++) {
		const struct route *route = groups->sorted[i];
		struct side_entry entry = {
			.rule = RULE_NONE,
			.route_mtu = route->mtu,
			.route_mss = mss_from_mtu(family, route->mtu),
			.route = route->prefix,
			.has_route = true,
		};

		if (route->prefix.address.family == family)
			r = draft_add(draft, &route->prefix, &entry);
	}
	return r;
}

/* Whether a rule belongs into the tables at all: rules by mark are looked at one by one, rules by
 * peer match nothing that is known here. */
static bool is_compiled(const struct rule *rule, enum family family)
{
	if (rule->has_mark || rule->peer)
		return false;
	return !rule->has_family || rule->family == family;
}

/* An interface nobody has announced has no name that a rule could mean. */
static const char *name_of(const struct link *link)
{
	return link->name[0] ? link->name : NULL;
}

static int draft_add_rules(struct draft *draft, enum family family, const struct link *link,
			   const struct rules *rules)
{
	int r = 0;

	for (size_t i = 0; i < rules->count && r == 0; i++) {
		const struct rule *rule = &rules->list[i];
		struct side_entry entry = { .rule = (uint32_t)i };

		if (!is_compiled(rule, family) || !rule->has_prefix ||
		    rule->prefix.address.family != family)
			continue;
		if (link ? rule->interface && rule_covers_interface(rule, name_of(link)) :
			   !rule->interface)
			r = draft_add(draft, &rule->prefix, &entry);
	}
	return r;
}

/* Two sayings about one prefix become one: the earlier rule, the smaller route MTU. */
static void merge_entry(struct side_entry *into, const struct side_entry *from)
{
	if (from->rule < into->rule)
		into->rule = from->rule;
	into->has_route |= from->has_route;
	if (from->route_mtu && (!into->route_mtu || from->route_mtu < into->route_mtu)) {
		into->route_mtu = from->route_mtu;
		into->route_mss = from->route_mss;
		into->route = from->route;
	}
}

static int compare_prefixes(const void *a, const void *b)
{
	return prefix_compare(&((const struct lpm_entry *)a)->prefix,
			      &((const struct lpm_entry *)b)->prefix);
}

static void draft_merge_equal(struct draft *draft)
{
	size_t kept = 0;

	qsort(draft->prefixes, draft->count, sizeof(*draft->prefixes), compare_prefixes);
	for (size_t i = 0; i < draft->count; i++) {
		if (kept > 0 &&
		    compare_prefixes(&draft->prefixes[kept - 1], &draft->prefixes[i]) == 0)
			merge_entry(&draft->entries[draft->prefixes[kept - 1].value],
				    &draft->entries[draft->prefixes[i].value]);
		else
			draft->prefixes[kept++] = draft->prefixes[i];
	}
	draft->count = kept;
}

/* What a wider prefix says holds inside too, unless the narrower one says better: the earlier rule
 * wins, but a route hides every wider one, even where it has no metric. */
static uint32_t inherit_entry(void *userdata, uint32_t own, uint32_t wider)
{
	struct side_entry *entries = userdata;

	if (wider == LPM_NONE)
		return own;
	if (entries[wider].rule < entries[own].rule)
		entries[own].rule = entries[wider].rule;
	if (!entries[own].has_route) {
		entries[own].has_route = entries[wider].has_route;
		entries[own].route_mtu = entries[wider].route_mtu;
		entries[own].route_mss = entries[wider].route_mss;
		entries[own].route = entries[wider].route;
	}
	return own;
}

static uint32_t first_plain_rule(enum family family, const struct link *link,
				 const struct rules *rules)
{
	for (size_t i = 0; link && i < rules->count; i++) {
		const struct rule *rule = &rules->list[i];

		if (is_compiled(rule, family) && !rule->has_prefix &&
		    rule_covers_interface(rule, name_of(link)))
			return (uint32_t)i;
	}
	return RULE_NONE;
}

int side_table_build(struct side_table *ret_table, enum family family, const struct link *link,
		     const struct route_groups *groups, const struct rules *rules)
{
	struct side_table table = { .plain_rule = first_plain_rule(family, link, rules) };
	struct draft draft = { 0 };
	int r;

	if (link)
		table.link_mss = mss_from_mtu(family, link_mtu(link, family));
	r = draft_add_rules(&draft, family, link, rules);
	if (r == 0 && link && groups)
		r = draft_add_routes(&draft, family, link->ifindex, groups);
	if (r == 0 && draft.count > 0) {
		table.entry_count = draft.count;
		draft_merge_equal(&draft);
		r = lpm_build(family, draft.prefixes, draft.count, inherit_entry, draft.entries,
			      &table.lpm);
	}
	free(draft.prefixes);
	if (r < 0 || draft.count == 0) {
		free(draft.entries);
		draft.entries = NULL;
	}
	table.entries = draft.entries;
	if (r == 0)
		*ret_table = table;
	return r;
}

void side_table_done(struct side_table *table)
{
	lpm_free(table->lpm);
	free(table->entries);
}
