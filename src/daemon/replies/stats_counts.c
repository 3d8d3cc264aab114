/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/replies/stats_counts.h"

#include <stdlib.h>

#include "daemon/daemon.h"
#include "daemon/words/flow_text.h"

/* Values a histogram lists: only forged SYNs ever bring more. */
#define HISTOGRAM_ROWS_MAX 1000

void stats_totals_add(struct stats_totals *into, const uint64_t from[SYN_RESULT_COUNT])
{
	for (size_t i = 0; i < SYN_RESULT_COUNT; i++)
		into->result[i] += from[i];
}

void stats_totals_add_counters(struct stats_totals *into, const counter from[SYN_RESULT_COUNT])
{
	for (size_t i = 0; i < SYN_RESULT_COUNT; i++)
		into->result[i] += counter_read(&from[i]);
}

static uint64_t totals_seen(const struct stats_totals *totals)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < SYN_RESULT_COUNT; i++)
		seen += totals->result[i];
	return seen;
}

static bool is_left_alone(enum syn_result result)
{
	return result >= SYN_LEFT_ALONE_FIRST;
}

json_t *stats_counts_json(const struct stats_totals *totals)
{
	json_t *counts = json_object(), *reasons = json_object();
	uint64_t left_alone = 0;
	char key[40];

	for (enum syn_result i = 0; i < SYN_RESULT_COUNT; i++) {
		json_t *value = json_integer((json_int_t)totals->result[i]);

		if (is_left_alone(i)) {
			left_alone += totals->result[i];
			json_object_set_new(reasons, syn_result_name(i), value);
		} else {
			snprintf(key, sizeof(key), "%s_total", syn_result_name(i));
			json_object_set_new(counts, key, value);
		}
	}
	json_object_set_new(counts, "seen_total",
			    json_integer((json_int_t)totals_seen(totals)));
	json_object_set_new(counts, "left_alone_total", json_integer((json_int_t)left_alone));
	json_object_set_new(counts, "left_alone", reasons);
	return counts;
}

static int compare_rows_by_count(const void *a, const void *b)
{
	const struct mss_row *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->largest < y->largest ? 1 : -1;
}

static json_t *mss_rows_json(const struct daemon *daemon, uint32_t id, enum family family,
			     enum mss_when when)
{
	struct mss_sum sum;
	json_t *list = json_array();

	sums_read_mss(daemon->workers, id, family, when, &sum);
	if (sum.count > 1)
		qsort(sum.row, sum.count, sizeof(sum.row[0]), compare_rows_by_count);
	for (size_t i = 0; i < sum.count; i++)
		json_array_append_new(list, json_pack("{s:I, s:I, s:I}", "mss_bytes",
						      (json_int_t)sum.row[i].largest,
						      "mss_from_bytes",
						      (json_int_t)sum.row[i].smallest, "count",
						      (json_int_t)sum.row[i].count));
	return list;
}

/* Before and after by family; nothing is read where nothing was seen. */
static json_t *tunnel_mss_json(const struct daemon *daemon, uint32_t id, bool seen)
{
	json_t *families = json_object();

	for (enum family family = 0; family < FAMILY_COUNT; family++)
		json_object_set_new(
			families, flow_text_family(family),
			seen ? json_pack("{s:o, s:o}", "before",
					 mss_rows_json(daemon, id, family, MSS_BEFORE), "after",
					 mss_rows_json(daemon, id, family, MSS_AFTER)) :
			       json_pack("{s:[], s:[]}", "before", "after"));
	return families;
}

/* Its SYNs by family and direction: those that came. */
static json_t *directions_json(const struct tunnel_sum *sum)
{
	json_t *list = json_array();

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		for (enum flow_side side = 0; side < SIDE_COUNT; side++) {
			struct stats_totals totals = { 0 };
			json_t *counts;

			stats_totals_add(&totals, sum->result[family][side]);
			if (totals_seen(&totals) == 0)
				continue;
			counts = stats_counts_json(&totals);
			json_object_set_new(counts, "family",
					    json_string(flow_text_family(family)));
			json_object_set_new(counts, "direction",
					    json_string(sums_direction_name(side)));
			json_array_append_new(list, counts);
		}
	}
	return list;
}

static json_t *tunnel_json(const struct daemon *daemon, const char *name, uint32_t id,
			   const struct tunnel_sum *sum)
{
	struct stats_totals totals = { 0 };
	json_t *counts;

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		stats_totals_add(&totals, sum->result[family][SIDE_IN]);
		stats_totals_add(&totals, sum->result[family][SIDE_OUT]);
	}
	counts = stats_counts_json(&totals);
	json_object_set_new(counts, "name", json_string(name));
	json_object_set_new(counts, "directions", directions_json(sum));
	json_object_set_new(counts, "mss_histogram", tunnel_mss_json(daemon, id, sum->seen > 0));
	return counts;
}

json_t *stats_tunnels_json(const struct daemon *daemon)
{
	const struct tunnels *tunnels = model_tunnels(daemon->model);
	json_t *list = json_array();

	for (size_t i = 0; i < tunnels_count(tunnels); i++) {
		const struct tunnel *tunnel = tunnels_at(tunnels, i);
		struct tunnel_sum sum = sums_read_tunnel(daemon->workers, tunnel->id);

		if (tunnel->present || sum.seen > 0)
			json_array_append_new(list, tunnel_json(daemon, tunnel->name, tunnel->id,
								&sum));
	}
	return list;
}

json_t *stats_no_tunnel_json(const struct daemon *daemon)
{
	struct tunnel_sum sum = sums_read_tunnel(daemon->workers, TUNNEL_ID_NONE);

	return tunnel_json(daemon, SUMS_NO_TUNNEL, TUNNEL_ID_NONE, &sum);
}

json_t *stats_mss_json(const struct daemon *daemon, enum mss_when when)
{
	uint64_t *sums = calloc(MSS_MAX + 1, sizeof(*sums));
	struct mss_row *rows = calloc(MSS_MAX + 1, sizeof(*rows));
	json_t *list = json_array();
	size_t count = 0;

	if (sums && rows)
		sums_add_all_mss(daemon->workers,
				 (uint32_t)tunnels_count(model_tunnels(daemon->model)), when, sums);
	for (uint32_t mss = 0; sums && rows && mss <= MSS_MAX; mss++) {
		if (sums[mss])
			rows[count++] = (struct mss_row){ .largest = mss, .count = sums[mss] };
	}
	if (count > 1)
		qsort(rows, count, sizeof(*rows), compare_rows_by_count);
	for (size_t i = 0; i < count && i < HISTOGRAM_ROWS_MAX; i++)
		json_array_append_new(list, json_pack("{s:i, s:I}", "mss_bytes",
						      (int)rows[i].largest, "count",
						      (json_int_t)rows[i].count));
	if (!sums || !rows) { /* that there are none would be a guess */
		json_decref(list);
		list = NULL;
	}
	free(sums);
	free(rows);
	return list;
}
