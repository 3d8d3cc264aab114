/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SYNs and SYN-ACKs of a capture: which MSS they came with, and which they left with where they
 * were captured on their way in and out. Pure but for memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/trace/flow_side.h"

#define REPORT_SYNS_MAX 10000 /* SYNs listed */
#define REPORT_CHANGES 16     /* different changes counted apart, of SYNs and of SYN-ACKs */

struct report_syn {
	uint64_t time_ns;
	struct trace_ends ends;
	uint8_t flags;
	bool has_mss;
	uint16_t mss;
};

/* SYNs whose MSS went from one value to another; from: SIDE_NO_MSS where the option was added. */
struct report_change {
	uint64_t count;
	uint32_t from, to;
};

/* Of SYNs, or of SYN-ACKs. Each counts once, however often it was captured on its way. */
struct report_syn_kind {
	uint64_t *came, *left; /* owned: how often each MSS */
	uint64_t changed, stayed; /* of those that were captured again */
	struct report_change changes[REPORT_CHANGES];
	size_t change_count;
};

struct report_syns {
	uint32_t limit;      /* bytes of a packet, 0: none */
	struct report_syn_kind kinds[2]; /* SYNs, SYN-ACKs */
	uint64_t count;      /* each time that one was captured */
	uint64_t no_mss;     /* without the option as they came */
	uint64_t over_limit; /* that allow packets above the limit, as they left */
	uint32_t largest_mss;
	bool answered;       /* a SYN-ACK had the option */
	bool both_sides;     /* some were captured as they came, and maybe as they left */
	struct report_syn *list; /* owned: each time that one was captured */
	size_t listed;
};

/* Returns 0 or -ENOMEM. */
int report_syns_init(struct report_syns *syns, uint32_t limit);
void report_syns_done(struct report_syns *syns);

/* Takes a SYN or SYN-ACK each time that it is captured, and what its flow knows of it. */
void report_syns_take(struct report_syns *syns, const struct trace_packet *packet,
		      const struct side_syn *news, uint64_t time_ns);
