/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search for the largest packet that a path takes (RFC 8899, datagram packetization layer path
 * MTU discovery), on one axis of sizes: a step function of what was sent, what was heard and the
 * time. All is derived anew from a table of what became of each size, so an answer may come late,
 * twice or in another order, and counts.
 *
 * One lost probe is a guess and steers the bisection; what ends it is the pair of a size that was
 * answered and the next one that was lost often enough. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/probe/probe_plan.h"

#define PMTU_SMALL 96         /* bytes of a control probe: passes wherever anything does */
#define PMTU_BASE4 1200       /* bytes, RFC 8899 5.1.2 */
#define PMTU_BASE6 1280       /* bytes, likewise */
#define PMTU_OUTSTANDING_MAX 4
#define PMTU_TRIES_MIN 3      /* RFC 8899 5.1.2 MAX_PROBES */
#define PMTU_TRIES_MAX 16     /* of a path that loses half and more */
#define PMTU_TIMEOUT_MIN_NS 100000000u  /* 100 ms */
#define PMTU_TIMEOUT_MAX_NS 1000000000u /* 1 s, RFC 8899 5.1.1 */
#define PMTU_SPACE_NS 150000000u /* 150 ms: between tries of one size that are to make sure */
#define PMTU_SIZES_MAX 48     /* different sizes of one search; it takes about 15 */
#define PMTU_FLIGHTS 64       /* packets whose late answer still counts */
#define PMTU_SUGGESTIONS_MAX 8 /* of routers, that are followed */
#define PMTU_SENT_MAX 400     /* packets, then nothing is to be learnt here today */

struct pmtu_config {
	uint32_t floor;     /* least size that is tried, bytes */
	uint32_t base;      /* RFC 8899 BASE_PLPMTU, at least floor */
	uint32_t most;      /* largest size that is tried */
	uint32_t first;     /* tried before all others: the value in force; 0 none */
	uint32_t twice_above; /* a result above it has to be answered twice; 0: none has */
	unsigned int tries; /* lost ones that make a size too large; 0: by the loss of the path */
	bool likely;        /* most passes as far as is known: one lost packet is not yet a sign */
	bool doubtful;      /* more is tried than was proved: what comes in pieces, be it others',
			     * is as good as lost */
	bool uncut;         /* nobody may cut them, or all is known: pieces are others' */
	unsigned int contact_tries; /* small ones without an answer that are silence */
	/* The smallest size that is the same on the wire: monotone, at most size. NULL: each is its
	 * own. */
	uint32_t (*same_as)(const void *userdata, uint32_t size);
	const void *userdata;
};

enum pmtu_step {
	PMTU_SEND,   /* a packet of *ret_size */
	PMTU_WAIT,   /* for an answer, until *ret_wait_ns */
	PMTU_DONE,   /* pmtu_found tells */
	PMTU_SILENT, /* no small probe was answered, none is awaited */
	PMTU_DOWN,   /* it answered, then it did not: nothing can be concluded */
};

/* What became of one size, in the order of first use; the first is the small one. */
struct pmtu_size {
	uint32_t size;
	uint32_t icmp_mtu;        /* what a router told last, bytes */
	uint16_t sent, answered;  /* packets */
	uint16_t whole, pieces;   /* answered ones that came whole for sure, that did not */
	uint16_t pairs;           /* of those, between small ones that did */
	uint16_t lost;            /* given up and not answered since */
	uint16_t lost_since;      /* lost ones since the last answer */
	uint16_t too_big;         /* messages */
	bool refused;             /* the link does not take it */
	uint32_t last;            /* serial of its last packet */
	uint64_t first_ns, last_ns; /* when its first and its last packet were sent */
};

struct pmtu_flight {
	uint32_t serial;
	uint16_t size; /* index of the table */
	uint8_t via;   /* the caller's */
	enum { FLIGHT_NONE, FLIGHT_OUT, FLIGHT_LOST, FLIGHT_ANSWERED } state;
	enum probe_whole whole; /* with FLIGHT_ANSWERED */
	uint64_t sent_ns;
};

struct pmtu {
	struct pmtu_config config;
	struct pmtu_size sizes[PMTU_SIZES_MAX];
	size_t size_count;
	struct pmtu_flight flights[PMTU_FLIGHTS]; /* by serial */
	uint32_t serial;         /* of the last packet */
	unsigned int out;        /* packets that are on their way */
	uint32_t marks[32];      /* likely sizes, ascending, each the smallest of its class */
	size_t mark_count;
	uint32_t told;           /* suggested next size, 0 none */
	unsigned int doubt;      /* lost tries that steer: one more for each that was wrong */
	unsigned int prior_ok, prior_lost; /* small packets beyond those of this table */
	bool answers;            /* somebody did */
	bool blind;              /* nobody does, routers are listened to */
	bool done;
	uint64_t srtt_ns, rttvar_ns; /* RFC 6298; 0 before the first answer */
	uint32_t alive;          /* serial of the last packet that was answered */
	unsigned int suggestions; /* of `told` so far */
	uint32_t class_of, class_next; /* the last answer of next_class, pmtu_pick.c */
};

void pmtu_begin(struct pmtu *pmtu, const struct pmtu_config *config);
/* Other sizes from now on: what was learnt stays. */
void pmtu_limit(struct pmtu *pmtu, uint32_t most, uint32_t first, bool likely);
/* Small probes go another way now, nobody has answered so far. */
void pmtu_contact_anew(struct pmtu *pmtu, unsigned int tries);
/* Behind PMTU_SILENT: asks routers alone, by probes of `most` and of what they tell. */
void pmtu_go_blind(struct pmtu *pmtu);

enum pmtu_step pmtu_next(struct pmtu *pmtu, uint64_t now_ns, uint32_t *ret_size,
			 uint64_t *ret_wait_ns);

/* A packet of a size that pmtu_next asked for is on its way: its serial, from 1. */
uint32_t pmtu_sent(struct pmtu *pmtu, uint32_t size, uint8_t via, uint64_t now_ns);
/* It was not sent after all; too_large: it never will be. */
void pmtu_not_sent(struct pmtu *pmtu, uint32_t serial, bool too_large);
/* Return whether it counts: false for a packet nobody remembers, or a second answer. */
bool pmtu_answered(struct pmtu *pmtu, uint32_t serial, enum probe_whole whole, uint64_t now_ns);
bool pmtu_too_big(struct pmtu *pmtu, uint32_t serial, uint32_t mtu);
/* A size that is worth a try: somebody says that it is what passes. */
void pmtu_suggest(struct pmtu *pmtu, uint32_t mtu);
/* The packet of that serial, NULL where it is forgotten. */
const struct pmtu_flight *pmtu_flight(const struct pmtu *pmtu, uint32_t serial);
/* When the first packet that is on its way is given up, UINT64_MAX without one. */
uint64_t pmtu_timeout_at_ns(const struct pmtu *pmtu);

/* Behind PMTU_DONE: the largest size that passes, never below the floor. */
uint32_t pmtu_found(const struct pmtu *pmtu);
/* Whether a router, or the link itself, said why the next larger size does not pass. */
bool pmtu_explained(const struct pmtu *pmtu);
/* Whether the sizes above come in pieces: 1, 0, -1 unknown. */
int pmtu_fragmented(const struct pmtu *pmtu);

/* For the parts of it: pmtu_loss.c. */
uint64_t pmtu_timeout_ns(const struct pmtu *pmtu);
void pmtu_expire(struct pmtu *pmtu, uint64_t now_ns);
/* Lost tries that make a size too large. */
unsigned int pmtu_tries(const struct pmtu *pmtu);
/* Fewer: to steer by; and to leave a size in force that was confirmed, since what passes above it
 * is found the next time. */
unsigned int pmtu_guess_tries(const struct pmtu *pmtu);
unsigned int pmtu_look_tries(const struct pmtu *pmtu);
bool pmtu_passes(const struct pmtu *pmtu, const struct pmtu_size *size);
/* Tries that speak against it. */
unsigned int pmtu_against(const struct pmtu *pmtu, const struct pmtu_size *size);
const struct pmtu_size *pmtu_find_size(const struct pmtu *pmtu, uint32_t size);
/* Packets of that size on the way. */
unsigned int pmtu_out(const struct pmtu *pmtu, uint32_t size);
/* Tries that have to be lost, of that size. */
unsigned int pmtu_tries_of(const struct pmtu *pmtu, const struct pmtu_size *size);
/* Whether the lost ones of that size say nothing before more small probes are answered. */
bool pmtu_needs_control(const struct pmtu *pmtu, const struct pmtu_size *size);
/* Whether the size is too large for sure. */
bool pmtu_is_too_large(const struct pmtu *pmtu, const struct pmtu_size *size);

/* What answers in pieces say: pmtu_pieces.c. Where small ones come in pieces too, the host is busy
 * with those of others, and they say nothing. */
bool pmtu_pieces_count(const struct pmtu *pmtu);
/* Behind the answer to that packet: counts the pairs that it completes. */
void pmtu_note_pairs(struct pmtu *pmtu, uint32_t serial);
/* Enough to be sure, where none of that size came whole. */
bool pmtu_has_pairs(const struct pmtu_size *size);
/* What is to be sent, with nothing on the way, to make pairs of that size. */
uint32_t pmtu_next_of_pair(const struct pmtu *pmtu, uint32_t size);

/* Which size is to be tried: pmtu_pick.c. */
struct pmtu_pick {
	uint32_t size;     /* 0: the search is over */
	unsigned int want; /* packets of it that are to be lost or on the way */
	bool confirm;      /* it is the one above the largest that passes */
	bool again;        /* it was answered and has to be once more: one at a time */
};
struct pmtu_pick pmtu_pick(struct pmtu *pmtu);
void pmtu_make_marks(struct pmtu *pmtu);
uint32_t pmtu_low(const struct pmtu *pmtu);
/* The smallest size above low that seems too large, 0 none. */
uint32_t pmtu_high(const struct pmtu *pmtu, uint32_t low);
uint32_t pmtu_class(const struct pmtu *pmtu, uint32_t size);
