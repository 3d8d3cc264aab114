/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/routes/route_mtu_index.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

#define IPV4_LEAST 68   /* RFC 791: every host takes it */
#define IPV6_LEAST 1280 /* RFC 8200 section 5: below that the tunnel has to cut */

/* Largest packet of the family inside, or 0 where that is no less than the link takes. */
static uint32_t need_of(const struct link *link, enum family family, uint32_t inner)
{
	uint32_t least = family == FAMILY_IPV4 ? IPV4_LEAST : IPV6_LEAST;

	if (inner == 0)
		return 0;
	if (inner < least)
		inner = least;
	return inner < link_mtu(link, family) ? inner : 0;
}

/* One prefix behind a link while they are collected. */
struct entry {
	size_t link;
	struct prefix prefix;
	uint32_t inner; /* bytes, 0 nobody knows */
	bool narrow;    /* a wider one's peer may take the packet as well */
};

struct entries {
	struct entry *list;
	size_t count, capacity;
};

static int add_entry(struct entries *entries, const struct entry *entry)
{
	return array_append(entries, entry);
}

static int add_everything(struct entries *entries, const struct tunnel_set *set, size_t link)
{
	const struct tunnel_limit *limit = &set->link_limits[link];
	int r = 0;

	if (!limit->inner_mtu || !link_tunnel_kind(&set->links[link]))
		return 0;
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT && r == 0; family++) {
		if (limit->carries[family])
			r = add_entry(entries, &(struct entry){
				.link = link,
				.prefix.address.family = family,
				.inner = limit->inner_mtu,
			});
	}
	return r;
}

static int add_peer(struct entries *entries, const struct tunnel_set *set, size_t place)
{
	const struct peer *peer = set->peers[place];
	const struct tunnel_limit *limit = &set->limits[place];
	struct entry entry = { .inner = limit->inner_mtu, .narrow = peer->narrow };
	int r = 0;

	if (peer->selector || !tunnel_set_find_link(set, peer->ifindex, &entry.link))
		return 0;
	for (size_t i = 0; i < peer->allowed_count && r == 0; i++) {
		entry.prefix = peer->allowed[i];
		if (limit->carries[entry.prefix.address.family])
			r = add_entry(entries, &entry);
	}
	return r;
}

/* By link and prefix, of equal ones the smallest limit first and the unknown ones last. */
static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	uint32_t first = x->inner - 1, second = y->inner - 1;
	int order;

	if (x->link != y->link)
		return x->link < y->link ? -1 : 1;
	order = prefix_compare(&x->prefix, &y->prefix);
	return order ? order : array_order(first, second);
}

static int collect(const struct tunnel_set *set, struct entries *entries)
{
	int r = 0;

	for (size_t i = 0; i < set->link_count && r == 0; i++)
		r = add_everything(entries, set, i);
	for (size_t i = 0; i < set->peer_count && r == 0; i++)
		r = add_peer(entries, set, i);
	if (r == 0 && entries->count > 0)
		qsort(entries->list, entries->count, sizeof(*entries->list), compare_entries);
	return r;
}

static void link_needs_done(struct link_needs *needs)
{
	prefix_cover_done(&needs->cover);
	free(needs->prefixes);
	free(needs->mtus);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* From what fits inside to what is needed. The link's own limit holds for all behind it, and a
 * narrow entry takes what those around it say. Returns whether there is any need. */
static bool conclude(const struct tunnel_set *set, struct link_needs *needs, const bool *narrow)
{
	const struct link *link = &set->links[needs->link];
	uint32_t own = link_tunnel_kind(link) ? set->link_limits[needs->link].inner_mtu : 0;
	bool any = false;

	for (size_t i = 0; i < needs->count; i++) {
		uint32_t around = needs->cover.parents[i];

		needs->mtus[i] = smaller(needs->mtus[i], own);
		if (narrow[i] && around != COVER_NONE)
			needs->mtus[i] = smaller(needs->mtus[i], needs->mtus[around]);
	}
	for (size_t i = 0; i < needs->count; i++) {
		enum family family = needs->prefixes[i].address.family;
		uint32_t around = needs->cover.parents[i];

		needs->mtus[i] = need_of(link, family, needs->mtus[i]);
		any |= needs->mtus[i] > 0;
		/* Inside of somebody else's prefix it has to be said that there is no need. */
		if (!needs->mtus[i] && around != COVER_NONE && needs->mtus[around])
			needs->mtus[i] = link_mtu(link, family);
	}
	return any;
}

/* Each prefix once, with its smallest limit. */
static void take_entries(struct link_needs *needs, const struct entry *entries, size_t count,
			 bool *narrow)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && prefix_compare(&entries[i - 1].prefix, &entries[i].prefix) == 0)
			continue;
		narrow[needs->count] = entries[i].narrow;
		needs->prefixes[needs->count] = entries[i].prefix;
		needs->mtus[needs->count++] = entries[i].inner;
	}
}

/* All entries of one link. Returns 1 and its needs, 0 without any, or -ENOMEM. */
static int make_link(const struct tunnel_set *set, const struct entry *entries, size_t count,
		     struct link_needs *ret_needs)
{
	struct link_needs needs = { .link = entries[0].link };
	struct prefix_cover cover = { 0 };
	bool *narrow = calloc(count, sizeof(*narrow));
	int r = -ENOMEM;

	needs.prefixes = calloc(count, sizeof(*needs.prefixes));
	needs.mtus = calloc(count, sizeof(*needs.mtus));
	if (narrow && needs.prefixes && needs.mtus) {
		take_entries(&needs, entries, count, narrow);
		r = prefix_cover_init(&cover, needs.prefixes, needs.count);
		needs.cover = cover;
	}
	if (r == 0)
		r = conclude(set, &needs, narrow);
	free(narrow);
	if (r > 0)
		*ret_needs = needs;
	else
		link_needs_done(&needs);
	return r;
}

static int reserve_link(struct needs *needs)
{
	void *list = needs->list;
	int r = array_reserve(&list, &needs->capacity, needs->count + 1, sizeof(*needs->list));

	needs->list = list;
	return r;
}

int needs_make(const struct tunnel_set *set, struct needs *ret_needs)
{
	struct entries entries = { 0 };
	struct needs needs = { 0 };
	int r = collect(set, &entries);

	for (size_t at = 0, end; at < entries.count && r >= 0; at = end) {
		for (end = at + 1; end < entries.count; end++) {
			if (entries.list[end].link != entries.list[at].link)
				break;
		}
		r = reserve_link(&needs);
		if (r == 0)
			r = make_link(set, entries.list + at, end - at, &needs.list[needs.count]);
		needs.count += r > 0;
	}
	free(entries.list);
	if (r < 0) {
		needs_done(&needs);
		return r;
	}
	*ret_needs = needs;
	return 0;
}

void needs_done(struct needs *needs)
{
	for (size_t i = 0; i < needs->count; i++)
		link_needs_done(&needs->list[i]);
	free(needs->list);
	*needs = (struct needs){ 0 };
}
