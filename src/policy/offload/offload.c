/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/offload/offload.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "policy/snapshot/snapshot_inside.h"

#define NESTED_MAX 130 /* one prefix of each length, 0 to 128, and what is around all */

const char *offload_why_text(enum offload_why why)
{
	static const char *const texts[OFFLOAD_WHY_COUNT] = {
		[OFFLOAD_KNOWN] = "in the kernel's tables",
		[OFFLOAD_MARK] = "a rule asks for a mark",
		[OFFLOAD_PEER] = "a rule asks for a peer and a prefix",
		[OFFLOAD_IPSEC] = "an IPsec policy covers every address",
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
	const struct side_table *own, *any;
	struct frame frames[NESTED_MAX];
	size_t depth;
	struct offload_link *link;
	struct lpm_entry *wide; /* prefixes of more than one host; the value is the MSS */
	size_t wide_count, capacity;
	size_t room;            /* of what all links may have */
};

static int ranges_add(struct offload_ranges *ranges, const struct address *first,
		      const struct address *last, uint16_t mss)
{
	int r = array_reserve((void **)&ranges->list, &ranges->capacity, ranges->count + 1,
			      sizeof(*ranges->list));

	if (r == 0)
		ranges->list[ranges->count++] = (struct offload_range){ *first, *last, mss };
	return r;
}

static void ranges_done(struct offload_ranges *ranges)
{
	free(ranges->list);
	*ranges = (struct offload_ranges){ 0 };
}

static int take_range(void *userdata, const struct address *first, const struct address *last,
		      uint32_t value)
{
	return ranges_add(userdata, first, last, (uint16_t)value);
}

/* Sorts the prefixes in place; none stands twice. */
static int lay_flat(enum family family, struct lpm_entry *prefixes, size_t count,
		    struct offload_ranges *ranges)
{
	struct lpm *lpm;
	int r;

	if (count == 0)
		return 0;
	r = lpm_build_ranges(family, prefixes, count, &lpm);
	if (r < 0)
		return r;
	r = lpm_ranges(lpm, take_range, ranges);
	lpm_free(lpm);
	return r;
}

static uint16_t frame_mss(const struct frame *frame)
{
	uint32_t mss = side_entry_first(frame->own, frame->any)->mss;

	return mss == MSS_NONE ? OFFLOAD_UNLIMITED : (uint16_t)mss;
}

/* Ranges of single hosts come in order; wider prefixes are laid flat later. */
static int add_entry(struct walk *walk, const struct frame *frame)
{
	struct address address = frame->prefix.address;
	struct lpm_entry entry = { frame->prefix, frame->mss };
	int r;

	if (walk->room == 0) {
		walk->link->why = OFFLOAD_ENTRIES;
		return 0;
	}
	walk->room--;
	if (frame->prefix.length == address_bits(address.family))
		return ranges_add(&walk->link->ranges[OFFLOAD_HOSTS], &address, &address,
				  frame->mss);
	r = array_reserve((void **)&walk->wide, &walk->capacity, walk->wide_count + 1,
			  sizeof(*walk->wide));
	if (r == 0)
		walk->wide[walk->wide_count++] = entry;
	return r;
}

/* A prefix of either table; the one around it is the innermost frame that contains it. */
static int take_prefix(struct walk *walk, const struct lpm_entry *own, const struct lpm_entry *any)
{
	const struct lpm_entry *one = own ? own : any;
	struct frame frame = { 0 };
	const struct frame *around;

	assert(one);
	frame.prefix = one->prefix;
	while (walk->depth > 1 &&
	       !prefix_contains(&walk->frames[walk->depth - 1].prefix, frame.prefix.address.bytes))
		walk->depth--;
	around = &walk->frames[walk->depth - 1];
	frame.own = own ? &walk->own->entries[own->value] : around->own;
	frame.any = any ? &walk->any->entries[any->value] : around->any;
	frame.mss = frame_mss(&frame);
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

/* Whether a rule of the interface is in no table, and why. */
static enum offload_why find_slow_rule(const struct snapshot *snapshot, size_t place,
				       enum family family)
{
	const struct place_list *slow = &snapshot->rule_index.slow;
	const char *name = snapshot_link_name(snapshot, place);

	for (size_t i = 0; i < slow->count; i++) {
		const struct rule *rule = &snapshot->rules->list[slow->places[i]];

		if (rule_covers_interface(rule, name) &&
		    !(rule->has_family && rule->family != family))
			return rule->has_mark ? OFFLOAD_MARK : OFFLOAD_PEER;
	}
	return OFFLOAD_KNOWN;
}

/* Whether one range is all of the family. */
static bool covers_all(const struct offload_ranges *ranges)
{
	static const struct address none, all = { .bytes = { [0 ... ADDRESS_MAX - 1] = 0xff } };
	const struct offload_range *only = ranges->list;

	return ranges->count == 1 &&
	       memcmp(only->first.bytes, none.bytes, address_bytes(only->first.family)) == 0 &&
	       memcmp(only->last.bytes, all.bytes, address_bytes(only->first.family)) == 0;
}

static int plan_ranges(struct walk *walk)
{
	struct offload_link *link = walk->link;
	int r;

	walk->frames[0] = (struct frame){ .own = &walk->own->base, .any = &walk->any->base };
	walk->frames[0].mss = link->mss = frame_mss(&walk->frames[0]);
	r = walk_prefixes(walk);
	if (r == 0)
		r = lay_flat(link->family, walk->wide, walk->wide_count,
			     &link->ranges[OFFLOAD_NETS]);
	free(walk->wide);
	return r;
}

static int plan_link(struct offload_plan *plan, const struct snapshot *snapshot, size_t place,
		     enum family family, size_t *room)
{
	struct offload_link *link = &plan->links[plan->count++];
	struct walk walk = {
		.own = &snapshot->tables[place][family],
		.any = &snapshot->any[family],
		.link = link,
		.room = *room,
		.depth = 1,
	};
	int r;

	*link = (struct offload_link){ .ifindex = snapshot->links[place].link.ifindex,
				       .family = family };
	link->why = covers_all(&plan->queued[family]) ? OFFLOAD_IPSEC :
							find_slow_rule(snapshot, place, family);
	if (link->why != OFFLOAD_KNOWN)
		return 0;
	r = plan_ranges(&walk);
	if (link->why == OFFLOAD_KNOWN) {
		*room = walk.room;
		return r;
	}
	for (enum offload_kind kind = OFFLOAD_HOSTS; kind < OFFLOAD_KINDS; kind++)
		ranges_done(&link->ranges[kind]);
	return r;
}

/* Whether the policy can put a limit on TCP. */
static bool limits_tcp(const struct peer *peer, enum family family)
{
	return peer->selector && !peer->clear && peer->allowed_count > 0 &&
	       peer->allowed[0].address.family == family &&
	       (peer->protocol == 0 || peer->protocol == IPPROTO_TCP);
}

static size_t drop_doubles(struct lpm_entry *list, size_t count)
{
	size_t kept = 0;

	qsort(list, count, sizeof(*list), lpm_entry_compare);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || lpm_entry_compare(&list[kept - 1], &list[i]) != 0)
			list[kept++] = list[i];
	}
	return kept;
}

/* All of one value, so what lies inside another or beside it becomes one range. */
static int plan_queued(struct offload_plan *plan, const struct tunnel_set *set,
		       enum family family)
{
	size_t most = set ? set->peer_count : 0, count = 0;
	struct lpm_entry *list = calloc(most + 1, sizeof(*list));
	int r;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < most; i++) {
		if (limits_tcp(set->peers[i], family))
			list[count++].prefix = set->peers[i]->allowed[0];
	}
	count = drop_doubles(list, count);
	r = lay_flat(family, list, count, &plan->queued[family]);
	free(list);
	return r;
}

int offload_plan_build(const struct snapshot *snapshot, struct offload_plan **ret_plan)
{
	struct offload_plan *plan = calloc(1, sizeof(*plan));
	size_t room = OFFLOAD_ENTRIES_MAX;
	int r;

	if (!plan)
		return -ENOMEM;
	plan->links = calloc(snapshot->link_count * FAMILY_COUNT + 1, sizeof(*plan->links));
	r = plan->links ? 0 : -ENOMEM;
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT && r == 0; family++) {
		if (snapshot->mode.clamp.low_mss != LOW_MSS_PASS)
			plan->low_mss[family] = snapshot->mode.clamp.low_mss_below[family];
		r = plan_queued(plan, snapshot->tunnels, family);
	}
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
	for (size_t i = 0; i < plan->count; i++) {
		for (enum offload_kind kind = OFFLOAD_HOSTS; kind < OFFLOAD_KINDS; kind++)
			ranges_done(&plan->links[i].ranges[kind]);
	}
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
		ranges_done(&plan->queued[family]);
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

const struct offload_range *offload_ranges_find(const struct offload_ranges *ranges,
						const uint8_t *address)
{
	size_t low = 0, high = ranges->count, length;

	while (low < high) {
		const struct offload_range *range = &ranges->list[low + (high - low) / 2];

		length = address_bytes(range->first.family);
		if (memcmp(address, range->first.bytes, length) < 0)
			high = (size_t)(range - ranges->list);
		else if (memcmp(address, range->last.bytes, length) > 0)
			low = (size_t)(range - ranges->list) + 1;
		else
			return range;
	}
	return NULL;
}

static int compare_ranges(const struct offload_range *a, const struct offload_range *b)
{
	int order = address_compare(&a->first, &b->first);

	if (order == 0)
		order = address_compare(&a->last, &b->last);
	return order ? order : (a->mss > b->mss) - (a->mss < b->mss);
}

void offload_ranges_missing(const struct offload_ranges *from, const struct offload_ranges *to,
			    void (*take)(void *userdata, const struct offload_range *range),
			    void *userdata)
{
	size_t at = 0, count = to ? to->count : 0;

	for (size_t i = 0; from && i < from->count; i++) {
		while (at < count && compare_ranges(&to->list[at], &from->list[i]) < 0)
			at++;
		if (at == count || compare_ranges(&to->list[at], &from->list[i]) != 0)
			take(userdata, &from->list[i]);
	}
}
