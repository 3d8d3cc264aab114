/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of a path between two measurements of it. Small: there may be ten thousand. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/probe/probe_budget.h"
#include "policy/probe/probe_plan.h"
#include "policy/tunnel/path_measure.h"

#define PROBE_RAISE_HOLD_NS UINT64_C(60000000000) /* between a change of a path and its raise */
#define PROBE_HINT_HOLD_NS UINT64_C(10000000000)  /* between two runs for hints of one path; twice
						   * as much behind each that was rejected */
#define PROBE_MOVE_HOLD_NS UINT64_C(10000000000)  /* between two runs for changes of its way */
#define PROBE_UNHEARD_MAX 2 /* runs, then what nobody repeats is no measure any more */

struct probe_run;

/* Why a path is measured next: what comes first stands last. */
enum probe_reason {
	REASON_ROUTINE,
	REASON_TOLD,  /* somebody may have it told over and over: a hint, another way or endpoint,
		       * less on the path of another tunnel to the same endpoint */
	REASON_NEW,   /* never measured */
	PROBE_REASONS
};

struct probe_path {
	const struct probe_target *target; /* borrowed */
	struct probe_run *run;     /* that goes on, or NULL */
	size_t place;              /* in its queue, from 1; 0: in none */
	uint64_t due_ns;           /* of the next run */
	int64_t at_ns;             /* the measure was confirmed, CLOCK_BOOTTIME */
	int64_t last_ns;           /* end of the last run */
	uint64_t changed_ns;       /* what is in force changed last, 0 never */
	uint64_t hint_run_ns;      /* last run for a hint, 0 never */
	uint64_t quiet_ns;         /* from when on its budget is unused again */
	uint64_t moved_ns;         /* its way or endpoint changed last, 0 never */
	uint64_t answers_ns[PROBE_SIDES]; /* the far kernel's bucket of ICMP errors was empty */
	uint32_t mtu;              /* measured, bytes; 0 not */
	uint32_t hint;             /* as told last, bytes; 0 none */
	uint16_t prior_ok, prior_lost; /* packets of the last runs that were known to pass */
	uint8_t via[PROBE_SIDES];  /* what was answered last: probe_via + 1; 0 nothing ever */
	uint8_t how, result;       /* enum measure_how, probe_result */
	bool has_result;
	uint8_t reason;            /* of the next run, enum probe_reason */
	uint8_t hints_wrong;       /* rejected since one was right, over all endpoints */
	bool hint_judged;          /* the hint was held against a measurement */
	bool hint_contradicted;    /* which found more */
	bool unconfirmed;          /* its way has changed since it was measured */
	bool lapsed;               /* a measure was dropped: no former process knows better */
	uint8_t unheard;           /* runs in a row in which who the measure is from was silent and
				    * nothing spoke for it */
};
_Static_assert(sizeof(struct probe_path) < 200, "ten thousand of them");

/* Method and address inside in a byte. */
static inline uint8_t probe_via(enum probe_method method, size_t inside)
{
	return (uint8_t)(method | inside << 1);
}

/* Least and largest believable outer size. */
uint32_t probe_path_floor(const struct probe_path *path, const uint32_t floor[FAMILY_COUNT]);
/* Outer path MTU in force: bytes, the assumed one where nothing was measured. */
uint32_t probe_path_mtu(const struct probe_path *path, const uint32_t floor[FAMILY_COUNT]);

/* What a run has come to. */
struct probe_verdict {
	enum probe_result result;
	uint32_t found;            /* bytes, 0: nothing */
	enum measure_how how;      /* with found */
	bool capped;               /* nobody tried more than found, though more may pass */
	bool side[PROBE_SIDES];    /* which sides were measured to the end */
	bool silent[PROBE_SIDES];  /* where not even small ones were answered */
	bool weak;                 /* fewer than PMTU_TRIES_MIN lost ones spoke against more */
	bool clean;                /* found came through whole for sure */
	bool unrefused;            /* nobody answers, no router calls the largest size too big */
};

/* Takes it over: lowers at once, unless it is weak; raises only what that side had lowered, or
 * whose side has been silent for PROBE_UNHEARD_MAX runs, and not soon behind a change. A measure of
 * another way that nobody confirms, and a router's word that none repeats for so many runs, are
 * dropped. Returns whether the measure is another now; *ret_held: the raise has to wait for
 * PROBE_RAISE_HOLD_NS behind changed_ns. */
bool probe_path_apply(struct probe_path *path, const struct probe_verdict *verdict,
		      const uint32_t floor[FAMILY_COUNT], uint64_t now_ns, bool *ret_held);

/* Holds a hint that the run began with, and that nobody has judged before, against its end. Returns
 * whether it is rejected. */
bool probe_path_judge_hint(struct probe_path *path, const struct probe_verdict *verdict,
			   uint32_t hint, const uint32_t floor[FAMILY_COUNT],
			   enum hint_rejected *ret_reason);

/* Paths by when they are due: a binary heap. */
struct probe_queue {
	struct probe_path **list;
	size_t count, capacity;
};

/* Room for that many in all. Returns 0 or -ENOMEM. */
int probe_queue_reserve(struct probe_queue *queue, size_t count);
/* Not in the queue yet; there is room. */
void probe_queue_add(struct probe_queue *queue, struct probe_path *path);
void probe_queue_remove(struct probe_queue *queue, struct probe_path *path);
/* The one that is due first, NULL without any. */
static inline struct probe_path *probe_queue_first(const struct probe_queue *queue)
{
	return queue->count ? queue->list[0] : NULL;
}
