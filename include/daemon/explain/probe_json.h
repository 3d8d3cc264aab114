/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replies of Probe (src/proto/org.mssclamp.varlink). */
#pragma once

#include <jansson.h>

#include "daemon/paths/probe_trace.h"
#include "daemon/replies/peer_mss.h"
#include "policy/probe/probe_plan.h"

struct probe_told {
	const char *asked;          /* the word that was asked for */
	uint64_t interval_ns;       /* between two measurements; 0: nothing is measured by itself */
	struct peer_mss old_mss, mss; /* before and behind it */
	const struct trace_result *trace; /* NULL: not traced (yet) */
	uint64_t now_ns; /* CLOCK_BOOTTIME: so long it took to be told, the trace included */
};

/* Borrows both. Owned, or NULL (out of memory). */
json_t *probe_json(const struct probe_report *report, const struct probe_told *told);
