/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/flow_holes.h"

bool flow_holes_fill(struct trace_side *side, uint32_t start, uint32_t end, uint64_t *ret_since)
{
	bool filled = false;

	for (unsigned int i = 0; i < side->hole_count; i++) {
		struct side_range *hole = &side->holes[i];

		if (!flow_is_larger(end, hole->start) || !flow_is_larger(hole->end, start))
			continue;
		filled = true;
		*ret_since = hole->time_ns;
		if (flow_is_larger(start, hole->start) && !flow_is_larger(hole->end, end)) {
			hole->end = start;
		} else {
			/* Where it fills the middle, the part in front is a hole of its own, or
			 * forgotten. */
			if (flow_is_larger(start, hole->start) && side->hole_count < SIDE_HOLES)
				side->holes[side->hole_count++] = (struct side_range){
					.start = hole->start, .end = start,
					.time_ns = hole->time_ns };
			hole->start = end;
		}
		if (!flow_is_larger(hole->end, hole->start))
			side->holes[i--] = side->holes[--side->hole_count];
	}
	return filled;
}

void flow_holes_add(struct trace_side *side, uint32_t start, uint32_t end, uint64_t now_ns)
{
	if (side->acked_known && flow_is_larger(side->acked, start))
		start = side->acked; /* was there, and acknowledged, and not captured */
	if (side->hole_count < SIDE_HOLES && flow_is_larger(end, start))
		side->holes[side->hole_count++] = (struct side_range){ .start = start, .end = end,
								       .time_ns = now_ns };
}

void flow_holes_drop_below(struct trace_side *side, uint32_t acked)
{
	for (unsigned int i = 0; i < side->hole_count; i++) {
		struct side_range *hole = &side->holes[i];

		if (flow_is_larger(acked, hole->start))
			hole->start = acked;
		if (!flow_is_larger(hole->end, hole->start))
			side->holes[i--] = side->holes[--side->hole_count];
	}
}
