/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments as they are on the wire, of what was captured in one piece before the network card cuts
 * it (TSO) or after it was joined (GRO). Pure. */
#pragma once

#include "ctl/trace/flow_side.h"

/* What a piece from `side` is on the wire. None of its segments is larger than the other end told
 * this one that it takes, where that was captured; else than an Ethernet carries. They are as
 * large as that only where the piece is so many times as large, for the sender's own link or path
 * may be smaller: then it is so many times what fits there. Learns from what it is asked. */
struct side_news flow_wire_cut(struct trace_side *side, const struct trace_side *other,
			       const struct trace_packet *packet);
