/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counts of GetStats: SYNs by result, by tunnel and by MSS. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "daemon/workers/sums.h"

struct daemon;

struct stats_totals {
	uint64_t result[SYN_RESULT_COUNT];
};

void stats_totals_add(struct stats_totals *into, const uint64_t from[SYN_RESULT_COUNT]);
void stats_totals_add_counters(struct stats_totals *into, const counter from[SYN_RESULT_COUNT]);

/* COUNTS of the interface: each result by its name, the reasons for leaving alone in a map. */
json_t *stats_counts_json(const struct stats_totals *totals);

/* A list with an object each; a tunnel that is gone stays as long as it has something to tell. */
json_t *stats_tunnels_json(const struct daemon *daemon);
/* Such an object for the SYNs that no tunnel decided. */
json_t *stats_no_tunnel_json(const struct daemon *daemon);

/* How often each MSS came or left, the most frequent first. */
json_t *stats_mss_json(const struct daemon *daemon, enum mss_when when);
