/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which limits a snapshot may answer. */
#include <errno.h>
#include <stdlib.h>

#include "core/mss.h"
#include "policy/snapshot/snapshot_inside.h"

/* One bit for each MSS there is. */
struct limit_set {
	uint64_t bits[(MSS_MAX + 1) / 64];
	size_t count;
};

static void note(struct limit_set *set, uint32_t mss)
{
	uint64_t bit = UINT64_C(1) << mss % 64;

	if (mss == MSS_NONE || set->bits[mss / 64] & bit)
		return;
	set->bits[mss / 64] |= bit;
	set->count++;
}

static void note_table(struct limit_set *set, const struct side_table *table)
{
	note(set, table->base.mss);
	for (size_t i = 0; i < table->entry_count; i++)
		note(set, table->entries[i].mss);
}

static void note_all(struct limit_set *set, const struct snapshot *snapshot)
{
	const struct tunnel_set *tunnels = snapshot->tunnels;

	for (size_t i = 0; i <= snapshot->link_count; i++) {
		for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
			note_table(set, &snapshot->tables[i][family]);
	}
	for (size_t i = 0; i < snapshot->rules->count; i++) {
		for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
			note(set, snapshot->rule_mss[i][family]);
	}
	for (size_t i = 0; tunnels && i < tunnels->peer_count; i++)
		note(set, snapshot->peers.words[i].mss);
}

int snapshot_limits(const struct snapshot *snapshot, uint32_t **ret_limits, size_t *ret_count)
{
	struct limit_set set = { .count = 0 };
	uint32_t *limits;
	size_t count = 0;

	note_all(&set, snapshot);
	limits = malloc((set.count + 1) * sizeof(*limits));
	if (!limits)
		return -ENOMEM;
	for (uint32_t mss = 1; mss <= MSS_MAX; mss++) {
		if (set.bits[mss / 64] & UINT64_C(1) << mss % 64)
			limits[count++] = mss;
	}
	*ret_limits = limits;
	*ret_count = count;
	return 0;
}
