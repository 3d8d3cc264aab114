/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What metrics tell of the time since the start that nothing else keeps. Control thread only. */
#pragma once

#include <stdint.h>

struct metrics;

/* To be called at the start: what the kernel has counted until then is not ours. Returns owned, or
 * NULL (out of memory). */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* CLOCK_REALTIME of metrics_new, nanoseconds. */
uint64_t metrics_started_ns(const struct metrics *metrics);

/* Pieces of packets that this host has made since metrics_new, both families; SNMP_UNKNOWN where
 * the kernel does not tell. */
uint64_t metrics_fragments(struct metrics *metrics);
