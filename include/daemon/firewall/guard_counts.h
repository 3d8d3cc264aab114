/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the queue's rules have counted, also those that were written anew meanwhile. Only for
 * daemon/firewall/guard. Zeroed to begin with. */
#pragma once

#include <stdint.h>

#include "edge/firewall/firewall.h"

struct guard_counts {
	struct firewall_counts last; /* as the rules said when they were read */
	struct firewall_counts past; /* of rules that are no more */
	uint64_t before_queued;      /* when guard_counts_forget was called */
	uint64_t before_over_limit;
	uint64_t read_ns;            /* CLOCK_BOOTTIME; 0: read them anew */
};

/* At most half a second old. Returns 0 or -errno. */
int guard_counts_read(struct guard_counts *counts, struct firewall *firewall,
		      struct firewall_counts *ret_counts);

/* Before and behind a change of the rules, so that what they had counted is kept. */
void guard_counts_look(struct guard_counts *counts, struct firewall *firewall);

/* SYNs that were queued, and that were over the limit, since guard_counts_forget. Returns 0 or
 * -errno. */
int guard_counts_read_new(struct guard_counts *counts, struct firewall *firewall,
			  uint64_t *ret_queued, uint64_t *ret_over_limit);

/* What was counted until now is no news: the rules outlive a daemon, and so do their counters. */
void guard_counts_forget(struct guard_counts *counts, struct firewall *firewall);
