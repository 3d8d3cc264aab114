/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/probe/probe_path.h"

uint32_t probe_path_floor(const struct probe_path *path, const uint32_t floor[FAMILY_COUNT])
{
	uint32_t least = floor[path->target->way.destination.family];

	return least < path->target->assumed ? least : path->target->assumed;
}

uint32_t probe_path_mtu(const struct probe_path *path, const uint32_t floor[FAMILY_COUNT])
{
	uint32_t least = probe_path_floor(path, floor), most = path->target->assumed;

	if (!path->mtu || path->mtu > most)
		return most;
	return path->mtu < least ? least : path->mtu;
}

/* The side that has lowered the value is the one that may raise it. */
static bool may_raise(const struct probe_path *path, const struct probe_verdict *verdict)
{
	if (!path->mtu || path->unconfirmed || path->unheard >= PROBE_UNHEARD_MAX)
		return true;
	switch ((enum measure_how)path->how) {
	case MEASURE_OUTSIDE:
		return verdict->side[PROBE_OUTSIDE];
	case MEASURE_INSIDE:
		return verdict->side[PROBE_INSIDE];
	case MEASURE_ICMP:
		return true;
	}
	return false;
}

/* Whether who the measure is from was silent, and all else speaks against it. */
static bool is_unheard(const struct probe_path *path, const struct probe_verdict *verdict,
		       uint32_t old)
{
	bool more = verdict->found > old && verdict->clean;

	switch ((enum measure_how)path->how) {
	case MEASURE_OUTSIDE:
		return more && verdict->silent[PROBE_OUTSIDE];
	case MEASURE_INSIDE:
		return more && verdict->silent[PROBE_INSIDE];
	case MEASURE_ICMP:
		return verdict->unrefused;
	}
	return false;
}

static bool is_held(const struct probe_path *path, uint64_t now_ns)
{
	return path->changed_ns && now_ns - path->changed_ns < PROBE_RAISE_HOLD_NS;
}

/* Nobody answers. What holds still is in force as before; else all is as if nothing had been
 * measured. */
static bool lapse(struct probe_path *path, uint32_t old, uint64_t now_ns, bool *ret_held)
{
	if (!path->mtu || (!path->unconfirmed && path->unheard < PROBE_UNHEARD_MAX))
		return false;
	*ret_held = old < path->target->assumed && is_held(path, now_ns);
	if (*ret_held)
		return false;
	path->mtu = 0;
	path->unconfirmed = false;
	path->unheard = 0;
	path->lapsed = true;
	if (old < path->target->assumed)
		path->changed_ns = now_ns;
	return true;
}

bool probe_path_apply(struct probe_path *path, const struct probe_verdict *verdict,
		      const uint32_t floor[FAMILY_COUNT], uint64_t now_ns, bool *ret_held)
{
	uint32_t old = probe_path_mtu(path, floor), found = verdict->found;
	bool changed;

	*ret_held = false;
	if ((verdict->capped && found <= old) || (verdict->weak && found && found < old))
		return false;
	if (!is_unheard(path, verdict, old))
		path->unheard = 0;
	else if (path->unheard < PROBE_UNHEARD_MAX)
		path->unheard++;
	if (!found)
		return lapse(path, old, now_ns, ret_held);
	if (found > old) {
		if (!may_raise(path, verdict))
			return false;
		*ret_held = is_held(path, now_ns);
		if (*ret_held)
			return false;
	}
	changed = path->mtu != found || path->how != verdict->how;
	path->mtu = found;
	path->how = (uint8_t)verdict->how;
	path->at_ns = (int64_t)now_ns;
	path->unconfirmed = false;
	path->unheard = 0;
	if (found != old)
		path->changed_ns = now_ns;
	return changed;
}

bool probe_path_judge_hint(struct probe_path *path, const struct probe_verdict *verdict,
			   uint32_t hint, const uint32_t floor[FAMILY_COUNT],
			   enum hint_rejected *ret_reason)
{
	if (hint == path->hint)
		path->hint_judged = true;
	if (hint < probe_path_floor(path, floor))
		*ret_reason = HINT_BELOW_FLOOR;
	else if (!verdict->found)
		*ret_reason = HINT_NO_ANSWER;
	else if (verdict->found > hint)
		*ret_reason = HINT_CONTRADICTED;
	else {
		path->hints_wrong = 0;
		return false;
	}
	if (path->hints_wrong < UINT8_MAX)
		path->hints_wrong++;
	return true;
}
