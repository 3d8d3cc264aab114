/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/routes/route_mtu_plan.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "base/search.h"
#include "daemon/routes/route_mtu_diff.h"

#define MTU_LOCK (1u << RTAX_MTU)

/* Where the packets of one link's tunnels go. */
struct end {
	uint32_t ifindex;
	struct prefix host;
};

struct ends {
	struct end *list; /* by ifindex and prefix */
	size_t count;
	struct prefix *kept; /* room for as many */
};

/* One table and one link that it leads to. */
struct pair {
	const struct table_routes *table;
	const struct link_needs *needs;
	const struct link *link;
	uint32_t ifindex;
	struct prefix *kept; /* endpoints that the table leads elsewhere, as prefixes, sorted;
			      * borrowed */
	size_t kept_count;
	struct mtu_route_list *wanted;
};

static int compare_ends(const void *a, const void *b)
{
	const struct end *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return prefix_compare(&x->host, &y->host);
}

static int ends_make(const struct tunnel_set *set, struct ends *ret_ends)
{
	struct ends ends = {
		.list = calloc(set->peer_count + 1, sizeof(*ends.list)),
		.kept = calloc(set->peer_count + 1, sizeof(*ends.kept)),
	};

	if (!ends.list || !ends.kept) {
		free(ends.list);
		free(ends.kept);
		return -ENOMEM;
	}
	for (size_t i = 0; i < set->peer_count; i++) {
		const struct peer *peer = set->peers[i];
		const struct address *endpoint = &peer->way.destination;

		if (peer->has_endpoint)
			ends.list[ends.count++] = (struct end){
				peer->ifindex,
				prefix_make(endpoint, address_bits(endpoint->family)),
			};
	}
	qsort(ends.list, ends.count, sizeof(*ends.list), compare_ends);
	*ret_ends = ends;
	return 0;
}

static void ends_done(struct ends *ends)
{
	free(ends->list);
	free(ends->kept);
}

/* The first of that link, or where it would stand. */
static size_t find_end(const struct ends *ends, uint32_t ifindex)
{
	size_t low;

	SEARCH_FIRST(low, ends->count, i, ends->list[i].ifindex < ifindex);
	return low;
}

/* An endpoint of the tunnel that this table leads elsewhere is kept out of ours. */
static void find_kept(const struct ends *ends, struct pair *pair)
{
	pair->kept = ends->kept;
	pair->kept_count = 0;
	for (size_t i = find_end(ends, pair->ifindex);
	     i < ends->count && ends->list[i].ifindex == pair->ifindex; i++) {
		const struct prefix *host = &ends->list[i].host;
		uint32_t at = prefix_cover_find(&pair->table->cover, host);

		if (at != COVER_NONE && pair->table->routes[at]->ifindex != pair->ifindex)
			pair->kept[pair->kept_count++] = *host;
	}
}

static bool holds_kept(const struct pair *pair, const struct prefix *prefix)
{
	size_t low;

	SEARCH_FIRST(low, pair->kept_count, i, prefix_compare(&pair->kept[i], prefix) < 0);
	return low < pair->kept_count &&
	       pair->kept[low].address.family == prefix->address.family &&
	       prefix_contains(prefix, pair->kept[low].address.bytes);
}

/* 169.254.0.0/16 and fe80::/10 are of a link alone; every link has them. */
static bool is_local_or_multicast(const struct prefix *prefix)
{
	const uint8_t *bytes = prefix->address.bytes;

	if (prefix->address.family == FAMILY_IPV4)
		return (prefix->length >= 4 && bytes[0] >> 4 == 0xe) ||
		       (prefix->length >= 16 && bytes[0] == 169 && bytes[1] == 254);
	return (prefix->length >= 8 && bytes[0] == 0xff) ||
	       (prefix->length >= 10 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

/* Appends the route for the two halves of its prefix, but where somebody has a route for one: that
 * is for itself. */
static int append_halves(struct pair *pair, struct mtu_route *route)
{
	uint8_t length = route->prefix.length++;
	int r = 0;

	for (int half = 0; half < 2 && r == 0; half++) {
		uint32_t at = prefix_cover_find(&pair->table->cover, &route->prefix);

		if (at != COVER_NONE && pair->table->prefixes[at].length == length)
			r = mtu_route_list_append(pair->wanted, route);
		route->prefix.address.bytes[length / 8] |= (uint8_t)(0x80 >> length % 8);
	}
	return r;
}

/* Whether nothing of ours may stand in front of a route of one host or of everything: IPv6 has no
 * smaller metric, or the kernel would take ours for its own. */
static bool is_first(const struct mtu_route *route)
{
	return route->prefix.address.family == FAMILY_IPV6 &&
	       (route->priority <= 1 || route->protocol == RTPROT_KERNEL);
}

/* Makes it preferred to the route of the same prefix. */
static int append_in_front(struct pair *pair, const struct mtu_route *route,
			   struct mtu_route *ours)
{
	if (is_first(route))
		return 0;
	if (route->prefix.address.family == FAMILY_IPV6) {
		ours->priority = route->priority - 1;
	} else {
		ours->priority = route->priority;
		ours->place = route->place;
	}
	return mtu_route_list_append(pair->wanted, ours);
}

/* Wants one for a prefix that route leads as a whole. */
static int want(struct pair *pair, const struct mtu_route *route, const struct prefix *prefix,
		uint32_t mtu)
{
	bool six = prefix->address.family == FAMILY_IPV6;
	struct mtu_route ours = *route;

	if (route->type != RTN_UNICAST || !route->whole || (route->mtu && route->mtu <= mtu) ||
	    is_local_or_multicast(prefix) || holds_kept(pair, prefix))
		return 0;
	ours.prefix = *prefix;
	ours.protocol = ROUTE_MTU_PROTOCOL;
	ours.mtu = mtu;
	ours.locks |= six ? MTU_LOCK : 0;
	ours.priority = ROUTE_MTU_PRIORITY;
	ours.place = SIZE_MAX; /* nothing that it would have to be in front of */
	if (prefix->length > route->prefix.length)
		return mtu_route_list_append(pair->wanted, &ours);
	if (prefix->length > 0 && prefix->length < address_bits(prefix->address.family))
		return append_halves(pair, &ours);
	return append_in_front(pair, route, &ours);
}

/* Allowed prefixes that a wider route leads to the link. */
static int want_allowed(struct pair *pair)
{
	const struct link_needs *needs = pair->needs;
	int r = 0;

	for (size_t i = 0; i < needs->count && r == 0; i++) {
		uint32_t at;

		if (needs->mtus[i] == 0)
			continue;
		at = prefix_cover_find(&pair->table->cover, &needs->prefixes[i]);
		if (at != COVER_NONE && pair->table->routes[at]->ifindex == pair->ifindex &&
		    pair->table->prefixes[at].length < needs->prefixes[i].length)
			r = want(pair, pair->table->routes[at], &needs->prefixes[i],
				 needs->mtus[i]);
	}
	return r;
}

/* Routes to the link that are an allowed prefix, or lie inside of one. */
static int want_routes(struct pair *pair, size_t first)
{
	const struct table_routes *table = pair->table;
	int r = 0;

	for (size_t i = first; i < table->count && r == 0; i++) {
		const struct mtu_route *route = table->routes[table->by_link[i] & UINT32_MAX];
		uint32_t at, mtu;

		if (route->ifindex != pair->ifindex)
			break;
		at = prefix_cover_find(&pair->needs->cover, &route->prefix);
		mtu = at != COVER_NONE ? pair->needs->mtus[at] : 0;
		/* A route of its own is not under one of ours for a wider prefix. */
		if (mtu > 0 && mtu < link_mtu(pair->link, route->prefix.address.family))
			r = want(pair, route, &route->prefix, mtu);
	}
	return r;
}

static int plan_pair(const struct ends *ends, struct pair *pair)
{
	size_t first = table_find_link(pair->table, pair->ifindex);
	int r;

	if (first == pair->table->count)
		return 0;
	find_kept(ends, pair);
	r = want_allowed(pair);
	return r == 0 ? want_routes(pair, first) : r;
}

static int compare_wanted(const void *a, const void *b)
{
	const struct mtu_route *x = a, *y = b;
	int order = mtu_route_compare(x, y);

	return order ? order : (x->mtu > y->mtu) - (x->mtu < y->mtu);
}

/* A half may be somebody's prefix too: the smaller MTU is safe for both. */
static void sort_wanted(struct mtu_route_list *wanted)
{
	size_t kept = 0;

	if (wanted->count > 0)
		qsort(wanted->list, wanted->count, sizeof(*wanted->list), compare_wanted);
	for (size_t i = 0; i < wanted->count; i++) {
		if (kept == 0 || mtu_route_compare(&wanted->list[kept - 1], &wanted->list[i]) != 0)
			wanted->list[kept++] = wanted->list[i];
	}
	wanted->count = kept;
}

static int plan_all(const struct tunnel_set *set, const struct needs *needs,
		    const struct tables *tables, struct mtu_route_list *wanted)
{
	struct ends ends;
	int r = ends_make(set, &ends);

	if (r < 0)
		return r;
	for (size_t i = 0; i < needs->count && r == 0; i++) {
		struct pair pair = { .needs = &needs->list[i], .wanted = wanted };

		pair.link = &set->links[pair.needs->link];
		pair.ifindex = pair.link->ifindex;
		for (size_t k = 0; k < tables->count && r == 0; k++) {
			pair.table = &tables->list[k];
			r = plan_pair(&ends, &pair);
		}
	}
	ends_done(&ends);
	sort_wanted(wanted);
	return r;
}

int route_mtu_plan(const struct tunnel_set *set, const struct needs *needs,
		   const struct mtu_route_list *routes, struct mtu_route_list *ret_wanted)
{
	struct mtu_route_list wanted = { 0 };
	struct tables tables;
	int r = tables_make(routes, &tables);

	if (r < 0)
		return r;
	r = plan_all(set, needs, &tables, &wanted);
	tables_done(&tables);
	if (r < 0) {
		mtu_route_list_done(&wanted);
		return r;
	}
	*ret_wanted = wanted;
	return 0;
}
