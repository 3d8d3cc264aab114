/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a capture says about the MSS and about path MTUs. Memory is bounded: what would grow with
 * the capture has a limit, and says how much is left out. Pure but for memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/trace/flow_table.h"
#include "ctl/trace/report_syns.h"
#include "ctl/trace/trace_file.h"

#define REPORT_FLOWS_MAX 1000  /* flows listed, those with findings first */
#define REPORT_ICMP_MAX 100    /* ICMP messages listed */
#define REPORT_HOSTS_MAX 256   /* networks looked at for who clamps */
#define REPORT_SIZES 11        /* classes of packet sizes */

struct report_icmp {
	uint64_t time_ns;
	struct trace_ends from, about;
	uint32_t mtu;
};

struct report_flow {
	struct trace_flow flow;
	struct flow_finding finding;
};

/* Segments by the size of their packets on the wire. */
struct report_size {
	uint32_t from, to; /* bytes, both included */
	uint64_t sent, resent;
};

/* One network and the MSS that comes from it. */
struct report_host {
	enum family family;
	uint8_t prefix[8];  /* /24 or /48 */
	uint16_t mss;       /* the largest */
	bool far;           /* its hop limit says that routers lie between */
};

enum report_clamp {
	CLAMP_SEEN,      /* yes */
	CLAMP_NOT_SEEN,  /* no */
	CLAMP_CANT_TELL,
};

struct report {
	uint32_t limit; /* bytes of a packet that the path is said to carry, 0: nobody said */
	uint64_t packets, bytes; /* captured frames, and their bytes on the wire */
	uint64_t not_ip, unknown_link, snapped, without_time, tcp_packets, in_tunnels, seen_twice;
	uint32_t unknown_link_type; /* the first of them */
	uint64_t first_ns, now_ns;
	uint64_t fragments, oversize;
	uint64_t offloaded, unsized; /* pieces of several segments, and those of unknown size */
	uint32_t largest_packet; /* bytes on the wire */
	uint64_t retransmitted, reordered, too_big; /* the first two are segments */
	struct report_size sizes[REPORT_SIZES];
	struct report_syns syns;
	struct report_icmp icmp[REPORT_ICMP_MAX];
	size_t icmp_listed;
	struct report_host hosts[REPORT_HOSTS_MAX];
	size_t host_count;
	struct flow_table table;
	uint64_t verdicts[FLOW_VERDICT_COUNT];
	struct report_flow *flows; /* owned; sorted by report_finish */
	size_t flow_listed;
	size_t listed[FLOW_VERDICT_COUNT]; /* of these, by verdict */
};

/* Returns 0 or -ENOMEM. */
int report_init(struct report *report, uint32_t limit);
void report_done(struct report *report);

/* Takes the next frame. */
void report_take(struct report *report, const struct trace_frame *frame);

/* Concludes all flows and sorts those listed: the worst first, then as they appeared. */
void report_finish(struct report *report);

/* Whether it is clamped between the hosts and where this was captured, and why we think so. */
enum report_clamp report_judge_clamping(const struct report *report, char *why, size_t size);

/* Whether something is wrong: black holes, or packets and SYNs above the limit. */
bool report_has_problem(const struct report *report);
