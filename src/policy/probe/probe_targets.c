/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets out of a tunnel set. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "policy/probe/probe_ends.h"

/* All but the texts. */
static struct probe_target begin_target(const struct probe_target_input *input,
					const struct probe_end *end)
{
	struct tunnel_set *set = (struct tunnel_set *)(uintptr_t)input->set;
	const struct tunnel_override *extra =
		tunnel_find_override(set, end->tunnel, OVERRIDE_EXTRA);
	struct probe_target target = {
		.way = end->way,
		.endpoint_port = end->peer ? end->peer->endpoint_port : end->link->remote_port,
		.exit_ifindex = end->found->answer.ifindex,
		.assumed = end->limit->assumed_mtu,
		.hint = end->limit->hint_mtu,
		.inside_ifindex = end->link ? end->link->ifindex : 0,
		.extra = extra ? extra->extra : 0,
		.link_mtu = end->link ? link_mtu(end->link, FAMILY_IPV4) : 0,
	};
	const struct encap *layers = probe_end_layers(end, &target.layer_count);

	tunnel_layers_in_force(set, end->tunnel, layers, target.layer_count, target.layer);
	probe_end_take_inside(input, end, &target);
	return target;
}

/* One target of far ends that are the same: the first that has an address behind it says through
 * which layers, those with the same layers add theirs. */
static struct probe_target join_ends(const struct probe_target_input *input,
				     const struct probe_end *ends, size_t count)
{
	struct probe_target target = begin_target(input, &ends[0]);
	const struct probe_end *chosen = &ends[0];

	for (size_t i = 1; i < count && target.inside_count < PROBE_INSIDE_MAX; i++) {
		if (target.inside_count == 0) {
			struct probe_target other = begin_target(input, &ends[i]);

			if (other.inside_count > 0) {
				target = other;
				chosen = &ends[i];
			}
		} else if (peer_layers_equal(chosen->peer, ends[i].peer)) {
			probe_end_take_inside(input, &ends[i], &target);
		}
	}
	return target;
}

static int set_texts(struct probe_target *target, const struct probe_end *end)
{
	const char *name = end->peer	     ? end->peer->name :
			   end->link->alias[0] ? end->link->alias : NULL;

	target->tunnel = strdup(end->tunnel);
	target->peer = strdup(end->key);
	if (end->shared)
		name = NULL; /* of one policy alone */
	target->name = name ? strdup(name) : NULL;
	return target->tunnel && target->peer && (target->name || !name) ? 0 : -ENOMEM;
}

static int append(const struct probe_target_input *input, const struct probe_end *ends,
		  size_t count, struct probe_target_list *targets)
{
	struct probe_target target = join_ends(input, ends, count);
	void *list = targets->list;
	int r;

	r = set_texts(&target, &ends[0]);
	if (r == 0)
		r = array_reserve(&list, &targets->capacity, targets->count + 1, sizeof(target));
	targets->list = list;
	if (r < 0) {
		probe_target_done(&target);
		return r;
	}
	assert(targets->list);
	targets->list[targets->count++] = target;
	return 0;
}

int probe_targets_make(const struct probe_target_input *input, struct probe_target_list *ret_list)
{
	struct probe_target_list targets = { 0 };
	struct probe_ends ends = { 0 };
	int r;

	r = probe_ends_find(input->set, &ends);
	for (size_t i = 0, next; r == 0 && i < ends.count; i = next) {
		for (next = i + 1; next < ends.count; next++) {
			if (!probe_end_is_same(&ends.list[i], &ends.list[next]))
				break;
		}
		for (size_t end = i; end < next; end++)
			ends.list[end].alike = next - i;
		r = append(input, &ends.list[i], next - i, &targets);
	}
	free(ends.list);
	if (r < 0)
		probe_target_list_done(&targets);
	else
		*ret_list = targets;
	return r;
}
