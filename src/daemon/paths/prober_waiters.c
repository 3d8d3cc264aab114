/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/paths/prober_waiters.h"

void prober_waiters_add(struct prober_waiter **waiters, struct prober_waiter *waiter)
{
	waiter->next = *waiters;
	*waiters = waiter;
}

void prober_waiters_remove(struct prober_waiter **waiters, const struct prober_waiter *waiter)
{
	while (*waiters && *waiters != waiter)
		waiters = &(*waiters)->next;
	if (*waiters)
		*waiters = waiter->next;
}

void prober_waiters_tell_end(struct prober_waiter *waiters, const struct probe_report *report)
{
	for (struct prober_waiter *w = waiters, *next; w; w = next) {
		next = w->next;
		if (w->run != report->run)
			continue;
		w->run = 0;
		w->told(report, w->userdata);
	}
}

void prober_waiters_tell(struct prober_waiter *waiters, const struct probe_plan *plan)
{
	struct probe_report report;

	for (struct prober_waiter *w = waiters, *next; w; w = next) {
		next = w->next;
		if (!w->run)
			continue;
		if (probe_plan_look(plan, w->run, &report)) {
			w->told(&report, w->userdata);
			continue;
		}
		w->run = 0;
		w->told(NULL, w->userdata);
	}
}
