/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot/snapshot_peers.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/search.h"
#include "core/mss.h"

/* Readers tell one link after the other, so most often nothing is out of order. */
static void sort_by_link(struct peer_table *table)
{
	for (size_t i = 1; i < table->by_link_count; i++) {
		if (table->by_link[i - 1] < table->by_link[i])
			continue;
		qsort(table->by_link, table->by_link_count, sizeof(*table->by_link),
		      array_compare_u64);
		return;
	}
}

static uint32_t policy_mss(const struct peer_table *table, uint32_t place)
{
	const struct peer *peer = table->set->peers[place];
	enum family family = peer->local.address.family;

	if (!peer->selector || peer->clear)
		return MSS_NONE;
	return mss_from_mtu(family, peer_table_mtu(table, place, family));
}

static void fill(struct peer_table *table, const uint32_t *tunnel_ids)
{
	for (uint32_t i = 0; i < table->set->peer_count; i++) {
		const struct peer *peer = table->set->peers[i];
		struct peer_word *word = &table->words[i];

		word->mss = policy_mss(table, i);
		word->clear = peer->selector && peer->clear;
		word->narrow = peer->selector && peer->narrow;
		word->tunnel_id = tunnel_ids ? tunnel_ids[i] : 0;
		word->by_id = word->by_name = RULE_NONE;
		if (table->rules->named_count > 0) {
			word->by_id = rule_index_find_named(table->rules, peer->id);
			word->by_name = rule_index_find_named(table->rules, peer->name);
		}
		if (!peer->selector)
			table->by_link[table->by_link_count++] = (uint64_t)peer->ifindex << 32 | i;
	}
}

int peer_table_init(struct peer_table *table, const struct tunnel_set *set,
		    const uint32_t *tunnel_ids, const struct rule_index *rules)
{
	struct peer_table made = { .set = set, .rules = rules };

	if (set && set->peer_count > 0) {
		made.words = calloc(set->peer_count, sizeof(*made.words));
		made.by_link = calloc(set->peer_count, sizeof(*made.by_link));
		if (!made.words || !made.by_link) {
			peer_table_done(&made);
			return -ENOMEM;
		}
		fill(&made, tunnel_ids);
		sort_by_link(&made);
	}
	*table = made;
	return 0;
}

void peer_table_done(struct peer_table *table)
{
	free(table->words);
	free(table->by_link);
}

const uint64_t *peer_table_of_link(const struct peer_table *table, uint32_t ifindex,
				   size_t *ret_count)
{
	size_t low, end;

	SEARCH_FIRST(low, table->by_link_count, i, table->by_link[i] >> 32 < ifindex);
	for (end = low; end < table->by_link_count && table->by_link[end] >> 32 == ifindex;)
		end++;
	*ret_count = end - low;
	return end > low ? &table->by_link[low] : NULL;
}

uint32_t peer_table_mtu(const struct peer_table *table, uint32_t peer, enum family family)
{
	const struct tunnel_limit *limit = &table->set->limits[peer];

	return limit->carries[family] ? limit->inner_mtu : 0;
}

struct rule_peer peer_table_names(const struct peer_table *table, uint32_t peer)
{
	if (peer == PEER_NONE)
		return (struct rule_peer){ 0 };
	return (struct rule_peer){ table->set->peers[peer]->id, table->set->peers[peer]->name };
}
