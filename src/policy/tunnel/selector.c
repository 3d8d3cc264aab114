/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/tunnel/selector.h"

#include <errno.h>
#include <stdlib.h>

#include "core/wire.h"
#include "policy/prefix/lpm.h"

#define GROUP_NONE UINT32_MAX
#define RANK_NONE UINT64_MAX /* behind every policy */

/* An address as two numbers; IPv4 lies in low. */
struct words {
	uint64_t high, low;
};

struct policy {
	uint64_t rank; /* priority, then the place among the peers: the smallest wins */
	struct words local, local_mask;
	uint32_t mark, mark_mask;
	uint8_t protocol;
};

/* The policies of one remote prefix, in order of their rank. What wider prefixes have is not copied
 * but found by going outwards: ten thousand hosts under one wide prefix cost its policies once. */
struct group {
	uint64_t least; /* rank, of this group and all wider ones */
	uint32_t first, count; /* in policies */
	uint32_t wider; /* group of the next wider prefix, GROUP_NONE */
};

struct selector_table {
	struct lpm *lpm[FAMILY_COUNT]; /* values are places in groups */
	struct group *groups;
	struct policy *policies;
};

static struct words words_from(enum family family, const uint8_t *bytes)
{
	if (family == FAMILY_IPV4)
		return (struct words){ 0, wire_get32(bytes) };
	return (struct words){ wire_get64(bytes), wire_get64(bytes + 8) };
}

/* The leading bits of a 64-bit number. */
static uint64_t leading_ones(unsigned int bits)
{
	return bits == 0 ? 0 : UINT64_MAX << (64 - bits);
}

static struct words mask_of(const struct prefix *prefix)
{
	unsigned int length = prefix->length;

	if (prefix->address.family == FAMILY_IPV4)
		return (struct words){ 0, leading_ones(length) >> 32 };
	return (struct words){ leading_ones(length < 64 ? length : 64),
			       leading_ones(length < 64 ? 0 : length - 64) };
}

/* What is sorted: small enough that moving it costs little. */
struct draft {
	struct prefix remote;
	uint32_t priority, place;
};

static int compare_drafts(const void *a, const void *b)
{
	const struct draft *x = a, *y = b;
	int order = prefix_compare(&x->remote, &y->remote);

	if (order != 0)
		return order;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static bool can_match(const struct peer *peer)
{
	return peer->selector && peer->allowed_count > 0 &&
	       peer->allowed[0].address.family == peer->local.address.family;
}

static void draft_policies(const struct peer *const *peers, size_t count, struct draft *drafts)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (!can_match(peers[i]))
			continue;
		drafts[n++] = (struct draft){
			.remote = peers[i]->allowed[0],
			.priority = peers[i]->priority,
			.place = (uint32_t)i,
		};
	}
	qsort(drafts, n, sizeof(*drafts), compare_drafts);
}

static uint64_t rank_of(uint32_t priority, uint32_t place)
{
	return (uint64_t)priority << 32 | place;
}

static struct policy policy_from(const struct peer *peer, const struct draft *draft)
{
	return (struct policy){
		.rank = rank_of(draft->priority, draft->place),
		.local = words_from(peer->local.address.family, peer->local.address.bytes),
		.local_mask = mask_of(&peer->local),
		.mark = peer->mark_mask ? peer->mark_value : 0,
		.mark_mask = peer->mark_mask,
		.protocol = peer->protocol,
	};
}

/* Fills policies and groups from the sorted drafts, and an entry for each group. Returns their
 * number. */
static size_t make_groups(struct selector_table *table, const struct peer *const *peers,
			  const struct draft *drafts, size_t count, struct lpm_entry *entries)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct policy policy = policy_from(peers[drafts[i].place], &drafts[i]);

		if (i == 0 || prefix_compare(&drafts[i - 1].remote, &drafts[i].remote) != 0) {
			table->groups[n] = (struct group){
				.least = policy.rank,
				.first = (uint32_t)i,
				.wider = GROUP_NONE,
			};
			entries[n].prefix = drafts[i].remote;
			entries[n].value = (uint32_t)n;
			n++;
		}
		table->policies[i] = policy;
		table->groups[n - 1].count++;
	}
	return n;
}

static uint32_t inherit_group(void *userdata, uint32_t own, uint32_t wider)
{
	struct group *groups = userdata;

	if (wider == LPM_NONE)
		return own;
	groups[own].wider = wider;
	if (groups[wider].least < groups[own].least)
		groups[own].least = groups[wider].least;
	return own;
}

/* The entries of IPv4 come first, as prefixes are ordered. */
static int build_lpm(struct selector_table *table, struct lpm_entry *entries, size_t count)
{
	size_t ipv4 = 0;
	int r = 0;

	while (ipv4 < count && entries[ipv4].prefix.address.family == FAMILY_IPV4)
		ipv4++;
	if (ipv4 > 0)
		r = lpm_build(FAMILY_IPV4, entries, ipv4, inherit_group, table->groups,
			      &table->lpm[FAMILY_IPV4]);
	if (r == 0 && ipv4 < count)
		r = lpm_build(FAMILY_IPV6, entries + ipv4, count - ipv4, inherit_group,
			      table->groups, &table->lpm[FAMILY_IPV6]);
	return r;
}

static int build_table(const struct peer *const *peers, const struct draft *drafts, size_t count,
		       struct selector_table **ret_table)
{
	struct selector_table *table = calloc(1, sizeof(*table));
	struct lpm_entry *entries = calloc(count, sizeof(*entries));
	int r = -ENOMEM;

	if (!table || !entries)
		goto finish;
	table->groups = calloc(count, sizeof(*table->groups));
	table->policies = calloc(count, sizeof(*table->policies));
	if (!table->groups || !table->policies)
		goto finish;
	r = build_lpm(table, entries, make_groups(table, peers, drafts, count, entries));
finish:
	free(entries);
	if (r < 0)
		selector_table_free(table);
	else
		*ret_table = table;
	return r;
}

static size_t count_policies(const struct peer *const *peers, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += can_match(peers[i]);
	return n;
}

int selector_table_build(const struct peer *const *peers, size_t count,
			 struct selector_table **ret_table)
{
	size_t policies = count_policies(peers, count);
	struct draft *drafts;
	int r;

	if (policies == 0) {
		*ret_table = NULL;
		return 0;
	}
	drafts = calloc(policies, sizeof(*drafts));
	if (!drafts)
		return -ENOMEM;
	draft_policies(peers, count, drafts);
	r = build_table(peers, drafts, policies, ret_table);
	free(drafts);
	return r;
}

void selector_table_free(struct selector_table *table)
{
	if (!table)
		return;
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
		lpm_free(table->lpm[family]);
	free(table->groups);
	free(table->policies);
	free(table);
}

static bool policy_matches(const struct policy *policy, struct words local,
			   const struct selector_question *question)
{
	uint64_t other = ((local.high ^ policy->local.high) & policy->local_mask.high) |
			 ((local.low ^ policy->local.low) & policy->local_mask.low);

	return other == 0 && (question->mark & policy->mark_mask) == policy->mark &&
	       (policy->protocol == 0 || question->protocol == 0 ||
		policy->protocol == question->protocol);
}

/* The first policy of a group that matches, from that rank on and before best; else best. */
static uint64_t first_of_group(const struct selector_table *table, const struct group *group,
			       struct words local, const struct selector_question *question,
			       uint64_t from, uint64_t best)
{
	const struct policy *policy = &table->policies[group->first];

	for (uint32_t i = 0; i < group->count && policy[i].rank < best; i++) {
		if (policy[i].rank >= from && policy_matches(&policy[i], local, question))
			return policy[i].rank;
	}
	return best;
}

static uint32_t find_from(const struct selector_table *table,
			  const struct selector_question *question, uint64_t from)
{
	uint64_t best = RANK_NONE;
	struct words local;
	uint32_t at;

	if (!table || !table->lpm[question->family])
		return SELECTOR_NONE;
	local = words_from(question->family, question->local);
	at = lpm_lookup(table->lpm[question->family], question->remote);
	while (at != LPM_NONE && table->groups[at].least < best) {
		const struct group *group = &table->groups[at];

		best = first_of_group(table, group, local, question, from, best);
		at = group->wider;
	}
	return best == RANK_NONE ? SELECTOR_NONE : (uint32_t)best;
}

uint32_t selector_find(const struct selector_table *table, const struct selector_question *question)
{
	return find_from(table, question, 0);
}

uint32_t selector_find_next(const struct selector_table *table,
			    const struct selector_question *question, uint32_t place,
			    uint32_t priority)
{
	return find_from(table, question, rank_of(priority, place) + 1);
}
_Static_assert(GROUP_NONE == LPM_NONE, "the outermost group ends the search as no group does");
