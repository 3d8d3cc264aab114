/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/discovery/hints.h"

#include <errno.h>
#include <stdlib.h>

#include "base/search.h"

static int compare_hints(const void *a, const void *b)
{
	const struct path_hint *x = a, *y = b;
	int order = address_compare(&x->destination, &y->destination);

	if (order != 0)
		return order;
	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return (x->mtu > y->mtu) - (x->mtu < y->mtu);
}

/* Marks all of one destination. */
static void mark(const struct hint_list *hints, const struct address *destination, bool *wanted)
{
	size_t low;

	SEARCH_FIRST(low, hints->count, i,
		     address_compare(&hints->list[i].destination, destination) < 0);
	for (; low < hints->count && address_equal(&hints->list[low].destination, destination);
	     low++)
		wanted[low] = true;
}

static void mark_peers(const struct hint_list *hints, const struct peer_list *peers, bool *wanted)
{
	for (size_t i = 0; i < peers->count; i++) {
		if (peers->list[i].has_endpoint)
			mark(hints, &peers->list[i].way.destination, wanted);
	}
}

int hints_keep(struct hint_list *hints, struct peer_list *const *lists, size_t list_count,
	       const struct link_list *links)
{
	size_t kept = 0;
	bool *wanted;

	if (hints->count == 0)
		return 0;
	wanted = calloc(hints->count, sizeof(*wanted));
	if (!wanted)
		return -ENOMEM;
	qsort(hints->list, hints->count, sizeof(*hints->list), compare_hints);
	for (size_t i = 0; i < list_count; i++)
		mark_peers(hints, lists[i], wanted);
	for (size_t i = 0; i < links->count; i++) {
		if (links->list[i].has_remote)
			mark(hints, &links->list[i].remote, wanted);
	}
	for (size_t i = 0; i < hints->count; i++) {
		if (wanted[i])
			hints->list[kept++] = hints->list[i];
	}
	hints->count = kept;
	free(wanted);
	return 0;
}

bool hints_equal(const struct hint_list *a, const struct hint_list *b)
{
	for (size_t i = 0; a->count == b->count && i < a->count; i++) {
		if (compare_hints(&a->list[i], &b->list[i]) != 0)
			return false;
	}
	return a->count == b->count;
}
