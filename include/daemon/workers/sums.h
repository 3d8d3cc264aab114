/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all workers counted together. Control thread only: a tunnel's id is one that tunnels_note
 * gave, or TUNNEL_ID_NONE. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/workers/workers.h"

/* Packets that were read, and SYNs among them that had been there before (policy/again). */
uint64_t sums_received(const struct workers *workers);
uint64_t sums_retried(const struct workers *workers);

/* SYNs of one tunnel by family, by the side that decided and by result. */
struct tunnel_sum {
	uint64_t result[FAMILY_COUNT][SIDE_COUNT][SYN_RESULT_COUNT];
	uint64_t seen; /* all of them */
};

#define SUMS_NO_TUNNEL "_none" /* the name of what no tunnel decided */

/* "from_tunnel" where the in side decided, else "to_tunnel". */
const char *sums_direction_name(enum flow_side side);

struct tunnel_sum sums_read_tunnel(const struct workers *workers, uint32_t id);

/* Which MSS a histogram is of. */
enum mss_when { MSS_BEFORE, MSS_AFTER };

/* How many SYNs had an MSS from smallest to largest, bytes. Mostly they are one value. */
struct mss_row {
	uint32_t smallest, largest;
	uint64_t count;
};

#define MSS_ROWS_MAX (MSS_RANGES + SLOT_READERS_MAX * (MSS_BUCKETS - MSS_FIRST_VALUE))

struct mss_sum {
	struct mss_row row[MSS_ROWS_MAX]; /* ascending by largest; none is empty */
	size_t count;
	uint64_t syns;  /* of all rows */
	uint64_t bytes; /* the sum of their MSS */
};

void sums_read_mss(const struct workers *workers, uint32_t id, enum family family,
		   enum mss_when when, struct mss_sum *ret_sum);

/* The SYNs of all tunnels with an id of up to last_id, added to those of each MSS. */
void sums_add_all_mss(const struct workers *workers, uint32_t last_id, enum mss_when when,
		      uint64_t sums[MSS_MAX + 1]);
