/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/offload.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/array.h"
#include "policy/snapshot_inside.h"

#define NESTED_MAX 130 /* one prefix of each length, 0 to 128, and what is around all */

const char *offload_why_text(enum offload_why why)
{
	static const char *const texts[OFFLOAD_WHY_COUNT] = {
		[OFFLOAD_KNOWN] = "in the kernel's tables",
		[OFFLOAD_RULES] = "a rule asks for a mark, or for a peer and a prefix",
		[OFFLOAD_IPSEC] = "an IPsec policy covers every address",
		[OFFLOAD_LENGTHS] = "its prefixes have more than 16 lengths",
		[OFFLOAD_ENTRIES] = "more than 262144 prefixes in all",
	};

	return texts[why];
}

/* What holds inside a prefix, and in the longer ones that say nothing else. */
struct frame {
	struct prefix prefix;
	const struct side_entry *own, *any; /* of the interface's table, of that of all */
	uint16_t mss;
};

struct walk {
	const struct snapshot *snapshot;
	const struct side_table *own, *any;
	struct frame frames[NESTED_MAX];
	size_t depth;
	struct offload_link *link;
	size_t capacity, room; /* room: of what all links may have */
};

static uint16_t frame_mss(const struct walk *walk, const struct frame *frame)
{
	uint32_t rule = frame->own->rule < frame->any->rule ? frame->own->rule : frame->any->rule;
	uint32_t mss = rule == RULE_NONE ? frame->own->mss :
					   walk->snapshot->rule_mss[rule][walk->link->family];

	return mss == MSS_NONE ? OFFLOAD_UNLIMITED : (uint16_t)mss;
}

static int add_entry(struct walk *walk, const struct frame *frame)
{
	struct offload_link *link = walk->link;
	int r;

	if (link->count == walk->room) {
		link->why = OFFLOAD_ENTRIES;
		return 0;
	}
	r = array_reserve((void **)&link->entries, &walk->capacity, link->count + 1,
			  sizeof(*link->entries));
	if (r == 0)
		link->entries[link->count++] = (struct offload_entry){ frame->prefix, frame->mss };
	return r;
}

/* A prefix of either table; the one around it is the innermost frame that contains it. */
static int take_prefix(struct walk *walk, const struct lpm_entry *own, const struct lpm_entry *any)
{
	struct frame frame = { .prefix = own ? own->prefix : any->prefix };
	const struct frame *around;

	while (walk->depth > 1 &&
	       !prefix_contains(&walk->frames[walk->depth - 1].prefix, frame.prefix.address.bytes))
		walk->depth--;
	around = &walk->frames[walk->depth - 1];
	frame.own = own ? &walk->own->entries[own->value] : around->own;
	frame.any = any ? &walk->any->entries[any->value] : around->any;
	frame.mss = frame_mss(walk, &frame);
	walk->frames[walk->depth++] = frame;
	if (frame.prefix.length == 0)
		walk->link->mss = frame.mss;
	else if (frame.mss != around->mss)
		return add_entry(walk, &frame);
	return 0;
}

/* Both lists are in order; a prefix comes before those inside it. */
static int walk_prefixes(struct walk *walk)
{
	const struct lpm_entry *own = walk->own->prefixes, *any = walk->any->prefixes;
	const struct lpm_entry *own_end = own + walk->own->prefix_count;
	const struct lpm_entry *any_end = any + walk->any->prefix_count;
	int r = 0;

	while (r == 0 && walk->link->why == OFFLOAD_KNOWN && (own < own_end || any < any_end)) {
		int order = own == own_end ? 1 : any == any_end ? -1 :
			    prefix_compare(&own->prefix, &any->prefix);

		r = take_prefix(walk, order <= 0 ? own : NULL, order >= 0 ? any : NULL);
		own += order <= 0;
		any += order >= 0;
	}
	return r;
}

static int compare_longest_first(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;

	if (x->length != y->length)
		return x->length > y->length ? -1 : 1;
	return prefix_compare(x, y);
}
_Static_assert(offsetof(struct offload_entry, prefix) == 0, "an entry compares as its prefix");

static size_t count_lengths(const struct offload_link *link)
{
	size_t count = 0;

	for (size_t i = 0; i < link->count; i++)
		count += i == 0 ||
			 link->entries[i].prefix.length != link->entries[i - 1].prefix.length;
	return count;
}

static bool has_slow_rule(const struct snapshot *snapshot, size_t place, enum family family)
{
	const struct place_list *slow = &snapshot->rule_index.slow;
	const char *name = snapshot_link_name(snapshot, place);

	for (size_t i = 0; i < slow->count; i++) {
		const struct rule *rule = &snapshot->rules->list[slow->places[i]];

		if (rule_covers_interface(rule, name) &&
		    !(rule->has_family && rule->family != family))
			return true;
	}
	return false;
}

static bool covers_all(const struct offload_plan *plan, enum family family)
{
	size_t count = plan->queued_count[family];

	return count > 0 && plan->queued[family][count - 1].length == 0;
}

static void drop_entries(struct offload_link *link)
{
	free(link->entries);
	link->entries = NULL;
	link->count = 0;
}

static int plan_link(struct offload_plan *plan, const struct snapshot *snapshot, size_t place,
		     enum family family, size_t *room)
{
	struct offload_link *link = &plan->links[plan->count++];
	struct walk walk = {
		.snapshot = snapshot,
		.own = &snapshot->tables[place][family],
		.any = &snapshot->any[family],
		.link = link,
		.room = *room,
		.depth = 1,
	};
	int r;

	*link = (struct offload_link){ .ifindex = snapshot->links[place].link.ifindex,
				       .family = family };
	if (covers_all(plan, family))
		link->why = OFFLOAD_IPSEC;
	else if (has_slow_rule(snapshot, place, family))
		link->why = OFFLOAD_RULES;
	if (link->why != OFFLOAD_KNOWN)
		return 0;
	walk.frames[0] = (struct frame){ .own = &walk.own->base, .any = &walk.any->base };
	walk.frames[0].mss = link->mss = frame_mss(&walk, &walk.frames[0]);
	r = walk_prefixes(&walk);
	if (link->count > 0)
		qsort(link->entries, link->count, sizeof(*link->entries), compare_longest_first);
	if (count_lengths(link) > OFFLOAD_LENGTHS_MAX)
		link->why = OFFLOAD_LENGTHS;
	if (link->why != OFFLOAD_KNOWN)
		drop_entries(link);
	*room -= link->count;
	return r;
}

/* Whether the policy can put a limit on TCP. */
static bool limits_tcp(const struct peer *peer)
{
	return peer->selector && !peer->clear && peer->allowed_count > 0 &&
	       (peer->protocol == 0 || peer->protocol == IPPROTO_TCP);
}

static void drop_doubles(struct offload_plan *plan, enum family family)
{
	struct prefix *list = plan->queued[family];
	size_t kept = 0;

	for (size_t i = 0; i < plan->queued_count[family]; i++) {
		if (kept == 0 || compare_longest_first(&list[kept - 1], &list[i]) != 0)
			list[kept++] = list[i];
	}
	plan->queued_count[family] = kept;
}

static int plan_queued(struct offload_plan *plan, const struct tunnel_set *set)
{
	size_t most = set ? set->peer_count : 0;

	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		plan->queued[family] = calloc(most + 1, sizeof(struct prefix));
		if (!plan->queued[family])
			return -ENOMEM;
		for (size_t i = 0; i < most; i++) {
			const struct peer *peer = set->peers[i];

			if (limits_tcp(peer) && peer->allowed[0].address.family == family)
				plan->queued[family][plan->queued_count[family]++] =
					peer->allowed[0];
		}
		qsort(plan->queued[family], plan->queued_count[family], sizeof(struct prefix),
		      compare_longest_first);
		drop_doubles(plan, family);
	}
	return 0;
}

int offload_plan_build(const struct snapshot *snapshot, struct offload_plan **ret_plan)
{
	struct offload_plan *plan = calloc(1, sizeof(*plan));
	size_t room = OFFLOAD_ENTRIES_MAX;
	int r;

	if (!plan)
		return -ENOMEM;
	plan->links = calloc(snapshot->link_count * FAMILY_COUNT + 1, sizeof(*plan->links));
	r = plan->links ? plan_queued(plan, snapshot->tunnels) : -ENOMEM;
	for (size_t i = 0; i < snapshot->link_count && r == 0; i++) {
		for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT && r == 0; family++)
			r = plan_link(plan, snapshot, i, family, &room);
	}
	if (r < 0) {
		offload_plan_free(plan);
		return r;
	}
	*ret_plan = plan;
	return 0;
}

void offload_plan_free(struct offload_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->count; i++)
		free(plan->links[i].entries);
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
		free(plan->queued[family]);
	free(plan->links);
	free(plan);
}

static int compare_links(const void *a, const void *b)
{
	const struct offload_link *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return (x->family > y->family) - (x->family < y->family);
}

const struct offload_link *offload_plan_find(const struct offload_plan *plan, uint32_t ifindex,
					     enum family family)
{
	const struct offload_link wanted = { .ifindex = ifindex, .family = family };

	return bsearch(&wanted, plan->links, plan->count, sizeof(wanted), compare_links);
}

bool offload_plan_is_queued(const struct offload_plan *plan, enum family family,
			    const uint8_t *address)
{
	for (size_t i = 0; i < plan->queued_count[family]; i++) {
		if (prefix_contains(&plan->queued[family][i], address))
			return true;
	}
	return false;
}

uint16_t offload_link_mss(const struct offload_link *link, const uint8_t *address)
{
	for (size_t i = 0; i < link->count; i++) {
		if (prefix_contains(&link->entries[i].prefix, address))
			return link->entries[i].mss;
	}
	return link->mss;
}

int offload_entries_diff(const struct offload_link *from, const struct offload_link *to,
			 offload_change_fn change, void *userdata)
{
	const struct offload_entry *old = from->entries, *new = to->entries;
	const struct offload_entry *old_end = old + from->count, *new_end = new + to->count;
	int r = 0;

	while (r == 0 && (old < old_end || new < new_end)) {
		int order = old == old_end ? 1 : new == new_end ? -1 :
			    compare_longest_first(old, new);
		bool same = order == 0 && old->mss == new->mss;

		if (order <= 0 && !same)
			r = change(userdata, OFFLOAD_DELETE, old);
		if (r == 0 && order >= 0 && !same)
			r = change(userdata, OFFLOAD_ADD, new);
		old += order <= 0;
		new += order >= 0;
	}
	return r;
}
