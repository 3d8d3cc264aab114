/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a snapshot knows of the peers of tunnels: whose they are, what they come to, which rules
 * name them. Built once, then only read. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/snapshot/rule_index.h"
#include "policy/tunnel/tunnel_set.h"

struct peer_word {
	uint32_t mss;       /* of an IPsec policy; MSS_NONE: no limit, or it lets packets pass */
	uint32_t tunnel_id; /* what the caller counts it under */
	uint32_t by_id, by_name; /* first rule that names it so: places in rule_index.named */
	bool clear;         /* a policy that lets packets pass */
	bool narrow;        /* a policy that may leave the packet to the next one */
};

struct peer_table {
	const struct tunnel_set *set;     /* borrowed, may be NULL */
	const struct rule_index *rules;   /* borrowed */
	struct peer_word *words;          /* beside set->peers */
	uint64_t *by_link;                /* ifindex << 32 | place; in order, policies left out */
	size_t by_link_count;
};

/* Borrows set (may be NULL) and rules as long as the table lives, tunnel_ids (may be NULL) for the
 * call. Returns 0 or -ENOMEM. */
int peer_table_init(struct peer_table *table, const struct tunnel_set *set,
		    const uint32_t *tunnel_ids, const struct rule_index *rules);
/* A zeroed table is fine. */
void peer_table_done(struct peer_table *table);

/* The peers of a link; the place of one is the lower half of each number. */
const uint64_t *peer_table_of_link(const struct peer_table *table, uint32_t ifindex,
				   size_t *ret_count);

/* The largest packet of that family that the peer takes whole: bytes, 0 no limit from it. Where it
 * carries no such packet there is none to limit. */
uint32_t peer_table_mtu(const struct peer_table *table, uint32_t peer, enum family family);

/* The first rule by peer alone (and perhaps interface and family) that holds for this one and comes
 * before best; else best. */
static inline uint32_t peer_table_first_rule(const struct peer_table *table, uint32_t peer,
					     const char *interface, enum family family,
					     uint32_t best)
{
	const struct peer_word *word = &table->words[peer];

	best = rule_index_first_named(table->rules, word->by_id, interface, family, best);
	return rule_index_first_named(table->rules, word->by_name, interface, family, best);
}

/* How rules may name a peer; PEER_NONE has no names. */
struct rule_peer peer_table_names(const struct peer_table *table, uint32_t peer);
