/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan that a simulated network is driven by, its targets, and what it should find. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim_net.h"

static uint32_t assumed_of(const struct sim_path *path)
{
	return path->assumed ? path->assumed : SIM_ASSUMED;
}

static struct probe_target make_target(const struct sim_path *path, size_t index)
{
	struct probe_target target = {
		.peer = strdup("peer"),
		.way.destination = { .family = FAMILY_IPV4,
				     .bytes = { 192, path->endpoint, (uint8_t)(index >> 8),
						(uint8_t)index } },
		.endpoint_port = (uint16_t)index,
		.exit_ifindex = path->exit,
		.assumed = assumed_of(path),
		.hint = path->hint,
		.inside_count = path->hostless ? 0 : 1,
		.inside[0].address = { .family = FAMILY_IPV4, .bytes = { 10, 0, 0, 1 } },
		.layer[0].kind = ENCAP_WIREGUARD,
		.layer_count = 1,
		.link_mtu = 1420,
	};

	if (asprintf(&target.tunnel, "wg%05zu", index) < 0 || !target.peer)
		abort();
	return target;
}

void sim_update(struct sim_net *net)
{
	struct probe_target_list targets = {
		.list = calloc(net->count + 1, sizeof(*targets.list)),
	};

	if (!targets.list)
		abort();
	for (size_t i = 0; i < net->count; i++)
		if (!net->paths[i].gone)
			targets.list[targets.count++] = make_target(&net->paths[i], i);
	if (probe_plan_update(net->plan, &targets, net->now_ns) < 0)
		abort();
}

void sim_new_plan(struct sim_net *net)
{
	const struct probe_plan_config config = {
		.automatic = true, .interval_ns = net->interval_ns, .rate_pps = net->rate_pps,
		.floor = { SIM_FLOOR4, 1280 }, .seed = net->seed,
	};

	probe_plan_free(net->plan);
	net->plan = probe_plan_new(&config);
	if (!net->plan)
		abort();
}

void sim_begin(struct sim_net *net, struct sim_path *paths, size_t count, uint64_t interval_ns,
	       uint32_t rate_pps, uint64_t seed)
{
	*net = (struct sim_net){
		.paths = paths, .count = count, .now_ns = NS_PER_SECOND, .seed = seed + 1,
		.rate_pps = rate_pps, .interval_ns = interval_ns,
	};
	sim_new_plan(net);
	sim_update(net);
}

void sim_done(struct sim_net *net)
{
	probe_plan_free(net->plan);
	free(net->events);
	net->plan = NULL;
	net->events = NULL;
}

static bool answers(const struct sim_path *path, enum probe_side side)
{
	return !path->dead && !(path->no_ping[side] && path->no_udp[side]) &&
	       !(side == PROBE_INSIDE && path->hostless);
}

uint32_t sim_truth(const struct sim_path *path)
{
	uint32_t assumed = assumed_of(path), truth = assumed;
	struct probe_target target = make_target(path, 0);

	for (enum probe_side side = 0; side < PROBE_SIDES; side++) {
		bool ping = !path->no_ping[side];
		uint32_t most = ping && path->back < path->forth ? path->back : path->forth;

		if (!answers(path, side) || most >= truth)
			continue;
		truth = most > SIM_FLOOR4 ? most : SIM_FLOOR4;
		if (side == PROBE_INSIDE && truth < assumed)
			truth = probe_target_outer(&target, probe_target_inner(&target, truth));
		truth = truth > SIM_FLOOR4 ? truth : SIM_FLOOR4;
	}
	/* The inside cannot be told from the whole where it carries as much. */
	if (!answers(path, PROBE_OUTSIDE) &&
	    probe_target_inner(&target, truth) == probe_target_inner(&target, assumed))
		truth = assumed;
	probe_target_done(&target);
	return truth;
}

uint32_t sim_in_force(const struct sim_net *net, size_t path)
{
	size_t count;
	const struct path_measure *measures = probe_plan_measures(net->plan, &count);

	for (size_t i = 0; i < count; i++)
		if (strtoul(measures[i].tunnel + 2, NULL, 10) == path)
			return measures[i].mtu;
	return assumed_of(&net->paths[path]);
}
