/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot/routes_around.h"

#include <errno.h>
#include <stdlib.h>

static int compare_routes(const void *a, const void *b)
{
	const struct route *const *x = a, *const *y = b;

	return prefix_compare(&(*x)->prefix, &(*y)->prefix);
}

static bool is_like_last(const struct routes_around *around, size_t place)
{
	return place > 0 && prefix_compare(&around->sorted[place - 1]->prefix,
					   &around->sorted[place]->prefix) == 0;
}

static uint32_t note_wider(void *userdata, uint32_t own, uint32_t wider)
{
	struct routes_around *around = userdata;

	around->wider[own] = wider;
	return own;
}

/* entries has room for all routes. */
static int build_family(struct routes_around *around, enum family family,
			struct lpm_entry *entries)
{
	size_t count = 0;

	for (size_t i = 0; i < around->count; i++) {
		const struct prefix *prefix = &around->sorted[i]->prefix;

		if (prefix->address.family == family && !is_like_last(around, i))
			entries[count++] = (struct lpm_entry){ *prefix, (uint32_t)i };
	}
	if (count == 0)
		return 0;
	return lpm_build(family, entries, count, note_wider, around, &around->lpm[family]);
}

int routes_around_init(struct routes_around *around, const struct route *routes, size_t count)
{
	struct routes_around made = {
		.sorted = calloc(count + 1, sizeof(const struct route *)),
		.count = count,
		.wider = calloc(count + 1, sizeof(*made.wider)),
	};
	struct lpm_entry *entries = calloc(count + 1, sizeof(*entries));
	int r = made.sorted && made.wider && entries ? 0 : -ENOMEM;

	if (r == 0) {
		for (size_t i = 0; i < count; i++) {
			made.sorted[i] = &routes[i];
			made.wider[i] = LPM_NONE;
		}
		qsort(made.sorted, count, sizeof(const struct route *), compare_routes);
	}
	for (enum family family = FAMILY_IPV4; r == 0 && family < FAMILY_COUNT; family++)
		r = build_family(&made, family, entries);
	free(entries);
	if (r < 0)
		routes_around_done(&made);
	else
		*around = made;
	return r;
}

void routes_around_done(struct routes_around *around)
{
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
		lpm_free(around->lpm[family]);
	free(around->wider);
	free(around->sorted);
}

const struct route *const *routes_around_find(const struct routes_around *around,
					      const struct prefix *prefix, size_t *ret_count)
{
	uint32_t place = lpm_lookup(around->lpm[prefix->address.family], prefix->address.bytes);
	size_t end;

	/* The longest around its first address may be inside of it. */
	while (place != LPM_NONE && around->sorted[place]->prefix.length > prefix->length)
		place = around->wider[place];
	if (place == LPM_NONE)
		return NULL;
	for (end = place + 1; end < around->count && is_like_last(around, end); end++)
		;
	*ret_count = end - place;
	return &around->sorted[place];
}
