/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who waits for a run of the plan. Control thread only. */
#pragma once

#include "policy/probe/probe_plan.h"

/* Somebody who waits for one run: told how it stands whenever something was sent or heard, and
 * once with report->finished when it is over; with report NULL where the target is gone, or
 * somebody else has begun a run of it. The report is borrowed for the call, in which the waiter may
 * be forsaken and no other. */
struct prober_waiter {
	void (*told)(const struct probe_report *report, void *userdata);
	void *userdata;
	uint64_t run; /* 0: none; so it is when the last thing is told of it */
	struct prober_waiter *next; /* the prober's */
};

/* Adds and takes out; the waiters are borrowed. */
void prober_waiters_add(struct prober_waiter **waiters, struct prober_waiter *waiter);
void prober_waiters_remove(struct prober_waiter **waiters, const struct prober_waiter *waiter);
/* A run is over. */
void prober_waiters_tell_end(struct prober_waiter *waiters, const struct probe_report *report);
/* All but those whose run has ended, which must have been told so. */
void prober_waiters_tell(struct prober_waiter *waiters, const struct probe_plan *plan);
