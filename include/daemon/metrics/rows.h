/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of metrics: the text of GetMetrics and doc/metrics.md come from it. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/exposition.h"
#include "daemon/metrics/peer_labels.h"
#include "daemon/workers/queue_reading.h"
#include "policy/snapshot/slot.h"

struct daemon;

/* A peer, or all of a tunnel that have no label of their own: the smallest of each, 0 without. */
struct metrics_peer {
	const char *tunnel, *label; /* borrowed */
	uint64_t path_mtu, mss4, mss6; /* bytes */
};

/* What the rows are filled from, as of one moment. All borrowed. */
struct metrics_facts {
	const struct daemon *daemon;
	const json_t *status, *tunnels; /* replies */
	const struct metrics_peer *peers;
	size_t peer_count;
	const struct queue_reading *queues;
	size_t queue_count;
};

struct metrics_row {
	struct exposition_metric metric;
	const char *labels; /* "tunnel, family", "" without */
	/* Writes all its samples; none where it has nothing to tell. */
	void (*fill)(struct exposition *out, const struct metrics_facts *facts);
};

extern const struct metrics_row metrics_rows[];
extern const size_t metrics_row_count;

/* src/daemon/metrics/syns.c */
void metrics_fill_syns(struct exposition *out, const struct metrics_facts *facts);
void metrics_fill_left_alone(struct exposition *out, const struct metrics_facts *facts);
void metrics_fill_advertised(struct exposition *out, const struct metrics_facts *facts);
void metrics_fill_forwarded(struct exposition *out, const struct metrics_facts *facts);
void metrics_fill_latency(struct exposition *out, const struct metrics_facts *facts);

/* src/daemon/metrics/paths.c */
void metrics_fill_tunnel_path(struct exposition *out, const struct metrics_facts *facts);
void metrics_fill_peer_path(struct exposition *out, const struct metrics_facts *facts);
void metrics_fill_peer_mss(struct exposition *out, const struct metrics_facts *facts);
void metrics_fill_probe_runs(struct exposition *out, const struct metrics_facts *facts);
void metrics_fill_hints_rejected(struct exposition *out, const struct metrics_facts *facts);
