/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a snapshot is built from, and what comes of it. */
#pragma once

#include "control_fixture.h"

#include "daemon/discovery/build.h"
#include "tunnel_world.h"

static char ipsec[] = "ipsec:*", wg_glob[] = "wg*";

/* The control thread's side of a daemon, without the kernel. */
struct house {
	struct world world;
	struct workers *workers;
	struct tunnels *tunnels;
	struct events events;
	struct nl *nl;
	struct ways *ways;
	struct config_tunnel entries[2];
	struct rules rules, tries;
	struct config config;
	struct built built;
};

static inline void open_house(struct house *house, struct fixture *f)
{
	*house = (struct house){
		.workers = workers_new(5000, 2),
		.events = { .control = f->control },
		.entries = { { .match = wg_glob, .path_mtu = 1400 },
			     { .match = ipsec, .path_mtu = 1492 } },
	};
	open_world(&house->world);
	house->tunnels = tunnels_new(house->workers, &house->events);
	assert_int_equal(nl_open(NETLINK_ROUTE, 0, &house->nl), 0);
	house->ways = ways_new(house->nl);
	assert_true(house->workers && house->tunnels && house->ways);
	house->config.tunnels = house->entries;
	house->config.tunnel_count = COUNT(house->entries);
	house->config.rules = &house->rules;
}

static inline void done_built(struct house *house)
{
	tunnel_views_done(&house->built.views);
	snapshot_free(house->built.snapshot);
	house->built = (struct built){ 0 };
}

static inline void close_house(struct house *house)
{
	done_built(house);
	ways_free(house->ways);
	nl_close(house->nl);
	tunnels_free(house->tunnels);
	workers_free(house->workers);
	peer_list_unref(house->world.peers);
}

static inline void build_house(struct house *house)
{
	const struct link_list links = { house->world.links, house->world.link_count, MOST };
	const struct route_list routes = { 0 };
	const struct hint_list hints = { house->world.hints, house->world.hint_count, MOST };

	done_built(house);
	assert_int_equal(build_snapshot(&(const struct build_input){
		.config = &house->config, .tries = &house->tries, .links = &links,
		.routes = &routes, .hints = &hints,
		.lists = &house->world.peers, .list_count = 1, .ways = house->ways,
		.measures = house->world.measures, .measure_count = house->world.measure_count,
		.hints_need_probe = house->world.hints_need_probe,
		.tunnels = house->tunnels }, &house->built), 0);
}
