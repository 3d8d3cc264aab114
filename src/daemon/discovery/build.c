/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/discovery/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "daemon/config/overrides.h"

/* Below this a path MTU of the kernel's cache needs to be confirmed, whatever the family: less than
 * every IPv6 path carries is more often forged than true. */
#define HINT_FLOOR 1280

static int build_set(const struct build_input *input, struct tunnel_set **ret_set)
{
	struct tunnel_override *overrides;
	size_t override_count;
	int r;

	r = overrides_make(input->config, &overrides, &override_count);
	if (r < 0)
		return r;
	r = tunnel_set_build(&(const struct tunnel_set_input){
		.links = input->links->list,
		.link_count = input->links->count,
		.lists = input->lists,
		.list_count = input->list_count,
		.overrides = overrides,
		.override_count = override_count,
		.hints = input->hints->list,
		.hint_count = input->hints->count,
		.hint_floor = HINT_FLOOR,
		.hints_need_probe = input->hints_need_probe,
		.measures = input->measures,
		.measure_count = input->measure_count,
		.find_way = ways_find,
		.userdata = input->ways,
	}, ret_set);
	free(overrides);
	return r;
}

/* Which counters each link and each peer feeds. */
struct ids {
	struct snapshot_link *links;
	uint32_t *peers;
};

static void ids_done(struct ids *ids)
{
	free(ids->links);
	free(ids->peers);
}

static int ids_make(const struct tunnel_set *set, const struct tunnel_views *views,
		    struct tunnels *tunnels, struct ids *ret_ids)
{
	uint32_t *of_view = calloc(views->count + 1, sizeof(*of_view));

	ret_ids->links = calloc(set->link_count + 1, sizeof(*ret_ids->links));
	ret_ids->peers = calloc(set->peer_count + 1, sizeof(*ret_ids->peers));
	if (!of_view || !ret_ids->links || !ret_ids->peers) {
		free(of_view);
		ids_done(ret_ids);
		return -ENOMEM;
	}
	for (size_t i = 0; i < set->link_count; i++)
		ret_ids->links[i].link = set->links[i];
	tunnels_begin(tunnels);
	for (size_t i = 0; i < views->count; i++) {
		const struct tunnel_view *view = &views->list[i];

		of_view[i] = tunnels_note(tunnels, view,
					  view->ifindex ? set->links[view->link].mtu : 0);
		if (view->ifindex)
			ret_ids->links[view->link].tunnel_id = of_view[i];
	}
	tunnels_end(tunnels);
	for (size_t i = 0; i < set->peer_count; i++) {
		if (views->of_peer[i] != VIEW_NONE)
			ret_ids->peers[i] = of_view[views->of_peer[i]];
	}
	free(of_view);
	return 0;
}

/* Temporary limits, then the rules of the configuration. Borrows the rules; their list is owned
 * (free). */
static int join_rules(const struct build_input *input, struct rules *ret_rules)
{
	const struct rules *const parts[] = { input->tries, input->config->rules };
	size_t most = input->config->rules->count + (input->tries ? input->tries->count : 0);
	struct rules joined = { .list = calloc(most + 1, sizeof(*joined.list)) };

	if (!joined.list)
		return -ENOMEM;
	for (size_t i = 0; i < COUNT(parts); i++) {
		if (!parts[i] || parts[i]->count == 0)
			continue;
		memcpy(joined.list + joined.count, parts[i]->list,
		       parts[i]->count * sizeof(*joined.list));
		joined.count += parts[i]->count;
	}
	*ret_rules = joined;
	return 0;
}

static int build_tables(const struct build_input *input, struct tunnel_set *set,
			const struct ids *ids, struct snapshot **ret_snapshot)
{
	struct rules rules;
	int r;

	r = join_rules(input, &rules);
	if (r < 0)
		return r;
	r = snapshot_build(&(const struct snapshot_input){
		.mode = {
			.clamp = {
				.insert_missing = input->config->insert_missing,
				.clamp_tcp_ao = input->config->clamp_tcp_ao,
				.low_mss = input->config->low_mss.action,
				.low_mss_below = {
					[FAMILY_IPV4] = (uint16_t)input->config->low_mss.below4,
					[FAMILY_IPV6] = (uint16_t)input->config->low_mss.below6,
				},
			},
			.audit = input->config->mode == MODE_AUDIT,
			.offload = input->config->mode == MODE_OFFLOAD,
			.payload = input->payload,
			.check = input->check,
		},
		.links = ids->links,
		.link_count = set->link_count,
		.routes = input->routes->list,
		.route_count = input->routes->count,
		.rules = &rules,
		.tunnels = set,
		.peer_tunnel_ids = ids->peers,
	}, ret_snapshot);
	free(rules.list);
	return r;
}

int build_snapshot(const struct build_input *input, struct built *ret_built)
{
	struct tunnel_set *set;
	struct built built;
	struct ids ids;
	int r;

	r = build_set(input, &set);
	if (r < 0)
		return r;
	r = tunnel_views_init(&built.views, set);
	if (r < 0) {
		tunnel_set_free(set);
		return r;
	}
	r = ids_make(set, &built.views, input->tunnels, &ids);
	if (r == 0) {
		r = build_tables(input, set, &ids, &built.snapshot);
		ids_done(&ids);
	}
	if (r < 0) {
		tunnel_views_done(&built.views);
		tunnel_set_free(set);
		return r;
	}
	*ret_built = built;
	return 0;
}
