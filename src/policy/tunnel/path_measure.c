/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/tunnel/path_measure.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/search.h"

static const char *const how_names[] = {
	[MEASURE_OUTSIDE] = "outside",
	[MEASURE_INSIDE] = "inside",
	[MEASURE_ICMP] = "icmp",
};

const char *measure_how_name(enum measure_how how)
{
	return how_names[how];
}

int measure_how_parse(const char *name, enum measure_how *ret_how)
{
	for (size_t i = 0; i < COUNT(how_names); i++) {
		if (strcmp(name, how_names[i]) == 0) {
			*ret_how = (enum measure_how)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int compare_key(const struct path_measure *measure, const char *tunnel, const char *peer)
{
	int order = strcmp(measure->tunnel, tunnel);

	return order ? order : strcmp(measure->peer, peer);
}

int path_measure_compare(const void *a, const void *b)
{
	const struct path_measure *right = b;

	return compare_key(a, right->tunnel, right->peer);
}

const struct path_measure *path_measure_find(const struct path_measure *sorted, size_t count,
					     const char *tunnel, const char *peer,
					     const struct address *endpoint)
{
	size_t low;

	SEARCH_FIRST(low, count, i, compare_key(&sorted[i], tunnel, peer) < 0);
	for (; low < count && compare_key(&sorted[low], tunnel, peer) == 0; low++) {
		if (address_equal(&sorted[low].endpoint, endpoint))
			return &sorted[low];
	}
	return NULL;
}
