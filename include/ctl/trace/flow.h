/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TCP connection of a capture, both directions, and what is to be thought of it. Pure; time is
 * a parameter. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/trace/flow_side.h"

enum flow_verdict {
	FLOW_OK,
	FLOW_REORDERED,  /* segments overtook each other, nothing was sent again */
	FLOW_PMTU_TOLD,  /* what ICMP had called too big was sent again, smaller; nothing else */
	FLOW_LOSS,       /* segments were sent again, and arrived */
	FLOW_UNANSWERED, /* a request was acknowledged and nothing came: may be anything */
	FLOW_REFUSED,    /* no handshake: SYNs without an answer */
	FLOW_GAP,        /* bytes never came here, what was sent after them did */
	FLOW_STALLED,    /* nothing of any size passes at the end */
	FLOW_BLACK_HOLE, /* small segments pass, large ones do not, and nobody says why */
	FLOW_VERDICT_COUNT
};

/* How a black hole was seen. */
enum flow_sign {
	SIGN_NONE,
	SIGN_SENT_AGAIN, /* in front of it: one large segment again and again */
	SIGN_SMALLER,    /* the same, until the sender tried smaller segments */
	SIGN_STOPPED,    /* as SIGN_SENT_AGAIN, but this size passed before */
	SIGN_GAP,        /* behind it: bytes are missing, and what came after them is here */
};

struct trace_flow {
	struct trace_ends ends; /* source is side 0, who opened it or was seen first */
	uint64_t first_ns, last_ns;
	struct trace_side side[2];
	uint32_t too_big[2];     /* ICMP messages about packets of that side */
	uint32_t too_big_mtu[2]; /* bytes, of the last that says what fits; 0: none does */
	uint32_t too_big_next[2]; /* sequence number that side had reached by then */
	uint64_t heeded[2];      /* segments from below it that were sent again and fit */
	uint64_t number;         /* in order of appearance, from 1 */
	/* of the table: */
	uint32_t chain, older, newer;
};

/* What is to be thought of a flow. */
struct flow_finding {
	enum flow_verdict verdict;
	enum flow_sign sign;     /* with FLOW_BLACK_HOLE */
	unsigned int side;       /* who sent what did not arrive */
	uint32_t packet, payload; /* bytes of what does not pass, 0: not seen (SIGN_GAP) */
	uint32_t passed;         /* bytes of the largest payload that did */
	uint32_t sent;           /* times it was sent */
	uint32_t answers;        /* packets that came from the other side meanwhile */
	uint32_t missing;        /* bytes of the gap, of FLOW_GAP too */
	double seconds;          /* how long it stood */
};

/* "ok", "reordering", "path_mtu_told", "loss", "unanswered", "refused", "gap", "stalled",
 * "black_hole". */
const char *flow_verdict_name(enum flow_verdict verdict);

/* Which side of the flow sent the packet: 0 or 1. */
unsigned int flow_side_of(const struct trace_flow *flow, const struct trace_ends *ends);

/* Begins a flow with the ends of its first packet. */
void flow_begin(struct trace_flow *flow, const struct trace_packet *packet, uint64_t number,
		uint64_t now_ns);

/* Whether the packet opens another connection between the same ends. */
bool flow_is_over(const struct trace_flow *flow, const struct trace_packet *packet);

struct side_news flow_take(struct trace_flow *flow, const struct trace_packet *packet,
			   uint64_t now_ns);

/* A router says that a packet of that side was too big. */
void flow_take_too_big(struct trace_flow *flow, unsigned int from, uint32_t mtu);

/* end_ns: the time of the last packet of the capture so far. */
struct flow_finding flow_judge(const struct trace_flow *flow, uint64_t end_ns);
