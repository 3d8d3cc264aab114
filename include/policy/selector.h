/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPsec policies that no interface stands for, ready to be asked per packet: which one covers a
 * flow, seen from one side (remote behind the gateway, local before it). The kernel takes the
 * matching policy of the smallest priority, of equal ones the first (net/xfrm/xfrm_policy.c). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "policy/peer.h"

#define SELECTOR_NONE UINT32_MAX

struct selector_table;

struct selector_question {
	enum family family;
	const uint8_t *remote, *local; /* 4 or 16 bytes */
	uint32_t mark;
	uint8_t protocol; /* IPPROTO_* of the inner packet */
};

/* Borrows the peers, which live as long as the table; those without `selector` are passed over.
 * Returns 0 and the owned table (NULL where there is no policy at all), or -ENOMEM. */
int selector_table_build(const struct peer *const *peers, size_t count,
			 struct selector_table **ret_table);
void selector_table_free(struct selector_table *table);

/* The place of the policy that covers the packet, or SELECTOR_NONE; table may be NULL. A policy
 * that lets packets pass in the clear is an answer too. No allocation, no lock. */
uint32_t selector_find(const struct selector_table *table,
		       const struct selector_question *question);
