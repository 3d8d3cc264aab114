/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/top/top_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/screen/field.h"

static const char *const sort_names[] = {
	[TOP_BY_SYN] = "syn",   [TOP_BY_CLAMPED] = "clamped", [TOP_BY_NAME] = "name",
	[TOP_BY_PATH] = "path", [TOP_BY_MSS] = "mss",         [TOP_BY_PEERS] = "peers",
};

static const char *const sort_titles[][2] = { /* as it is, reversed */
	[TOP_BY_SYN] = { "most SYN/s first", "fewest SYN/s first" },
	[TOP_BY_CLAMPED] = { "most clamped first", "fewest clamped first" },
	[TOP_BY_NAME] = { "by name", "by name, last first" },
	[TOP_BY_PATH] = { "smallest PATH first", "largest PATH first" },
	[TOP_BY_MSS] = { "smallest MSS4 first", "largest MSS4 first" },
	[TOP_BY_PEERS] = { "most peers first", "fewest peers first" },
};

const char *top_sort_title(enum top_sort sort, bool reverse)
{
	return sort_titles[sort][reverse];
}

const char *top_sort_of_peers(enum top_sort sort)
{
	return sort == TOP_BY_MSS || sort == TOP_BY_PEERS ? NULL : sort_names[sort];
}

enum top_sort top_sort_next(enum top_sort sort, bool peers)
{
	do {
		sort = (enum top_sort)((sort + 1) % TOP_SORTS);
	} while (peers && !top_sort_of_peers(sort));
	return sort;
}

int top_sort_parse(const char *word, enum top_sort *ret_sort)
{
	for (enum top_sort sort = 0; sort < TOP_SORTS; sort++) {
		if (strcmp(word, sort_names[sort]) == 0) {
			*ret_sort = sort;
			return 0;
		}
	}
	return -EINVAL;
}

void top_look_done(struct top_look *look)
{
	json_decref(look->stats);
	json_decref(look->tunnels);
	*look = (struct top_look){ 0 };
}

/* Both looks at the counters of one thing, and the time between them. */
struct between {
	const json_t *before, *now;
	double seconds;
};

/* How many a second; below 0 where that is unknown, as after a restart. */
static double rate_of(const struct between *between, const char *key)
{
	uint64_t now = field_count(between->now, key);
	uint64_t before = field_count(between->before, key);

	if (between->seconds <= 0 || now < before)
		return -1;
	return (double)(now - before) / between->seconds;
}

static double clamped_rate(const struct between *between)
{
	double clamped = rate_of(between, "clamped_total");
	double inserted = rate_of(between, "inserted_total");
	double raised = rate_of(between, "raised_total");

	return clamped < 0 || inserted < 0 || raised < 0 ? -1 : clamped + inserted + raised;
}

static uint64_t count_at(const json_t *histogram, uint64_t mss)
{
	for (size_t i = 0; i < json_array_size(histogram); i++) {
		const json_t *row = json_array_get(histogram, i);

		if (field_count(row, "mss_bytes") == mss)
			return field_count(row, "count");
	}
	return 0;
}

/* The value that came most often since the look before; *ret_most is how often. */
static uint64_t most_frequent(const json_t *now, const json_t *before, uint64_t *ret_most)
{
	uint64_t found = 0;

	*ret_most = 0;
	for (size_t i = 0; i < json_array_size(now); i++) {
		const json_t *row = json_array_get(now, i);
		uint64_t mss = field_count(row, "mss_bytes"), count = field_count(row, "count");
		uint64_t old = count_at(before, mss);

		if (count >= old && count - old > *ret_most) {
			*ret_most = count - old;
			found = mss;
		}
	}
	return found;
}

static const json_t *side_of(const json_t *counts, const char *family, const char *side)
{
	return json_object_get(json_object_get(json_object_get(counts, "mss_histogram"), family),
			       side);
}

/* In and out of the family that came more often, so that the two belong together. */
static void find_mss(const struct between *between, const json_t *before, struct top_row *row)
{
	static const char *const families[] = { "ipv4", "ipv6" };
	uint64_t best = 0, most, ignored;

	for (size_t i = 0; i < 2; i++) {
		uint64_t mss = most_frequent(side_of(between->now, families[i], "before"),
					     side_of(before, families[i], "before"), &most);

		if (most <= best)
			continue;
		best = most;
		row->mss_in = mss;
		row->mss_out = most_frequent(side_of(between->now, families[i], "after"),
					     side_of(before, families[i], "after"), &ignored);
	}
}

static void fill_row(struct top_row *row, const struct between *between)
{
	row->syn = rate_of(between, "seen_total");
	row->clamped = clamped_rate(between);
	find_mss(between, between->before, row);
	if (!row->mss_in) /* none since then */
		find_mss(between, NULL, row);
}

/* The rows of a list by their names, for many look-ups. Owned, or NULL. */
static json_t *index_names(const json_t *list)
{
	json_t *index = json_object();

	for (size_t i = 0; index && i < json_array_size(list); i++) {
		json_t *row = json_array_get(list, i);
		const char *name = field_string(row, "name", NULL);

		if (name)
			json_object_set(index, name, row);
	}
	return index;
}

static const json_t *tunnels_of(const struct top_look *look, bool stats)
{
	return json_object_get(stats ? look->stats : look->tunnels, "tunnels");
}

static double number_of(const struct top_row *row, enum top_sort sort)
{
	switch (sort) {
	case TOP_BY_SYN:
		return row->syn;
	case TOP_BY_CLAMPED:
		return row->clamped;
	case TOP_BY_PATH:
		return field_real(row->tunnel, "outer_path_mtu_bytes", -1);
	case TOP_BY_MSS:
		return field_real(row->tunnel, "mss4_bytes", -1);
	case TOP_BY_PEERS:
		return field_real(row->tunnel, "peers", -1);
	case TOP_BY_NAME:
	case TOP_SORTS:
		break;
	}
	return 0;
}

struct order {
	enum top_sort sort;
	bool reverse;
};

/* What is largest first; a path and an MSS are worth a look where they are small. Names break ties,
 * and what is of no tunnel stands last. */
static int compare_rows(const void *a, const void *b, void *userdata)
{
	const struct top_row *x = a, *y = b;
	const struct order *order = userdata;
	double left = number_of(x, order->sort), right = number_of(y, order->sort);
	int r = (left < right) - (left > right);

	if (!x->name || !y->name)
		return !x->name - !y->name;
	if (order->sort == TOP_BY_PATH || order->sort == TOP_BY_MSS)
		r = left < 0 || right < 0 ? r : -r;
	if (r == 0)
		r = strcmp(x->name, y->name);
	return order->reverse ? -r : r;
}

/* A row for each tunnel there is, and for what no tunnel decided about. */
static void fill_rows(const struct top_look *before, const struct top_look *now,
		      const json_t *counts, const json_t *old_counts, double seconds,
		      struct top_rows *rows)
{
	const json_t *tunnels = tunnels_of(now, false);
	const struct between rest = { json_object_get(before->stats, "no_tunnel"),
				      json_object_get(now->stats, "no_tunnel"), seconds };

	for (size_t i = 0; i < json_array_size(tunnels); i++) {
		const json_t *tunnel = json_array_get(tunnels, i);
		struct top_row *row = &rows->list[rows->count];
		const char *name = field_string(tunnel, "name", NULL);

		if (!name)
			continue;
		*row = (struct top_row){ .name = name, .tunnel = tunnel };
		fill_row(row, &(struct between){ json_object_get(old_counts, name),
						 json_object_get(counts, name), seconds });
		rows->count++;
	}
	if (field_count(rest.now, "seen_total"))
		fill_row(&rows->list[rows->count++], &rest);
}

int top_rows_make(const struct top_look *before, const struct top_look *now, enum top_sort sort,
		  bool reverse, struct top_rows *ret_rows)
{
	struct order order = { sort, reverse };
	double seconds = before->stats && now->at_ns > before->at_ns ?
				 clock_seconds(now->at_ns - before->at_ns) : -1;
	const struct between all = { json_object_get(before->stats, "syn"),
				     json_object_get(now->stats, "syn"), seconds };
	json_t *counts = index_names(tunnels_of(now, true));
	json_t *old_counts = index_names(tunnels_of(before, true));
	struct top_rows rows = { .syn = rate_of(&all, "seen_total"),
				 .clamped = clamped_rate(&all) };

	rows.list = calloc(json_array_size(tunnels_of(now, false)) + 1, sizeof(*rows.list));
	if (rows.list && counts && old_counts)
		fill_rows(before, now, counts, old_counts, seconds, &rows);
	json_decref(counts);
	json_decref(old_counts);
	if (!rows.list)
		return -ENOMEM;
	qsort_r(rows.list, rows.count, sizeof(*rows.list), compare_rows, &order);
	*ret_rows = rows;
	return 0;
}

void top_rows_done(struct top_rows *rows)
{
	free(rows->list);
	*rows = (struct top_rows){ 0 };
}
