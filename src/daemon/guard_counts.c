/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/guard_counts.h"

#include <stdlib.h>

#include "base/clock.h"

#define FRESH_NS (NS_PER_SECOND / 2) /* as new as anybody who asks again and again needs it */

int guard_counts_read(struct guard_counts *counts, struct firewall *firewall,
		      struct firewall_counts *ret_counts)
{
	uint64_t now_ns = clock_boottime_ns();
	char *error = NULL;
	int r;

	if (!counts->read_ns || now_ns - counts->read_ns >= FRESH_NS) {
		r = firewall_read_counts(firewall, &counts->now, &error);
		free(error);
		if (r < 0)
			return r;
		counts->read_ns = now_ns;
	}
	*ret_counts = counts->now;
	ret_counts->over_limit += counts->over_limit_past;
	return 0;
}

static uint64_t queued(const struct firewall_counts *counts)
{
	return counts->forward + counts->output + counts->input - counts->over_limit;
}

int guard_counts_read_queued(struct guard_counts *counts, struct firewall *firewall,
			     uint64_t *ret_syns)
{
	struct firewall_counts ignored;
	int r = guard_counts_read(counts, firewall, &ignored);

	if (r == 0)
		*ret_syns = queued(&counts->now) - counts->queued_before;
	return r;
}

void guard_counts_forget(struct guard_counts *counts, struct firewall *firewall)
{
	struct firewall_counts ignored;

	*counts = (struct guard_counts){ 0 };
	guard_counts_read(counts, firewall, &ignored);
	counts->queued_before = queued(&counts->now);
}
