/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "policy/snapshot/snapshot_inside.h"

static int compare_links(const void *a, const void *b)
{
	uint32_t x = ((const struct snapshot_link *)a)->link.ifindex;
	uint32_t y = ((const struct snapshot_link *)b)->link.ifindex;

	return array_order(x, y);
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
	for (size_t i = 0; i < size; i++)
		snapshot->hash[i] = (struct link_place){ 0, PLACE_EMPTY };
	for (size_t i = 0; i < snapshot->link_count; i++) {
		uint32_t ifindex = snapshot->links[i].link.ifindex;
		size_t at = snapshot_hash(snapshot, ifindex);

		while (snapshot->hash[at].place != PLACE_EMPTY)
			at = (at + 1) & snapshot->hash_mask;
		snapshot->hash[at] = (struct link_place){ ifindex, (uint32_t)i };
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
	if (!snapshot->rule_mss)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->rules->count; i++) {
		for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
			snapshot->rule_mss[i][family] =
				rule_mss(&snapshot->rules->list[i], family);
	}
	return rule_index_init(&snapshot->rule_index, snapshot->rules);
}

static int build_peers(struct snapshot *snapshot, const struct snapshot_input *input)
{
	const struct tunnel_set *tunnels = input->tunnels;

	snapshot->selectors = tunnels ? tunnels->selectors : NULL;
	snapshot->has_peer_tunnel_ids = input->peer_tunnel_ids;
	snapshot->has_rest = snapshot->selectors || snapshot->rule_index.slow.count > 0;
	return peer_table_init(&snapshot->peers, tunnels, input->peer_tunnel_ids,
			       &snapshot->rule_index);
}

/* The tables of one link, or of unknown ones. scratch has room for the rules that name it. */
static int build_link_tables(struct snapshot *snapshot, size_t place,
			     const struct side_table_source *source, uint32_t *scratch)
{
	static const struct link unknown;
	const struct tunnel_set *tunnels = source->peers->set;
	struct side_table_link link = { .link = &unknown, .rules = scratch };
	size_t at;
	int r = 0;

	if (place < snapshot->link_count) {
		link.link = &snapshot->links[place].link;
		link.tunnel_id = snapshot->links[place].tunnel_id;
		link.in_set = tunnels && tunnel_set_find_link(tunnels, link.link->ifindex, &at);
		if (link.in_set)
			link.own = &tunnels->link_limits[at];
	}
	link.rule_count = rule_index_of_interface(&snapshot->rule_index,
						  snapshot_link_name(snapshot, place), scratch);
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT && r == 0; family++) {
		r = side_table_build(&snapshot->tables[place][family], family, &link, source);
		snapshot->has_prefixes |= snapshot->tables[place][family].lpm != NULL;
	}
	return r;
}

static int build_tables(struct snapshot *snapshot, const struct snapshot_input *input)
{
	const struct rule_index *index = &snapshot->rule_index;
	struct route_groups groups = { 0 };
	const struct side_table_source source = {
		.rules = index, .routes = &groups, .peers = &snapshot->peers,
		.keep_prefixes = input->mode.offload,
	};
	uint32_t *scratch = calloc(index->literal.count + index->glob.count + 1, sizeof(*scratch));
	int r = -ENOMEM;

	snapshot->tables = calloc(snapshot->link_count + 1, sizeof(*snapshot->tables));
	if (scratch && snapshot->tables)
		r = route_groups_init(&groups, input->routes, input->route_count);
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT && r == 0; family++) {
		r = side_table_build_any(&snapshot->any[family], family, &source);
		snapshot->has_prefixes |= snapshot->any[family].lpm != NULL;
	}
	for (size_t i = 0; i <= snapshot->link_count && r == 0; i++)
		r = build_link_tables(snapshot, i, &source, scratch);
	route_groups_done(&groups);
	free(scratch);
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
		r = build_peers(snapshot, input);
	if (r == 0)
		r = build_tables(snapshot, input);
	if (r < 0) {
		snapshot_free(snapshot);
		return r;
	}
	snapshot->tunnels = input->tunnels;
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
	peer_table_done(&snapshot->peers);
	rule_index_done(&snapshot->rule_index);
	rules_free(snapshot->rules);
	tunnel_set_free(snapshot->tunnels);
	free(snapshot->marks);
	free(snapshot->rule_mss);
	free(snapshot->links);
	free(snapshot->tables);
	free(snapshot->hash);
	free(snapshot);
}

const struct snapshot_link *snapshot_find_link(const struct snapshot *snapshot, uint32_t ifindex)
{
	size_t place = snapshot_place(snapshot, ifindex);

	return place < snapshot->link_count ? &snapshot->links[place] : NULL;
}

const char *snapshot_find_name(const struct snapshot *snapshot, uint32_t ifindex)
{
	const struct snapshot_link *link = snapshot_find_link(snapshot, ifindex);

	return link ? link->link.name : NULL;
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

const struct rules *snapshot_rules(const struct snapshot *snapshot)
{
	return snapshot->rules;
}

const struct snapshot_mode *snapshot_mode(const struct snapshot *snapshot)
{
	return &snapshot->mode;
}

void snapshot_set_marks(struct snapshot *snapshot, struct mark_table *marks)
{
	free(snapshot->marks);
	snapshot->marks = marks;
	snapshot->mode.marks = marks;
}

const struct tunnel_set *snapshot_tunnels(const struct snapshot *snapshot)
{
	return snapshot->tunnels;
}
