/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of one direction was jumped over: bytes that come late, or never. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ctl/trace/flow_side.h"

/* Takes a range out of the holes that it reaches into. Returns whether it filled any; *ret_since is
 * when that one was made. */
bool flow_holes_fill(struct trace_side *side, uint32_t start, uint32_t end, uint64_t *ret_since);

void flow_holes_add(struct trace_side *side, uint32_t start, uint32_t end, uint64_t now_ns);
void flow_holes_drop_below(struct trace_side *side, uint32_t acked);
