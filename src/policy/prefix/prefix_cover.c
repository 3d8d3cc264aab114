/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/prefix/prefix_cover.h"

#include <errno.h>
#include <stdlib.h>

#include "base/search.h"

/* From that place outwards. In this order all that holds a prefix stands before it, and holds all
 * that stands between. */
static uint32_t climb(const struct prefix_cover *cover, uint32_t at, const struct prefix *prefix)
{
	while (at != COVER_NONE && !prefix_covers(&cover->list[at], prefix))
		at = cover->parents[at];
	return at;
}

int prefix_cover_init(struct prefix_cover *cover, const struct prefix *list, size_t count)
{
	struct prefix_cover made = { .list = list, .count = count };

	made.parents = calloc(count + 1, sizeof(*made.parents));
	if (!made.parents)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		made.parents[i] = climb(&made, i ? (uint32_t)i - 1 : COVER_NONE, &list[i]);
	*cover = made;
	return 0;
}

void prefix_cover_done(struct prefix_cover *cover)
{
	free(cover->parents);
	*cover = (struct prefix_cover){ 0 };
}

uint32_t prefix_cover_find(const struct prefix_cover *cover, const struct prefix *prefix)
{
	size_t low;

	SEARCH_FIRST(low, cover->count, i, prefix_compare(&cover->list[i], prefix) <= 0);
	return climb(cover, low ? (uint32_t)low - 1 : COVER_NONE, prefix);
}
