/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that a capture holds twice. Pure; time is a parameter. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ctl/trace/flow_side.h"

/* Whether the packet was captured before, on its way through this host: routers change the hop
 * limit, bridges nothing; our own captures say it. What is sent again has the hop limit of before
 * and another ident. */
bool flow_sighting_is_twice(struct trace_side *side, const struct trace_packet *packet,
			    uint64_t now_ns);
