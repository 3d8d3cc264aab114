/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/counters/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CACHE_PAIR 128 /* two lines: the adjacent-line prefetcher takes them together */

static void *new_zeroed(size_t size)
{
	size_t rounded = (size + CACHE_PAIR - 1) / CACHE_PAIR * CACHE_PAIR;
	void *block = aligned_alloc(CACHE_PAIR, rounded);

	if (block)
		memset(block, 0, rounded);
	return block;
}

struct counters *counters_new(void)
{
	struct counters *counters = new_zeroed(sizeof(struct counters));

	if (!counters)
		return NULL;
	mss_index_init(&counters->mss_index);
	if (counters_reserve_tunnel(counters, TUNNEL_ID_NONE) < 0) {
		free(counters);
		return NULL;
	}
	return counters;
}

void counters_free(struct counters *counters)
{
	if (!counters)
		return;
	for (size_t i = 0; i < TUNNEL_CHUNKS_MAX; i++) {
		if (counters->tunnel[i])
			munmap(counters->tunnel[i], sizeof(struct tunnel_chunk));
	}
	free(counters);
}

/* Pages of its own, which are there once a SYN of theirs came: of ten thousand tunnels most are
 * idle at a worker. */
static struct tunnel_chunk *new_chunk(void)
{
	void *chunk = mmap(NULL, sizeof(struct tunnel_chunk), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return chunk == MAP_FAILED ? NULL : chunk;
}

int counters_reserve_tunnel(struct counters *counters, uint32_t tunnel_id)
{
	size_t chunk = tunnel_id / TUNNEL_CHUNK;

	if (chunk >= TUNNEL_CHUNKS_MAX)
		return -E2BIG;
	if (!counters->tunnel[chunk])
		counters->tunnel[chunk] = new_chunk();
	return counters->tunnel[chunk] ? 0 : -ENOMEM;
}

static struct tunnel_counters *find_tunnel(struct counters *counters, uint32_t tunnel_id)
{
	return &counters->tunnel[tunnel_id / TUNNEL_CHUNK]->tunnel[tunnel_id % TUNNEL_CHUNK];
}

static void count_announced(struct announced *announced, uint32_t mss)
{
	if (counter_read(&announced->seen) % ANNOUNCED_WINDOW == 0) {
		counter_set(&announced->before, counter_read(&announced->largest));
		counter_set(&announced->largest, mss);
	} else if (mss > counter_read(&announced->largest)) {
		counter_set(&announced->largest, mss);
	}
	counter_add(&announced->seen, 1);
}

void counters_count(struct counters *counters, enum family family,
		    const struct clamp_outcome *outcome, const struct limit *limit)
{
	uint32_t tunnel_id = limit ? limit->tunnel_id : TUNNEL_ID_NONE;
	enum flow_side side = limit ? limit->decided : SIDE_OUT;
	struct family_counters *tunnel = &find_tunnel(counters, tunnel_id)->family[family];

	if (limit && limit->in_tunnel_id != TUNNEL_ID_NONE && outcome->has_mss)
		count_announced(
			&find_tunnel(counters, limit->in_tunnel_id)->family[family].announced,
			outcome->mss_before);

	counter_add(&counters->result[family][outcome->result], 1);
	counter_add(&tunnel->result[side][outcome->result], 1);
	if (outcome->has_mss)
		mss_counts_add(&tunnel->before, &counters->mss_index, counters->shared_before,
			       outcome->mss_before);
	if (outcome->mss_after || (outcome->has_mss && outcome->result != SYN_DROPPED))
		mss_counts_add(&tunnel->after, &counters->mss_index, counters->shared_after,
			       outcome->mss_after);
}

void counters_count_not_ip(struct counters *counters)
{
	counter_add(&counters->not_ip, 1);
}

/* Bucket b ends at 2^(8 + b/4) times 1, 1.25, 1.5, 1.75: the two bits below the leading one. */
static size_t latency_bucket(uint64_t latency_ns)
{
	unsigned int exponent;
	size_t bucket;

	if (latency_ns < LATENCY_FIRST_NS)
		return 0;
	exponent = 63u - (unsigned int)__builtin_clzll(latency_ns);
	bucket = 1 + (size_t)(exponent - 8) * 4 + (latency_ns >> (exponent - 2) & 3);
	return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

uint64_t latency_bucket_ns(size_t bucket)
{
	uint64_t base;

	if (bucket == 0)
		return LATENCY_FIRST_NS;
	base = (uint64_t)LATENCY_FIRST_NS << ((bucket - 1) / 4);
	return base + base / 4 * ((bucket - 1) % 4 + 1);
}

void counters_count_latency(struct counters *counters, uint64_t latency_ns)
{
	counter_add(&counters->latency[latency_bucket(latency_ns)], 1);
	counter_add(&counters->latency_sum_ns, latency_ns);
	if (latency_ns > counter_read(&counters->latency_max_ns))
		counter_set(&counters->latency_max_ns, latency_ns);
}
