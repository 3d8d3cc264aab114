/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections of a capture that go on: a table of fixed size. Where it is full, the one that
 * was silent for longest is concluded. Pure; time is a parameter. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ctl/trace/flow.h"

#define FLOW_TABLE_MAX 16384 /* flows at a time */

/* Is told of each flow that leaves the table, which then forgets it. */
typedef void flow_done(void *userdata, const struct trace_flow *flow);

struct flow_table {
	struct trace_flow *flows; /* owned */
	uint32_t *buckets;   /* owned: index + 1 of the first flow, 0: none */
	uint32_t count;      /* places used so far */
	uint32_t oldest, newest; /* index + 1 */
	uint64_t seen;       /* flows so far */
	uint64_t pushed_out; /* of them concluded for want of room */
	uint32_t capacity;
	flow_done *done;
	void *userdata;      /* borrowed, for done */
};

/* capacity: 1 to FLOW_TABLE_MAX. Returns 0 or -ENOMEM. */
int flow_table_init(struct flow_table *table, uint32_t capacity, flow_done *done, void *userdata);
/* Concludes what is in it, the oldest first. */
void flow_table_finish(struct flow_table *table);
void flow_table_done(struct flow_table *table);

/* The flow the TCP packet belongs to, which is begun where there is none yet, or where the packet
 * opens another one between the same ends. */
struct trace_flow *flow_table_get(struct flow_table *table, const struct trace_packet *packet,
				  uint64_t now_ns);
/* The flow between two ends, in either direction, or NULL. */
struct trace_flow *flow_table_find(struct flow_table *table, const struct trace_ends *ends);
