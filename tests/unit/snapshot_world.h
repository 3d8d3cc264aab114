/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules and routes beside the machine of tunnel_world.h, and the snapshot built from all of it.
 * Include cmocka.h first. */
#pragma once

#include "policy/snapshot/snapshot.h"
#include "tunnel_world.h"

/* What a snapshot is built from beside the world. */
struct around {
	struct rule rules[4];
	size_t rule_count;
	struct route routes[4];
	size_t route_count;
};

static inline void add_metric(struct around *around, const char *prefix, uint32_t ifindex,
			      uint32_t mtu)
{
	struct route *route = &around->routes[around->route_count++];

	route->ifindex = ifindex;
	route->mtu = mtu;
	assert_int_equal(prefix_parse(prefix, &route->prefix), 0);
}

static inline struct rule *add_rule(struct around *around, enum rule_action action,
				    uint32_t value)
{
	static char text[] = "rules[0]";
	struct rule *rule = &around->rules[around->rule_count++];

	*rule = (struct rule){ .action = action, .value = value, .text = text };
	return rule;
}

static inline struct snapshot *snapshot_of(struct world *world, const struct around *around)
{
	const struct rules rules = { (struct rule *)(uintptr_t)around->rules, around->rule_count };
	struct snapshot_link links[MOST] = { 0 };
	struct snapshot *snapshot;

	build(world);
	for (size_t i = 0; i < world->set->link_count; i++)
		links[i].link = world->set->links[i];
	assert_int_equal(snapshot_build(&(const struct snapshot_input){
		.links = links, .link_count = world->set->link_count,
		.routes = around->routes, .route_count = around->route_count,
		.rules = &rules, .tunnels = world->set }, &snapshot), 0);
	return snapshot;
}
