/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/screen/field.h"
#include "ctl/screen/output.h"
#include "ctl/screen/peer_label.h"
#include "ctl/top/top.h"
#include "ctl/top/top_parts.h"

static const struct table_column columns[] = {
	{ "TUNNEL", false, 2 }, { "PEER", false, 0 },   { "ENDPOINT", false, 9 },
	{ "PATH", true, 4 },    { "SOURCE", false, 5 }, { "MSS4", true, 6 },
	{ "MSS6", true, 7 },    { "SYN/s", true, 0 },   { "CLAMP%", true, 1 },
	{ "MSS IN -> OUT", false, 3 }, { "LAST SEEN", true, 8 },
};

static void add_peer(const struct top *top, struct table *table, const json_t *peer,
		     const json_t *rate)
{
	double syn = field_real(rate, "syn_per_second", -1);
	double clamped = field_real(rate, "clamped_per_second", -1);
	char *label = peer_label(&top->ctl, peer);

	if (!top->tunnel)
		table_add_clean(table, field_string(peer, "tunnel", NULL), top->ctl.utf8);
	table_add(table, label ? label : "?");
	table_add_clean(table, field_string(peer, "endpoint", NULL), top->ctl.utf8);
	table_add(table, format_field_bytes(peer, "path_mtu_bytes").s);
	table_add_clean(table, field_string(peer, "path_source", NULL), top->ctl.utf8);
	table_add(table, format_field_bytes(peer, "mss4_bytes").s);
	table_add(table, format_field_bytes(peer, "mss6_bytes").s);
	table_add(table, format_rate(syn).s);
	table_add(table, top_percent(clamped, syn).s);
	top_add_mss(table, top, field_count(rate, "mss_before_bytes"),
		    field_count(rate, "mss_after_bytes"));
	table_add(table, format_json_age(json_object_get(peer, "handshake_age_seconds")).s);
	free(label);
}

/* The one tunnel stands above, so its column is left out. */
static void print_table(const struct top *top, FILE *out)
{
	const json_t *peers = json_object_get(top->peers, "peers");
	const json_t *rates = json_object_get(top->peers, "rates");
	size_t skip = top->tunnel ? 1 : 0;
	struct table table;

	table_init(&table, columns + skip, COUNT(columns) - skip);
	for (size_t i = 0; i < json_array_size(peers); i++)
		add_peer(top, &table, json_array_get(peers, i), json_array_get(rates, i));
	table_print(&table, out, top->ctl.width, output_paint(&top->ctl, PAINT_BOLD),
		    output_paint(&top->ctl, PAINT_END));
	table_done(&table);
}

/* Whether mssclampd knows of none, which is more than that none is on the screen. */
static bool has_none(const struct top *top)
{
	const json_t *total = json_object_get(top->peers, "peers_total");

	return json_is_integer(total) && json_integer_value(total) == 0;
}

/* "Peers of wg0: 1-18 of 500"; owned, NULL: out of memory. */
static char *make_range(const struct top *top)
{
	size_t count = json_array_size(json_object_get(top->peers, "peers"));
	char *name = format_clean(top->tunnel ? top->tunnel : "all tunnels", top->ctl.utf8, false);
	char *text;
	int r;

	if (has_none(top))
		r = asprintf(&text, "Peers of %s: none is known", name ? name : "?");
	else
		r = asprintf(&text, "Peers of %s: %zu-%zu of %s", name ? name : "?",
			     count ? top->first + 1 : 0, top->first + count,
			     format_count(field_count(top->peers, "peers_total")).s);
	free(name);
	return r < 0 ? NULL : text;
}

static void print_title(const struct top *top, FILE *out)
{
	double uncounted = field_real(top->peers, "uncounted_per_second", 0);
	bool ordered = top_sort_of_peers(top->sort);
	char *parts[3] = { make_range(top) };
	size_t count = 1;

	if (!has_none(top) &&
	    asprintf(&parts[count++], "%s%s", ordered ? top_sort_title(top->sort, top->reverse) :
		     "as found", !ordered && top->reverse ? ", last first" : "") < 0)
		parts[--count] = NULL;
	if (uncounted > 0 && asprintf(&parts[count++], "%s SYN/s not told apart",
				      format_rate(uncounted).s) < 0)
		parts[--count] = NULL;
	top_print_parts(top, out, parts, count);
	for (size_t i = 0; i < count; i++)
		free(parts[i]);
}

void top_print_peers(const struct top *top, FILE *out)
{
	print_title(top, out);
	for (size_t i = 0; top->tunnel && i < top->rows.count; i++) {
		if (top->rows.list[i].name && strcmp(top->rows.list[i].name, top->tunnel) == 0)
			top_print_rows(top, out, i, 1, false);
	}
	if (json_array_size(json_object_get(top->peers, "peers")))
		print_table(top, out);
}
