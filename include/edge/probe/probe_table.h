/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The probes that an answer is awaited of. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "edge/probe/probe_msg.h"

/* All 0 is an empty one. */
struct probe_table {
	struct probe_awaited awaited[PROBE_OUTSTANDING_MAX];
	uint64_t order[PROBE_OUTSTANDING_MAX]; /* of sending, from 1 on; 0: the place is free */
	uint64_t last;
};

/* A number of that method that no probe in the table has: made of the random one, for UDP a port
 * from 33434 on. */
uint16_t probe_table_pick_number(const struct probe_table *table, bool udp, uint32_t random);

/* Into a free place, or that of the oldest. */
void probe_table_add(struct probe_table *table, const struct probe_awaited *probe);

/* Which probe a message is about. Who has seen the nonce ends the waiting; who names a number alone
 * may have guessed it: he is heard once, and the probe stays. Returns true with a copy of the probe
 * and the kind. */
bool probe_table_take(struct probe_table *table, const struct probe_message *message,
		      struct probe_awaited *ret_probe, enum probe_heard_kind *ret_kind);
