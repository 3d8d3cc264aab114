/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot/route_groups.h"

#include <errno.h>
#include <stdlib.h>

#include "base/search.h"

static int compare_routes(const void *a, const void *b)
{
	const struct route *x = *(const struct route *const *)a;
	const struct route *y = *(const struct route *const *)b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return prefix_compare(&x->prefix, &y->prefix);
}

int route_groups_init(struct route_groups *groups, const struct route *routes, size_t count)
{
	groups->sorted = malloc((count + 1) * sizeof(const struct route *));
	if (!groups->sorted)
		return -ENOMEM;
	groups->count = count;
	for (size_t i = 0; i < count; i++)
		groups->sorted[i] = &routes[i];
	qsort(groups->sorted, count, sizeof(const struct route *), compare_routes);
	return 0;
}

void route_groups_done(struct route_groups *groups)
{
	free(groups->sorted);
}

size_t route_groups_first(const struct route_groups *groups, uint32_t ifindex)
{
	size_t low;

	SEARCH_FIRST(low, groups->count, i, groups->sorted[i]->ifindex < ifindex);
	return low;
}
