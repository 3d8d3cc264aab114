/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who answers small probes, and to what: the endpoint, or an address inside; a ping, or a datagram
 * to a closed port. */
#include "policy/probe/probe_run.h"

/* Small packets that are sent in vain before the next way is tried. */
#define TRIES_KNOWN 6 /* was answered before */
#define TRIES_NEW 3
#define TRIES_FEW 2   /* further addresses, and whoever has never answered */

static size_t count_ways(const struct probe_run *run, enum probe_side side)
{
	size_t hosts = side == PROBE_OUTSIDE ? 1 : run->path->target->inside_count;

	return hosts * PROBE_METHODS;
}

/* Whether it can be used at all. */
static bool take_way(struct probe_run *run, enum probe_side side, const struct probe_rules *rules,
		     uint8_t via)
{
	const struct probe_target *target = run->path->target;
	struct probe_axis *axis = &run->axis[side];
	size_t inside = via >> 1;
	enum family family;

	if (via >= count_ways(run, side))
		return false;
	family = side == PROBE_OUTSIDE ? target->way.destination.family
				       : target->inside[inside].address.family;
	axis->method = via & 1 ? PROBE_UDP : PROBE_PING;
	axis->inside = side == PROBE_INSIDE ? inside : 0;
	return axis->method == PROBE_UDP || !rules->no_ping[family];
}

static unsigned int tries_of(const struct probe_run *run, enum probe_side side, bool known)
{
	const struct probe_path *path = run->path;

	if (known)
		return TRIES_KNOWN;
	if (run->axis[side].inside > 0 || (path->has_result && path->result == PROBE_NO_ANSWER))
		return TRIES_FEW;
	return TRIES_NEW;
}

bool probe_contact_next(struct probe_run *run, enum probe_side side,
			const struct probe_rules *rules)
{
	struct probe_axis *axis = &run->axis[side];
	uint8_t known = run->path->via[side];

	/* Turn 0 is what was answered last; that one is left out behind it. */
	while (axis->turn < count_ways(run, side)) {
		uint8_t via = (uint8_t)axis->turn++;

		if (via + 1 == known || !take_way(run, side, rules, via))
			continue;
		pmtu_contact_anew(&axis->pmtu, tries_of(run, side, false));
		axis->errors = 0;
		return true;
	}
	return false;
}

bool probe_contact_first(struct probe_run *run, enum probe_side side,
			 const struct probe_rules *rules)
{
	uint8_t known = run->path->via[side];

	run->axis[side].turn = 0;
	if (known && take_way(run, side, rules, (uint8_t)(known - 1))) {
		pmtu_contact_anew(&run->axis[side].pmtu, tries_of(run, side, true));
		return true;
	}
	return probe_contact_next(run, side, rules);
}
