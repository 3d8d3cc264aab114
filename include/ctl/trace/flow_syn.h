/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SYN that is captured as it comes to a host and as it leaves it. Pure. */
#pragma once

#include "ctl/trace/flow_side.h"

/* The first time that one is captured: it left so unless the file says that this will follow. */
void flow_syn_begin(struct trace_side *side, const struct trace_packet *packet,
		    struct side_syn *ret_syn);
/* Once more, on its way. Of two values the larger one came, unless the file says which. */
void flow_syn_again(struct trace_side *side, const struct trace_packet *packet,
		    struct side_syn *ret_syn);
