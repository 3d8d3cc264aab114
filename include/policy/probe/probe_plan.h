/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which probe is to be sent next, over all paths: RFC 8899 searches (policy/probe/pmtu) under one
 * budget. Pure: what time it is, what was heard and what could not be sent are told, nothing is
 * sent. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/probe/probe_target.h"
#include "policy/tunnel/path_measure.h"

enum probe_side {
	PROBE_OUTSIDE, /* to the endpoint, around the tunnel */
	PROBE_INSIDE,  /* to an address behind the far end, through the tunnel */
	PROBE_SIDES
};
enum probe_method {
	PROBE_PING, /* ICMP echo by a ping socket */
	PROBE_UDP,  /* a datagram to a closed port, answered by port unreachable */
	PROBE_METHODS
};

struct probe_plan;

struct probe_plan_config {
	bool automatic;               /* else only runs that somebody asks for */
	uint64_t interval_ns;         /* between two measurements of one path */
	uint32_t rate_pps;            /* most probes a second, all paths together */
	uint32_t floor[FAMILY_COUNT]; /* least outer path MTU that is believed, bytes */
	uint64_t seed;                /* of the jitter */
};

/* One packet to send now. */
struct probe_order {
	uint64_t id;                  /* of this packet alone, never 0 */
	const struct probe_target *target; /* borrowed until the plan is called again */
	enum probe_side side;
	enum probe_method method;
	size_t inside;                /* which of the target's, PROBE_INSIDE */
	uint32_t size;                /* of the IP packet to send, bytes */
};

/* Whether an answered packet came through whole on both ways. */
enum probe_whole { WHOLE_UNKNOWN, WHOLE_YES, WHOLE_NO };

enum probe_result {
	PROBE_OK,              /* the path takes what links and routes promise, or a router said why
				* not */
	PROBE_BLACK_HOLE,      /* larger packets vanish without a word */
	PROBE_NO_ANSWER,       /* nobody answers: nothing is known and nothing changes */
	PROBE_LIMITED_BY_ICMP, /* nobody answers, a router told its MTU */
	PROBE_RESULTS
};
/* "ok", "black_hole", "no_answer", "limited_by_icmp". */
const char *probe_result_name(enum probe_result result);

/* What became of one size. */
struct probe_size {
	enum probe_side side;
	uint32_t size;      /* of the packet sent, bytes */
	uint32_t outer;     /* of the packet outside that this makes, bytes */
	uint32_t sent, answered;
	uint32_t icmp_mtu;  /* what a router said that had seen it, bytes; 0 nobody did */
	bool fragmented;    /* answered, but came in pieces */
};
#define PROBE_SIZES_MAX 64

/* A measurement that goes on or has ended. */
struct probe_report {
	uint64_t run;                 /* which one */
	const struct probe_target *target; /* borrowed until the plan is called again */
	bool finished;
	enum probe_result result;     /* when finished */
	uint32_t mtu, old_mtu;        /* outer path MTU in force behind and before it: bytes, the
				       * assumed one where nothing was measured. mtu of a run that
				       * puts nothing in force: what it found */
	bool changed;                 /* the measures are others now */
	bool hint_contradicted;       /* the kernel believes less of this path than was answered */
	enum measure_how how;         /* with a measure */
	bool answers[PROBE_SIDES];    /* whether small probes were answered there */
	enum probe_method method[PROBE_SIDES]; /* the one that was, or the last tried */
	size_t inside;                /* the address that answered */
	struct probe_size sizes[PROBE_SIZES_MAX]; /* in the order of first use */
	size_t size_count;
	bool icmp_seen;               /* a router that had seen a probe told an MTU */
	struct address router;        /* the last one that did, with icmp_seen */
	int fragmented;               /* the largest packets come in pieces: 1, 0, -1 unknown */
	uint32_t sent_total;          /* packets */
	uint32_t refused_total;       /* packets that the kernel did not send, but for their size */
	int refusal;                  /* -errno of the last of them */
	uint64_t begin_ns, end_ns;    /* CLOCK_BOOTTIME */
};

/* Why a hint of the kernel was dropped. */
enum hint_rejected {
	HINT_CONTRADICTED, /* larger packets were answered */
	HINT_NO_ANSWER,    /* nobody answered, so nobody confirmed it */
	HINT_BELOW_FLOOR,
	HINT_REASONS
};
/* "contradicted", "no_answer", "below_floor". */
const char *hint_rejected_name(enum hint_rejected reason);

struct probe_totals {
	uint64_t sent, answered, refused; /* packets; refused: the kernel did not send it */
	uint64_t runs[PROBE_RESULTS];
	uint64_t hints_rejected[HINT_REASONS];
	size_t black_holes;               /* paths whose last run found one */
};

/* Returns owned, or NULL (no memory). */
struct probe_plan *probe_plan_new(const struct probe_plan_config *config);
void probe_plan_free(struct probe_plan *plan);
/* Another interval, rate or floors, from now on. Where nothing is automatic any more, what nobody
 * has asked for ends without a report. */
void probe_plan_configure(struct probe_plan *plan, const struct probe_plan_config *config);

/* Whether ping sockets may be used for that family; by default they may. */
void probe_plan_allow_ping(struct probe_plan *plan, enum family family, bool allowed);

/* What a former process measured: believed at once, verified before long. Borrows. */
int probe_plan_remember(struct probe_plan *plan, const struct path_measure *measures, size_t count,
			uint64_t now_ns);

/* All targets that there are now. Takes the list (also where it fails: it is empty behind it). What
 * goes on with a target of the same key and endpoint goes on; others end without a report; new ones
 * begin at once, as the budget allows. A hint that is new and below what is in force begins a run.
 * Returns 1 where a remembered measure of a new one is in force now, 0, or -ENOMEM. */
int probe_plan_update(struct probe_plan *plan, struct probe_target_list *targets, uint64_t now_ns);

/* Whether a probe is due. If so *ret_order is filled and the caller tells at once what became of it
 * by probe_plan_sent; if not, *ret_wait_ns is when to ask again (UINT64_MAX: when something
 * changes). */
bool probe_plan_next(struct probe_plan *plan, uint64_t now_ns, struct probe_order *ret_order,
		     uint64_t *ret_wait_ns);
/* error: 0; -EMSGSIZE: more than the link takes; else another -errno: it was not sent. now_ns:
 * behind the sending. Also for what probe_plan_spend allowed, with an id that is no order's. */
void probe_plan_sent(struct probe_plan *plan, uint64_t id, int error, uint64_t now_ns);
/* An answer that proves that its sender had the whole probe, or saw its nonce. */
void probe_plan_answered(struct probe_plan *plan, uint64_t id, enum probe_whole whole,
			 uint64_t now_ns);
/* The kernel of that endpoint has answered a packet that is of no run: of the errors that it sends
 * within a time (struct probe_answers) that was one, and a run may ask for one less. */
void probe_plan_answered_others(struct probe_plan *plan, const struct address *endpoint,
				uint64_t now_ns);
/* A "too big" that quotes the nonce. mtu as told, 0 where it tells none. */
void probe_plan_too_big(struct probe_plan *plan, uint64_t id, uint32_t mtu,
			const struct address *router, uint64_t now_ns);

/* A run for somebody who waits, before all others. most: no packet outside is larger, 0: as
 * assumed. tries: lost probes that make a size too large, 0: as usual; fewer than 3 are too few to
 * put a lower value in force: it is reported alone, `changed` is false and the measures stay.
 * Returns 0 and its number, or -ENOENT (no such target), -ENOMEM. A run of that path that goes on
 * is begun anew. endpoint, here and below, may be NULL: the first of that tunnel and peer. */
struct probe_run_options {
	uint32_t most;
	unsigned int tries;
};
int probe_plan_run(struct probe_plan *plan, const char *tunnel, const char *peer,
		   const struct address *endpoint, const struct probe_run_options *options,
		   uint64_t now_ns, uint64_t *ret_run);
/* The same for an address that is nobody's endpoint, asked for by an admin: outside alone, nothing
 * is remembered. Takes target on success. */
int probe_plan_run_once(struct probe_plan *plan, struct probe_target *target,
			const struct probe_run_options *options, uint64_t now_ns,
			uint64_t *ret_run);
/* The target of that key, borrowed until the plan is called again, or NULL. */
const struct probe_target *probe_plan_find(const struct probe_plan *plan, const char *tunnel,
					   const char *peer, const struct address *endpoint);

/* Takes a packet that is no order's out of the budget. false: not before *ret_wait_ns. */
bool probe_plan_spend(struct probe_plan *plan, uint64_t now_ns, uint64_t *ret_wait_ns);

/* How a run that somebody waits for stands. Returns false where it is over or gone. */
bool probe_plan_look(const struct probe_plan *plan, uint64_t run, struct probe_report *ret_report);
void probe_plan_cancel(struct probe_plan *plan, uint64_t run);

/* The runs that have ended since the last call, one at a time; false: no more. */
bool probe_plan_take_report(struct probe_plan *plan, struct probe_report *ret_report);

/* What is known now of all targets, sorted; borrowed until the plan is called again. */
const struct path_measure *probe_plan_measures(struct probe_plan *plan, size_t *ret_count);
/* A target of which the kernel believes less than was answered, still: the first one, borrowed, or
 * NULL. */
const struct probe_target *probe_plan_contradicted(const struct probe_plan *plan);
/* What became of the last run of a target: false where there was none. */
bool probe_plan_last(const struct probe_plan *plan, const char *tunnel, const char *peer,
		     const struct address *endpoint, enum probe_result *ret_result,
		     int64_t *ret_at_ns);

struct probe_totals probe_plan_totals(const struct probe_plan *plan);
