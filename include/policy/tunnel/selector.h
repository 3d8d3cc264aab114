/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPsec policies that no interface stands for, ready to be asked per packet: which one covers a
 * flow, seen from one side (remote behind the gateway, local before it). The kernel takes the
 * matching policy of the smallest priority, of equal ones the first (net/xfrm/xfrm_policy.c). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "policy/tunnel/peer.h"

#define SELECTOR_NONE UINT32_MAX

struct selector_table;

struct selector_question {
	enum family family;
	const uint8_t *remote, *local; /* 4 or 16 bytes */
	uint32_t mark;
	uint8_t protocol; /* IPPROTO_* of the inner packet; 0: unknown, any policy's will do */
};

/* Borrows the peers for the call. Those without `selector` are passed over, and so are policies
 * that no packet can match: no remote prefix, or two families. Returns 0 and the owned table (NULL
 * where there is no policy at all), or -ENOMEM. */
int selector_table_build(const struct peer *const *peers, size_t count,
			 struct selector_table **ret_table);
/* NULL is fine. */
void selector_table_free(struct selector_table *table);

/* The place of the policy that covers the packet, or SELECTOR_NONE; table may be NULL. A policy
 * that lets packets pass in the clear is an answer too. Any number of threads at once; no
 * allocation, no lock. Looks only at policies whose remote prefix covers the address. */
uint32_t selector_find(const struct selector_table *table,
		       const struct selector_question *question);
/* The same among those behind the policy of that place and priority. */
uint32_t selector_find_next(const struct selector_table *table,
			    const struct selector_question *question, uint32_t place,
			    uint32_t priority);
