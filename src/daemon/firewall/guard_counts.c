/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/firewall/guard_counts.h"

#include <stdlib.h>

#include "base/clock.h"

#define FRESH_NS (NS_PER_SECOND / 2) /* as new as anybody who asks again and again needs it */

/* A counter that says less than before is of a rule that was written anew meanwhile. */
static void note(uint64_t now, uint64_t *last, uint64_t *past)
{
	if (now < *last)
		*past += *last - now;
	*last = now;
}

static int read_rules(struct guard_counts *counts, struct firewall *firewall)
{
	struct firewall_counts now;
	char *error = NULL;
	int r = firewall_read_counts(firewall, &now, &error);

	free(error);
	if (r < 0)
		return r;
	note(now.forward, &counts->last.forward, &counts->past.forward);
	note(now.output, &counts->last.output, &counts->past.output);
	note(now.input, &counts->last.input, &counts->past.input);
	note(now.over_limit, &counts->last.over_limit, &counts->past.over_limit);
	return 0;
}

int guard_counts_read(struct guard_counts *counts, struct firewall *firewall,
		      struct firewall_counts *ret_counts)
{
	uint64_t now_ns = clock_boottime_ns();
	int r;

	if (!counts->read_ns || now_ns - counts->read_ns >= FRESH_NS) {
		r = read_rules(counts, firewall);
		if (r < 0)
			return r;
		counts->read_ns = now_ns;
	}
	*ret_counts = (struct firewall_counts){
		.forward = counts->last.forward + counts->past.forward,
		.output = counts->last.output + counts->past.output,
		.input = counts->last.input + counts->past.input,
		.over_limit = counts->last.over_limit + counts->past.over_limit,
	};
	return 0;
}

void guard_counts_look(struct guard_counts *counts, struct firewall *firewall)
{
	struct firewall_counts ignored;

	counts->read_ns = 0;
	guard_counts_read(counts, firewall, &ignored);
}

static uint64_t queued(const struct firewall_counts *counts)
{
	return counts->forward + counts->output + counts->input - counts->over_limit;
}

int guard_counts_read_new(struct guard_counts *counts, struct firewall *firewall,
			  uint64_t *ret_queued, uint64_t *ret_over_limit)
{
	struct firewall_counts now;
	int r = guard_counts_read(counts, firewall, &now);

	if (r < 0)
		return r;
	*ret_queued = queued(&now) - counts->before_queued;
	*ret_over_limit = now.over_limit - counts->before_over_limit;
	return 0;
}

void guard_counts_forget(struct guard_counts *counts, struct firewall *firewall)
{
	struct firewall_counts now = { 0 };

	counts->read_ns = 0;
	if (guard_counts_read(counts, firewall, &now) < 0)
		return;
	counts->before_queued = queued(&now);
	counts->before_over_limit = now.over_limit;
}
