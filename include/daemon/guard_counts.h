/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the queue's rules have counted. Only for daemon/guard. Zeroed to begin with. */
#pragma once

#include <stdint.h>

#include "edge/firewall.h"

struct guard_counts {
	struct firewall_counts now; /* as the rules say */
	uint64_t over_limit_past;   /* of rules of other limits, which are no more */
	uint64_t queued_before;     /* the rules outlive a daemon, and so do their counters */
	uint64_t read_ns;           /* when they were read, CLOCK_BOOTTIME; 0: read them anew */
};

/* At most half a second old. Returns 0 or -errno. */
int guard_counts_read(struct guard_counts *counts, struct firewall *firewall,
		      struct firewall_counts *ret_counts);

/* SYNs that were queued since guard_counts_forget. Returns 0 or -errno. */
int guard_counts_read_queued(struct guard_counts *counts, struct firewall *firewall,
			     uint64_t *ret_syns);

/* What was counted until now is of another process, or of rules from before a repair. */
void guard_counts_forget(struct guard_counts *counts, struct firewall *firewall);
