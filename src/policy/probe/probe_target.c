/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/probe/probe_target.h"

#include <stdlib.h>
#include <string.h>

#include "policy/tunnel/tunnel_resolve.h"

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

bool probe_target_same_inside(const struct probe_target *a, const struct probe_target *b)
{
	if (a->inside_count != b->inside_count || a->inside_ifindex != b->inside_ifindex ||
	    a->extra != b->extra || a->link_mtu != b->link_mtu ||
	    !encap_stacks_equal(a->layer, a->layer_count, b->layer, b->layer_count))
		return false;
	for (size_t i = 0; i < a->inside_count; i++) {
		const struct probe_inside *x = &a->inside[i], *y = &b->inside[i];

		if (!address_equal(&x->address, &y->address) || x->has_source != y->has_source ||
		    (x->has_source && !address_equal(&x->source, &y->source)))
			return false;
	}
	return true;
}

bool probe_target_same_way(const struct probe_target *a, const struct probe_target *b)
{
	return a->assumed == b->assumed && a->exit_ifindex == b->exit_ifindex &&
	       path_question_equal(&a->way, &b->way);
}
