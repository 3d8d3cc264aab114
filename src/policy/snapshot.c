/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/mss.h"
#include "policy/snapshot_table.h"

struct snapshot {
	struct snapshot_mode mode;
	struct rules *rules;
	uint32_t (*rule_mss)[FAMILY_COUNT]; /* what each rule gives, by its place in the list */
	uint32_t *marked;                   /* places of the rules that ask for a mark, in order */
	size_t marked_count;
	struct snapshot_link *links; /* by ifindex */
	struct side_table (*tables)[FAMILY_COUNT]; /* beside links; one more for unknown links */
	size_t link_count;
	struct side_table any[FAMILY_COUNT]; /* prefix rules that name no interface */
	uint32_t *hash; /* place in links, by ifindex; HASH_EMPTY ends a probe */
	size_t hash_mask;
};

#define HASH_EMPTY UINT32_MAX

static size_t hash_ifindex(const struct snapshot *snapshot, uint32_t ifindex)
{
	return (size_t)(ifindex * UINT32_C(2654435761) >> 7) & snapshot->hash_mask;
}

/* The place of a link, or link_count (the table of unknown links). */
static size_t find_place(const struct snapshot *snapshot, uint32_t ifindex)
{
	size_t at = hash_ifindex(snapshot, ifindex);

	while (snapshot->hash[at] != HASH_EMPTY) {
		if (snapshot->links[snapshot->hash[at]].link.ifindex == ifindex)
			return snapshot->hash[at];
		at = (at + 1) & snapshot->hash_mask;
	}
	return snapshot->link_count;
}

static int compare_links(const void *a, const void *b)
{
	uint32_t x = ((const struct snapshot_link *)a)->link.ifindex;
	uint32_t y = ((const struct snapshot_link *)b)->link.ifindex;

	return (x > y) - (x < y);
}

static int build_links(struct snapshot *snapshot, const struct snapshot_input *input)
{
	size_t size = 16;

	while (size < input->link_count * 2)
		size *= 2;
	snapshot->links = calloc(input->link_count + 1, sizeof(*snapshot->links));
	snapshot->hash = malloc(size * sizeof(*snapshot->hash));
	if (!snapshot->links || !snapshot->hash)
		return -ENOMEM;
	snapshot->link_count = input->link_count;
	if (input->link_count)
		memcpy(snapshot->links, input->links, input->link_count * sizeof(*input->links));
	qsort(snapshot->links, snapshot->link_count, sizeof(*snapshot->links), compare_links);

	snapshot->hash_mask = size - 1;
	memset(snapshot->hash, 0xff, size * sizeof(*snapshot->hash));
	for (size_t i = 0; i < snapshot->link_count; i++) {
		size_t at = hash_ifindex(snapshot, snapshot->links[i].link.ifindex);

		while (snapshot->hash[at] != HASH_EMPTY)
			at = (at + 1) & snapshot->hash_mask;
		snapshot->hash[at] = (uint32_t)i;
	}
	return 0;
}

static int build_rules(struct snapshot *snapshot, const struct rules *rules)
{
	static const struct rules none;

	snapshot->rules = rules_copy(rules ? rules : &none);
	if (!snapshot->rules)
		return -ENOMEM;
	snapshot->rule_mss = calloc(snapshot->rules->count + 1, sizeof(*snapshot->rule_mss));
	snapshot->marked = calloc(snapshot->rules->count + 1, sizeof(*snapshot->marked));
	if (!snapshot->rule_mss || !snapshot->marked)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->rules->count; i++) {
		const struct rule *rule = &snapshot->rules->list[i];

		for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
			snapshot->rule_mss[i][family] = rule_mss(rule, family);
		if (rule->has_mark && !rule->peer)
			snapshot->marked[snapshot->marked_count++] = (uint32_t)i;
	}
	return 0;
}

static int build_tables(struct snapshot *snapshot, const struct snapshot_input *input)
{
	struct route_groups groups;
	int r;

	snapshot->tables = calloc(snapshot->link_count + 1, sizeof(*snapshot->tables));
	if (!snapshot->tables)
		return -ENOMEM;
	r = route_groups_init(&groups, input->routes, input->route_count);
	if (r < 0)
		return r;
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT && r == 0; family++) {
		r = side_table_build(&snapshot->any[family], family, NULL, NULL, snapshot->rules);
		for (size_t i = 0; i <= snapshot->link_count && r == 0; i++)
			r = side_table_build(&snapshot->tables[i][family], family,
					     i < snapshot->link_count ? &snapshot->links[i].link :
									&side_table_unknown_link,
					     &groups, snapshot->rules);
	}
	route_groups_done(&groups);
	return r;
}

int snapshot_build(const struct snapshot_input *input, struct snapshot **ret_snapshot)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	int r;

	if (!snapshot)
		return -ENOMEM;
	snapshot->mode = input->mode;
	r = build_links(snapshot, input);
	if (r == 0)
		r = build_rules(snapshot, input->rules);
	if (r == 0)
		r = build_tables(snapshot, input);
	if (r < 0) {
		snapshot_free(snapshot);
		return r;
	}
	*ret_snapshot = snapshot;
	return 0;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		side_table_done(&snapshot->any[family]);
		for (size_t i = 0; snapshot->tables && i <= snapshot->link_count; i++)
			side_table_done(&snapshot->tables[i][family]);
	}
	rules_free(snapshot->rules);
	free(snapshot->rule_mss);
	free(snapshot->marked);
	free(snapshot->links);
	free(snapshot->tables);
	free(snapshot->hash);
	free(snapshot);
}

/* What one side comes to, before anybody asks for the story. */
struct resolved {
	uint32_t mss;
	uint32_t rule; /* place in the list, RULE_NONE */
	size_t place;  /* of the link */
	const struct side_entry *entry; /* the routes' word, NULL without */
};

static uint32_t smaller_limit(uint32_t a, uint32_t b)
{
	if (a == MSS_NONE || b == MSS_NONE)
		return a == MSS_NONE ? b : a;
	return a < b ? a : b;
}

/* Rules by mark are looked at one by one, but only those before the best match so far. */
static uint32_t first_marked(const struct snapshot *snapshot, const struct flow *flow,
			     const char *interface, const uint8_t *address, uint32_t best)
{
	for (size_t i = 0; i < snapshot->marked_count && snapshot->marked[i] < best; i++) {
		const struct rule *rule = &snapshot->rules->list[snapshot->marked[i]];

		if (rule_matches(rule, interface, flow->family, address, flow->mark))
			return snapshot->marked[i];
	}
	return best;
}

static struct resolved resolve_side(const struct snapshot *snapshot, const struct flow *flow,
				    uint32_t ifindex, const uint8_t *address)
{
	struct resolved side = { .place = find_place(snapshot, ifindex) };
	const struct side_table *table = &snapshot->tables[side.place][flow->family];
	const struct side_entry *any = side_table_find(&snapshot->any[flow->family], address);

	side.entry = side_table_find(table, address);
	side.rule = table->plain_rule;
	if (side.entry && side.entry->rule < side.rule)
		side.rule = side.entry->rule;
	if (any && any->rule < side.rule)
		side.rule = any->rule;
	if (snapshot->marked_count) {
		const char *name = side.place < snapshot->link_count ?
					   snapshot->links[side.place].link.name :
					   NULL;

		side.rule = first_marked(snapshot, flow, name, address, side.rule);
	}
	if (side.rule != RULE_NONE)
		side.mss = snapshot->rule_mss[side.rule][flow->family];
	else
		side.mss = smaller_limit(table->link_mss,
					 side.entry ? side.entry->route_mss : MSS_NONE);
	return side;
}

static uint32_t tunnel_of(const struct snapshot *snapshot, const struct resolved *side)
{
	return side->place < snapshot->link_count ? snapshot->links[side->place].tunnel_id :
						    TUNNEL_ID_NONE;
}

struct limit snapshot_lookup(const struct snapshot *snapshot, const struct flow *flow)
{
	struct limit limit = { .decided = SIDE_OUT, .tunnel_id = TUNNEL_ID_NONE };
	struct resolved side;

	if (flow->out_ifindex) {
		side = resolve_side(snapshot, flow, flow->out_ifindex, flow->destination);
		limit.mss = side.mss;
		if (side.mss != MSS_NONE)
			limit.tunnel_id = tunnel_of(snapshot, &side);
	}
	if (flow->in_ifindex) {
		side = resolve_side(snapshot, flow, flow->in_ifindex, flow->source);
		if (side.mss != MSS_NONE && (limit.mss == MSS_NONE || side.mss < limit.mss)) {
			limit.mss = side.mss;
			limit.decided = SIDE_IN;
			limit.tunnel_id = tunnel_of(snapshot, &side);
		}
	}
	return limit;
}

struct side_limit snapshot_lookup_side(const struct snapshot *snapshot, const struct flow *flow,
				       enum flow_side which)
{
	uint32_t ifindex = which == SIDE_IN ? flow->in_ifindex : flow->out_ifindex;
	struct side_limit limit = { .host = ifindex == 0 };
	struct resolved side;

	if (limit.host)
		return limit;
	side = resolve_side(snapshot, flow, ifindex,
			    which == SIDE_IN ? flow->source : flow->destination);
	limit.mss = side.mss;
	if (side.rule != RULE_NONE) {
		limit.rule = &snapshot->rules->list[side.rule];
		limit.rule_index = side.rule;
	}
	if (side.place < snapshot->link_count)
		limit.link_mtu = link_mtu(&snapshot->links[side.place].link, flow->family);
	if (side.entry && side.entry->route_mtu) {
		limit.route_mtu = side.entry->route_mtu;
		limit.route = side.entry->route;
	}
	return limit;
}

const struct snapshot_link *snapshot_find_link(const struct snapshot *snapshot, uint32_t ifindex)
{
	size_t place = find_place(snapshot, ifindex);

	return place < snapshot->link_count ? &snapshot->links[place] : NULL;
}

const struct snapshot_link *snapshot_find_link_by_name(const struct snapshot *snapshot,
						       const char *name)
{
	for (size_t i = 0; i < snapshot->link_count; i++) {
		if (strcmp(snapshot->links[i].link.name, name) == 0)
			return &snapshot->links[i];
	}
	return NULL;
}

const struct snapshot_link *snapshot_links(const struct snapshot *snapshot, size_t *ret_count)
{
	*ret_count = snapshot->link_count;
	return snapshot->links;
}

const struct snapshot_mode *snapshot_mode(const struct snapshot *snapshot)
{
	return &snapshot->mode;
}
