/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/probe_target.h"

#include <stdlib.h>

#include "policy/tunnel_resolve.h"

uint32_t probe_target_inner(const struct probe_target *target, uint32_t outer_mtu)
{
	const struct tunnel_outer outer = {
		.mtu = outer_mtu,
		.extra = target->extra,
		.has_family = true,
		.family = target->way.destination.family,
	};
	uint32_t inner = tunnel_apply_layers(&outer, target->layer, target->layer_count,
					     target->link_mtu, NULL).inner_mtu;

	return inner > 1 ? inner : 0;
}

uint32_t probe_target_outer(const struct probe_target *target, uint32_t inner)
{
	uint32_t low = 1, high = target->assumed;

	if (probe_target_inner(target, target->assumed) < inner)
		return 0;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (probe_target_inner(target, middle) >= inner)
			high = middle;
		else
			low = middle + 1;
	}
	return high;
}

void probe_target_done(struct probe_target *target)
{
	free(target->tunnel);
	free(target->peer);
	free(target->name);
	*target = (struct probe_target){ 0 };
}

void probe_target_list_done(struct probe_target_list *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		probe_target_done(&targets->list[i]);
	free(targets->list);
	*targets = (struct probe_target_list){ 0 };
}
