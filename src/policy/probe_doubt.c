/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Less inside than outside. A kernel that believes an exception cuts the packets of tunnels that let
 * it (WireGuard: net/ipv4/ip_output.c, ignore_df); where fragments get lost, what is larger than
 * the exception then really does not arrive, whoever forged it. */
#include "policy/probe_run.h"

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
	const struct probe_axis *inside = &run->axis[PROBE_INSIDE];

	return has_found(inside) && pmtu_found(&inside->pmtu) < expected(run);
}

bool probe_doubt_is_hinted(const struct probe_run *run)
{
	uint32_t hint = run->path->hint;

	return hint && hint < expected(run) && probe_doubt_of_inside(run);
}
