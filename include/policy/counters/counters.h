/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker counts. One worker writes, anyone reads. Nothing here is ever reset. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/clamp.h"
#include "core/mss.h"
#include "core/packet.h"
#include "policy/counters/counter.h"
#include "policy/counters/mss_buckets.h"
#include "policy/snapshot/snapshot.h"

/* Latency buckets: four to each doubling from 256 ns, so a bucket is at most 25 % wide; the last
 * one takes all above 4.3 s. */
#define LATENCY_BUCKETS 98
#define LATENCY_FIRST_NS 256

#define TUNNEL_CHUNK 64          /* tunnels a chunk of counters holds */
#define TUNNEL_CHUNKS_MAX 1024   /* 65,536 tunnels; the rest counts as TUNNEL_ID_NONE */

/* What far ends announce: the largest MSS among the last ANNOUNCED_WINDOW SYNs out of a tunnel, and
 * among as many before them. */
#define ANNOUNCED_WINDOW 256
struct announced {
	counter seen;    /* SYNs with an MSS that came out of it */
	counter largest; /* in this window, before anything was lowered: bytes */
	counter before;  /* in the one before, 0 without */
};

/* SYNs of one tunnel as one worker saw them. */
struct tunnel_counters {
	struct family_counters {
		counter result[SIDE_COUNT][SYN_RESULT_COUNT];
		struct announced announced;
		struct mss_counts before; /* by the MSS they arrived with */
		struct mss_counts after;  /* and left with */
	} family[FAMILY_COUNT];
};

struct tunnel_chunk {
	struct tunnel_counters tunnel[TUNNEL_CHUNK];
};

struct counters {
	_Alignas(128) counter result[FAMILY_COUNT][SYN_RESULT_COUNT]; /* SYN_NOT_IP stays 0 here */
	counter not_ip;
	counter received;       /* packets read from the queue */
	counter verdict_errors; /* verdicts the kernel refused (ENOENT: packet already dropped) */
	counter verdicts_refused; /* of these, those the kernel did not understand or permit */
	counter send_errors;    /* sends of a batch that failed as a whole */
	counter receive_errors; /* ENOBUFS and others from recvmmsg */
	counter malformed_messages;
	counter checks;         /* SYNs of a check (struct snapshot_check) that were answered */
	counter again;          /* SYNs that were there before (policy/again) */
	counter collisions;     /* packets that came with bits of the mark that are ours */
	counter id_gaps;        /* ids that never arrived: accepted by fail-open */
	counter last_id;        /* of the last packet, host order, 0 before the first */
	counter depth_peak;     /* most packets taken in one go or seen waiting */
	counter latency[LATENCY_BUCKETS];
	counter latency_max_ns;
	counter latency_sum_ns;
	/* Written by the control thread before a snapshot names a tunnel of that chunk; read by the
	 * worker under that snapshot: the release of the snapshot orders it. */
	struct tunnel_chunk *tunnel[TUNNEL_CHUNKS_MAX];
	struct mss_index mss_index; /* which bucket of its tunnels an MSS counts in */
	/* SYNs by the MSS they arrived with and left with, of all tunnels; only those whose value
	 * has no bucket of its own in mss_index. */
	counter shared_before[MSS_MAX + 1];
	counter shared_after[MSS_MAX + 1];
};

/* One zeroed block on its own cache lines; returns owned or NULL. Frees the chunks too. */
struct counters *counters_new(void);
void counters_free(struct counters *counters);

/* Control thread only: makes room for tunnel_id. Returns 0, -ENOMEM or -E2BIG. */
int counters_reserve_tunnel(struct counters *counters, uint32_t tunnel_id);

/* Worker only. limit may be NULL where no limit was looked up. */
void counters_count(struct counters *counters, enum family family,
		    const struct clamp_outcome *outcome, const struct limit *limit);
void counters_count_not_ip(struct counters *counters);
void counters_count_latency(struct counters *counters, uint64_t latency_ns);

/* Upper border of a latency bucket in nanoseconds. */
uint64_t latency_bucket_ns(size_t bucket);
