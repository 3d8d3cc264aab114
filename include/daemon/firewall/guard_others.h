/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guard looks after beside the rules of the queue: nft rules of ours that stand wherever
 * nft works. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct fallback;
struct firewall;
struct marker;

struct guard_others {
	struct marker *marker;     /* borrowed; NULL without mark mode */
	struct fallback *fallback; /* borrowed; NULL before it is opened */
};

/* As marker_check and fallback_check, marker_mend and fallback_mend, of what there is. */
int guard_others_check(const struct guard_others *others, bool *ret_ok, FILE *diff,
		       char **ret_error);
int guard_others_mend(const struct guard_others *others, char **ret_error);
void guard_others_print(const struct guard_others *others, FILE *out);

/* As fallback_bridge, fallback_bridged_ns and fallback_bridge_end. */
bool guard_others_bridge(const struct guard_others *others);
uint64_t guard_others_bridged_ns(const struct guard_others *others);
void guard_others_bridge_end(const struct guard_others *others);

/* Rules that another backend left would queue each SYN twice: dear, but no reason not to start.
 * Logs that they cannot be removed. */
void guard_others_retire(struct firewall *firewall);
