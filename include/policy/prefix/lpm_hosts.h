/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single addresses of a longest-prefix match, by hash. Only for policy/prefix/lpm.
 *
 * Where most prefixes are single addresses, as with peers, one slot that is not in the cache costs
 * less than the five or six steps of a search that aren't. Open addressing, at most two thirds
 * full. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/prefix/lpm.h"

/* An address as a number; IPv4 lies in low. */
struct lpm_key {
	uint64_t high, low;
};

/* A value of LPM_NONE: nobody is here. */
struct lpm_host4 {
	uint32_t key, value;
};
struct lpm_host6 {
	struct lpm_key key;
	uint32_t value;
};

struct lpm_hosts {
	enum family family;
	unsigned int shift; /* of a hash to its slot; 0: there are no hosts */
	size_t mask;
	union {
		struct lpm_host4 *v4;
		struct lpm_host6 *v6;
	} slots;
};

/* Room for count addresses. Returns 0, or -ENOMEM with nothing made. */
int lpm_hosts_init(struct lpm_hosts *hosts, enum family family, size_t count);
/* Zeroed is fine. */
void lpm_hosts_done(struct lpm_hosts *hosts);
/* An address that is not there yet, and its value, not LPM_NONE. */
void lpm_hosts_put(struct lpm_hosts *hosts, struct lpm_key key, uint32_t value);

static inline bool lpm_key_equal(struct lpm_key a, struct lpm_key b)
{
	return a.high == b.high && a.low == b.low;
}

static inline size_t lpm_hosts_slot_v4(const struct lpm_hosts *hosts, uint32_t key)
{
	return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> hosts->shift);
}

static inline size_t lpm_hosts_slot_v6(const struct lpm_hosts *hosts, struct lpm_key key)
{
	uint64_t mixed = (key.high ^ (key.high >> 32)) * UINT64_C(0xff51afd7ed558ccd) ^ key.low;

	return (size_t)((mixed * UINT64_C(0x9e3779b97f4a7c15)) >> hosts->shift);
}

/* The value, or LPM_NONE. */
static inline uint32_t lpm_hosts_find_v4(const struct lpm_hosts *hosts, uint32_t key)
{
	size_t at;

	if (!hosts->shift)
		return LPM_NONE;
	for (at = lpm_hosts_slot_v4(hosts, key); hosts->slots.v4[at].value != LPM_NONE;
	     at = (at + 1) & hosts->mask) {
		if (hosts->slots.v4[at].key == key)
			return hosts->slots.v4[at].value;
	}
	return LPM_NONE;
}

static inline uint32_t lpm_hosts_find_v6(const struct lpm_hosts *hosts, struct lpm_key key)
{
	size_t at;

	if (!hosts->shift)
		return LPM_NONE;
	for (at = lpm_hosts_slot_v6(hosts, key); hosts->slots.v6[at].value != LPM_NONE;
	     at = (at + 1) & hosts->mask) {
		if (lpm_key_equal(hosts->slots.v6[at].key, key))
			return hosts->slots.v6[at].value;
	}
	return LPM_NONE;
}
