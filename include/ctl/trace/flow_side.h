/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One direction of a TCP connection as a capture shows it: what was sent, what arrived, and at
 * which size it stands still. Constant memory. Pure; time is a parameter. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ctl/trace/trace_packet.h"

#define SIDE_SENT 8      /* segments remembered of those larger than what was seen to pass */
#define SIDE_SMALL 8     /* segments remembered that were smaller than others */
#define SIDE_HOLES 4     /* ranges remembered that were jumped over */
#define SIDE_SIGHTINGS 6 /* packets remembered to know one again that is captured twice */

/* How a segment that was sent again went on. */
enum stall_end {
	STALL_STANDS,  /* never acknowledged */
	STALL_SMALLER, /* the same bytes were acknowledged once sent in smaller segments */
};

/* A segment at which a direction stands: the first unacknowledged one, sent again and again. */
struct stall {
	uint32_t seq;
	uint32_t sent;           /* times at `payload`, 0: there is no stall */
	uint32_t payload, packet; /* bytes of TCP payload and of the IP packet, on the wire */
	uint32_t smaller;        /* payload it was sent with later, 0: never */
	uint32_t answers;        /* packets of the other side meanwhile */
	uint64_t first_ns, last_ns;
	enum stall_end end;
};

struct side_range {
	uint32_t start, end;
	uint64_t time_ns;
	uint32_t payload; /* bytes on the wire, of a segment */
};

struct side_small {
	uint32_t start, payload;
};

struct side_sighting {
	uint64_t time_ns;
	uint32_t seq, ack, payload_len;
	uint16_t ident;
	uint8_t hop_limit, flags;
	bool after;
};

struct trace_side {
	uint64_t packets, payload_bytes;
	uint64_t segments;       /* with payload, on the wire */
	uint64_t retransmitted, reordered; /* segments, too */
	uint64_t last_ns;        /* of its last packet */
	uint32_t largest_packet; /* bytes of IP, on the wire */
	uint32_t largest_payload; /* bytes of one segment, on the wire */
	uint32_t passed;         /* bytes of the largest payload that was acknowledged */
	uint32_t sacked;         /* the same of selective ones, since `acked` moved */
	uint32_t small_after;    /* segments under the stalled size behind it, sent since then */
	uint32_t again;          /* acknowledgements repeated since then */
	uint32_t again_largest, again_passed; /* bytes of the largest payload that was sent again,
					       * and of the largest of these that arrived */
	uint32_t first, next, acked; /* numbers: of the SYN, behind the last, unacknowledged */
	uint16_t mss, window;    /* as it announced */
	uint16_t mss_left;       /* the same as it went on from here, where that was captured */
	bool has_mss_left, left; /* left: that was captured, or may be taken for it */
	uint8_t copies;          /* times that the SYN was captured again on its way, 2: or more */
	uint32_t single, unit, told; /* bytes of payload of a full segment: see flow_wire.h */
	uint8_t header_len;      /* of TCP, in segments with payload */
	bool has_mss, syn, fin, rst, next_known, acked_known, selective;
	uint32_t syns;           /* times that one SYN was sent */
	uint64_t syn_ns;         /* when it was sent first */
	uint64_t round_trip_ns;  /* as the handshake took, 0: not seen */
	uint32_t floor_payload;  /* payload it fell to when larger ones did not pass, 0: none */
	struct stall stall;      /* the one that goes on */
	struct stall worst;      /* of those before it one that ended in smaller segments */
	struct side_range sent[SIDE_SENT], holes[SIDE_HOLES];
	struct side_range resent; /* the largest that was sent again and is under way */
	struct side_small small[SIDE_SMALL];
	unsigned int sent_next, small_next, hole_count, sighting_next;
	struct side_sighting sightings[SIDE_SIGHTINGS];
};

#define SIDE_NO_MSS 65536  /* it has no such option */
#define SIDE_NOT_LEFT 65537 /* it was not captured as it left */

/* The MSS of a SYN as it came here and as it left, by what was captured of it so far, and by what
 * was captured before. */
struct side_syn {
	uint32_t came, left, came_before, left_before;
	unsigned int copies; /* times that it was captured again */
};

/* Of one packet, what the report counts. */
struct side_news {
	struct side_syn syn; /* where it is a SYN */
	bool seen_twice;   /* one packet captured at two places: nothing else of it counts */
	bool resent;       /* payload or SYN that was sent before */
	bool reordered;    /* payload that came late but was not sent again */
	uint32_t segments; /* it is on the wire, 0: without payload */
	uint32_t payload;  /* bytes of payload of each but the last */
	uint32_t last;     /* of the last */
	uint32_t packet;   /* bytes of the IP packet with `payload` */
	bool sized;        /* false: several segments, at most that large, nobody knows how large */
};

/* Whether a sequence number is behind another, which wraps around. */
static inline bool flow_is_larger(uint32_t seq, uint32_t than)
{
	return (int32_t)(seq - than) > 0;
}

/* Takes one packet of `side`, whose other end is `other`. */
struct side_news flow_side_take(struct trace_side *side, struct trace_side *other,
				const struct trace_packet *packet, uint64_t now_ns);
