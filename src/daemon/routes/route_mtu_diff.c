/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/routes/route_mtu_diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mtu_route_compare(const struct mtu_route *a, const struct mtu_route *b)
{
	int order = prefix_compare(&a->prefix, &b->prefix);

	if (order != 0)
		return order;
	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	return (a->priority > b->priority) - (a->priority < b->priority);
}

static int compare(const void *a, const void *b)
{
	return mtu_route_compare(a, b);
}

void route_mtu_sort(struct mtu_route_list *routes)
{
	if (routes->count > 0)
		qsort(routes->list, routes->count, sizeof(*routes->list), compare);
}

/* Whether a route that is there is what is wanted, and where it works. */
static bool is_right(const struct mtu_route *there, const struct mtu_route *wanted,
		     const uint8_t *bytes)
{
	size_t len = (size_t)there->attributes_len + there->metrics_len;

	return there->ifindex == wanted->ifindex && there->mtu == wanted->mtu &&
	       there->locks == wanted->locks && there->type == wanted->type &&
	       there->scope == wanted->scope && there->onlink == wanted->onlink && there->whole &&
	       there->attributes_len == wanted->attributes_len &&
	       there->metrics_len == wanted->metrics_len && there->place < wanted->place &&
	       (len == 0 || memcmp(bytes + there->extra, bytes + wanted->extra, len) == 0);
}

static void add_change(struct route_mtu_changes *changes, const struct mtu_route *route, bool add)
{
	changes->list[changes->count++] = (struct route_mtu_change){ .route = route, .add = add };
}

/* The one that is wanted in its place, or NULL. */
static const struct mtu_route *find_wanted(const struct mtu_route_list *wanted,
					   const struct mtu_route *route)
{
	return wanted->count > 0 ? bsearch(route, wanted->list, wanted->count, sizeof(*route),
					   compare) : NULL;
}

/* Two of ours may be in one place, where IPv4 lets them: the second is too many. */
static void compare_all(const struct mtu_route_list *there, const struct mtu_route_list *wanted,
			bool *found, struct route_mtu_changes *changes)
{
	for (size_t i = 0; i < there->count; i++) {
		const struct mtu_route *route = &there->list[i], *place;

		if (route->protocol != ROUTE_MTU_PROTOCOL)
			continue;
		place = find_wanted(wanted, route);
		if (place && !found[place - wanted->list] &&
		    is_right(route, place, there->bytes))
			found[place - wanted->list] = true;
		else
			add_change(changes, route, false);
	}
	for (size_t i = 0; i < wanted->count; i++) {
		if (!found[i])
			add_change(changes, &wanted->list[i], true);
	}
}

int route_mtu_diff(const struct mtu_route_list *there, const struct mtu_route_list *wanted,
		   struct route_mtu_changes *ret_changes)
{
	bool *found = calloc(wanted->count + 1, sizeof(*found));
	struct route_mtu_changes changes = { 0 };

	changes.list = calloc(there->count + wanted->count + 1, sizeof(*changes.list));
	if (!found || !changes.list) {
		free(found);
		free(changes.list);
		return -ENOMEM;
	}
	compare_all(there, wanted, found, &changes);
	free(found);
	*ret_changes = changes;
	return 0;
}

void route_mtu_changes_done(struct route_mtu_changes *changes)
{
	free(changes->list);
	*changes = (struct route_mtu_changes){ 0 };
}
