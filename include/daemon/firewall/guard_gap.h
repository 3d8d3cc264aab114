/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long rules of ours were not as they should be, as far as it is known. Times of
 * CLOCK_BOOTTIME. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "edge/firewall/firewall.h"

struct guard_gap {
	uint64_t sure_ns;   /* they were for sure, 0: unknown */
	uint64_t seen_ns;   /* that they are not was seen */
	uint64_t kernel_ns; /* from then on the kernel clamped instead; 0: it did not */
	uint64_t end_ns;    /* they are back */
	enum firewall_state found; /* of those that send SYNs to us */
	bool told;          /* the kernel told of it: nobody had to look */
};

/* For how long SYNs passed unclamped, as the end of a line: "" where they did not. Returns text. */
#define GUARD_GAP_MAX 192
const char *guard_gap_text(const struct guard_gap *gap, char text[GUARD_GAP_MAX]);
/* Members of rules_repaired's new, each null without a gap (NULL). Owned, NULL without memory. */
json_t *guard_gap_json(const struct guard_gap *gap);

/* What was seen when. Zeroed is fine. */
struct guard_sight {
	uint64_t seen_ns; /* a change that is not mended, or not looked at; 0: none */
	bool told;        /* the kernel told of it */
	uint64_t sure_ns; /* all stood then, 0: unknown */
	uint64_t tick_ns; /* the last one */
};
void guard_sight_change(struct guard_sight *sight, uint64_t now_ns, bool told);
void guard_sight_ok(struct guard_sight *sight, uint64_t when_ns);
/* About once a second, where the kernel tells of changes: what it had told by the last tick was
 * seen by this one. */
void guard_sight_tick(struct guard_sight *sight, uint64_t now_ns);
/* checked_ns: when they were found not to be as they should; kernel_ns and found as above. */
struct guard_gap guard_sight_gap(const struct guard_sight *sight, uint64_t checked_ns,
				 uint64_t kernel_ns, enum firewall_state found, uint64_t now_ns);
