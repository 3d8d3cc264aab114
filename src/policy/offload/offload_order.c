/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/offload/offload_order.h"

#include <stdlib.h>

/* The limits of an interface, bytes. */
struct span {
	const struct offload_link *link;
	uint16_t least, most;
};

static struct span span_of(const struct offload_link *link)
{
	struct span span = { link, link->mss, link->mss };

	for (enum offload_kind kind = OFFLOAD_HOSTS; kind < OFFLOAD_KINDS; kind++) {
		const struct offload_ranges *ranges = &link->ranges[kind];

		for (size_t i = 0; i < ranges->count; i++) {
			uint16_t mss = ranges->list[i].mss;

			span.least = mss < span.least ? mss : span.least;
			span.most = mss > span.most ? mss : span.most;
		}
	}
	return span;
}

static int compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->least != y->least)
		return x->least < y->least ? -1 : 1;
	if (x->most != y->most)
		return x->most < y->most ? -1 : 1;
	return (x->link > y->link) - (x->link < y->link); /* as in the plan */
}

struct offload_order offload_order_of(const struct offload_plan *plan, enum family family)
{
	struct offload_order order = { .exists = false };
	struct span spans[OFFLOAD_FEW] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct offload_link *link = &plan->links[i];

		if (link->family != family)
			continue;
		if (count++ == OFFLOAD_FEW)
			return order;
		if (link->why == OFFLOAD_KNOWN)
			spans[order.count++] = span_of(link);
	}
	qsort(spans, order.count, sizeof(spans[0]), compare_spans);
	for (size_t i = 0; i < order.count; i++) {
		if (i > 0 && spans[i - 1].most > spans[i].least)
			return order;
		order.links[i] = spans[i].link;
	}
	order.exists = order.count > 0;
	return order;
}

bool offload_order_equal(const struct offload_order *a, const struct offload_order *b)
{
	if (a->exists != b->exists || (a->exists && a->count != b->count))
		return false;
	for (size_t i = 0; a->exists && i < a->count; i++) {
		if (a->links[i]->ifindex != b->links[i]->ifindex)
			return false;
	}
	return true;
}
