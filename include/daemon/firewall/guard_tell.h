/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of the guard when it has put rules back. */
#pragma once

#include <stdint.h>

#include "daemon/events/events.h"
#include "daemon/firewall/guard_gap.h"

/* Event rules_repaired and its line in the log. what: "our rules"; culprit: who changed them, NULL:
 * unknown; gap: what it was to SYNs, NULL: unknown; total: how often it was by now. */
void guard_tell(const struct events *events, const char *what, const char *culprit,
		uint64_t took_ns, const struct guard_gap *gap, uint64_t total);
