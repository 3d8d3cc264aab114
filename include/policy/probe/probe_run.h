/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One measurement of one path: outside and inside of the tunnel at once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/probe/pmtu.h"
#include "policy/probe/probe_budget.h"
#include "policy/probe/probe_path.h"
#include "policy/probe/probe_plan.h"

/* How far one side is. */
enum probe_stage {
	STAGE_NONE,    /* nothing to probe there */
	STAGE_CONTACT, /* who answers small probes? */
	STAGE_READY,   /* inside: somebody does, it waits for the outside */
	STAGE_SEARCH,
	STAGE_BLIND,   /* nobody answers, routers are asked */
	STAGE_FOUND,
	STAGE_SILENT,
	STAGE_DOWN,    /* it answered, then it did not */
};

struct probe_axis {
	struct pmtu pmtu;
	enum probe_stage stage;
	size_t turn;               /* of the ways to make contact */
	enum probe_method method;
	size_t inside;             /* of the target's addresses */
	unsigned int errors;       /* packets in a row that were not sent */
	uint32_t limit;            /* inside: what the outside had found when the search began */
	struct probe_answers answers;
};

/* What all runs go by. */
struct probe_rules {
	uint32_t floor[FAMILY_COUNT];
	uint32_t rate_pps;
	bool no_ping[FAMILY_COUNT];
};

struct probe_run {
	uint64_t number;
	struct probe_path *path;
	struct probe_target *own;  /* once: the target that path points to, else NULL */
	bool manual;
	bool told;                 /* it began for REASON_TOLD */
	struct probe_run_options options;
	struct probe_axis axis[PROBE_SIDES];
	struct probe_window window;
	uint64_t ring[PROBE_PATH_RATE_MAX];
	uint64_t wake_ns;          /* nothing to do before */
	uint64_t begin_ns, end_ns;
	uint32_t hint;             /* of the path, as it began */
	bool hint_new;             /* and nobody had judged it */
	uint32_t old_mtu;
	uint32_t sent;
	uint32_t refused;          /* packets that the kernel did not send, but for their size */
	int refusal;               /* -errno of the last of them */
	uint32_t looked_at;        /* `sent` when all was over last */
	bool icmp_seen;
	struct address router;
	bool finished, changed;    /* the latter: the measures are others now */
	bool hint_contradicted;    /* the kernel's exception is less than what was answered */
	bool echo_believed;        /* the inside takes no more either: nobody doubts the outside */
	uint64_t doubt_ns;         /* until when a late hint is waited for, 0: not yet */
	struct probe_verdict verdict; /* when finished */
	struct probe_run *next;    /* that ended behind it */
};

/* Fills a run that is zeroed but for number, path, own, manual and options. */
void probe_run_begin(struct probe_run *run, const struct probe_rules *rules, uint64_t *seed,
		     uint64_t now_ns);

enum probe_run_step { RUN_SEND, RUN_WAIT, RUN_OVER };
/* What is to be done: RUN_SEND and *ret_order, but for id and target, or RUN_WAIT until
 * *ret_wait_ns. */
enum probe_run_step probe_run_next(struct probe_run *run, const struct probe_rules *rules,
				   uint64_t now_ns, struct probe_order *ret_order,
				   uint64_t *ret_wait_ns);
/* That order is sent now: gives it its id and target. */
void probe_run_send(struct probe_run *run, struct probe_order *order, uint64_t *seed,
		    uint64_t now_ns);

/* The parts of an id. */
static inline uint64_t probe_id_run(uint64_t id)
{
	return id >> 16;
}
static inline enum probe_side probe_id_side(uint64_t id)
{
	return id >> 15 & 1 ? PROBE_INSIDE : PROBE_OUTSIDE;
}
static inline uint32_t probe_id_serial(uint64_t id)
{
	return id & 0x7fff;
}
_Static_assert(PMTU_SENT_MAX + 1 < 0x8000, "fits the id");

/* What became of a packet of it. Both return whether it was on its way. */
bool probe_run_not_sent(struct probe_run *run, uint64_t id, int error, uint64_t now_ns);
bool probe_run_answered(struct probe_run *run, uint64_t id, enum probe_whole whole,
			uint64_t now_ns);
void probe_run_too_big(struct probe_run *run, uint64_t id, uint32_t mtu,
		       const struct address *router);
unsigned int probe_run_out(const struct probe_run *run);

/* probe_doubt.c. Whether what the outside has found may be a filter's work: many let small echoes
 * pass alone, and nobody says so. Then the inside is asked for all that links promise. */
bool probe_doubt_of_outside(const struct probe_run *run);
/* Whether the inside has answered that twice, and for sure in one piece. */
bool probe_doubt_is_proved(const struct probe_run *run);
/* Whether it has not: lost twice (once where somebody wants one try), or in pieces. */
bool probe_doubt_is_over(const struct probe_run *run);
/* What the inside has found, as an outer size; as much as the outside where it proves no more. */
uint32_t probe_doubt_inside(const struct probe_run *run);
/* Whether the inside found less than the outside, or than what is in force: a path
 * that is smaller, or packets that this host cuts since it believes an ICMP message. */
bool probe_doubt_of_inside(const struct probe_run *run);
/* Whether it is the latter, as far as is known by now. */
bool probe_doubt_is_hinted(const struct probe_run *run);

/* Behind RUN_OVER: fills verdict, and leaves in the path what the next run may use. */
void probe_run_end(struct probe_run *run, uint64_t now_ns);
void probe_run_report(const struct probe_run *run, const struct probe_rules *rules,
		      struct probe_report *ret_report);

/* Ways to make contact, probe_contact.c: takes the first one, or that which was answered last;
 * false: there is none. */
bool probe_contact_first(struct probe_run *run, enum probe_side side,
			 const struct probe_rules *rules);
/* The next one, false behind the last. */
bool probe_contact_next(struct probe_run *run, enum probe_side side,
			const struct probe_rules *rules);
