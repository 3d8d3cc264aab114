/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SYNs a second of each peer, while somebody asks for them: counted from what the workers tell
 * (policy/capture/tap), in turns of a second. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clamp.h"

#define PEER_RATES_MAX 65536 /* peers: at most some 10 MB */

struct peer_rates;

struct peer_rate {
	double syn, clamped; /* a second, in the last turn */
	uint32_t mss_before, mss_after; /* of its last SYN since counting began: bytes, 0 unknown */
};

/* Returns owned, or NULL (out of memory). Times are CLOCK_BOOTTIME; lost: as for
 * peer_rates_turn. */
struct peer_rates *peer_rates_new(uint64_t now_ns, uint64_t lost);
/* NULL is fine. */
void peer_rates_free(struct peer_rates *rates);

/* A SYN whose limit is that of this peer's side. Where there is no room for one more peer, or no
 * memory, it counts as one that was not told apart. */
void peer_rates_count(struct peer_rates *rates, const char *tunnel, const char *id,
		      const struct clamp_outcome *outcome);
/* Ends the turn where it is over; lost: SYNs that were never seen, a number that only grows. */
void peer_rates_turn(struct peer_rates *rates, uint64_t now_ns, uint64_t lost);

/* Returns false before the first turn is over: nobody knows. A peer that sent none has 0. */
bool peer_rates_find(const struct peer_rates *rates, const char *tunnel, const char *id,
		     struct peer_rate *ret_rate);
/* SYNs a second that were not told apart in the last turn; below 0 before it is over. */
double peer_rates_uncounted(const struct peer_rates *rates);
