/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where outside and inside do not agree. Less outside: perhaps a filter of echoes. Less inside: a
 * kernel that believes an exception cuts the packets of tunnels that let it (WireGuard:
 * net/ipv4/ip_output.c, ignore_df); where fragments get lost, what is larger than the exception
 * then really does not arrive, whoever forged it. */
#include "policy/probe/probe_run.h"

static bool has_found(const struct probe_axis *axis)
{
	return axis->stage == STAGE_FOUND;
}

/* What the inside is held against: what somebody outside has proved, else what is in force. */
static uint32_t expected(const struct probe_run *run)
{
	const struct probe_axis *outside = &run->axis[PROBE_OUTSIDE];

	return has_found(outside) ? pmtu_found(&outside->pmtu) : run->old_mtu;
}

bool probe_doubt_of_inside(const struct probe_run *run)
{
	return has_found(&run->axis[PROBE_INSIDE]) && probe_doubt_inside(run) < expected(run);
}

uint32_t probe_doubt_inside(const struct probe_run *run)
{
	const struct pmtu *inside = &run->axis[PROBE_INSIDE].pmtu;
	uint32_t found = pmtu_found(inside), outside;

	if (!probe_doubt_of_outside(run) || probe_doubt_is_proved(run))
		return found;
	outside = pmtu_found(&run->axis[PROBE_OUTSIDE].pmtu);
	return found >= pmtu_class(inside, outside) ? outside : found;
}

bool probe_doubt_is_hinted(const struct probe_run *run)
{
	uint32_t hint = run->path->hint;

	return hint && hint < expected(run) && probe_doubt_of_inside(run);
}

bool probe_doubt_of_outside(const struct probe_run *run)
{
	const struct probe_axis *outside = &run->axis[PROBE_OUTSIDE];

	return !run->echo_believed && has_found(outside) && outside->pmtu.answers &&
	       outside->method == PROBE_PING &&
	       pmtu_found(&outside->pmtu) < outside->pmtu.config.most &&
	       !pmtu_explained(&outside->pmtu);
}

/* All that links promise, as the inside asks for it; NULL before it did. */
static const struct pmtu_size *full_inside(const struct probe_run *run)
{
	const struct pmtu *inside = &run->axis[PROBE_INSIDE].pmtu;

	return pmtu_find_size(inside, pmtu_class(inside, inside->config.most));
}

bool probe_doubt_is_proved(const struct probe_run *run)
{
	const struct pmtu_size *full = full_inside(run);

	return probe_doubt_of_outside(run) && has_found(&run->axis[PROBE_INSIDE]) && full &&
	       full->whole >= 2 && !full->pieces;
}

bool probe_doubt_is_over(const struct probe_run *run)
{
	const struct pmtu_size *full = full_inside(run);
	unsigned int most = run->options.tries == 1 ? 1 : 2;

	return probe_doubt_of_outside(run) && full && (full->lost >= most || full->pieces);
}
