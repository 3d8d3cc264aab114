/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/stats_tunnels.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "core/mss.h"
#include "ctl/screen/access_line.h"
#include "ctl/screen/bars.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"
#include "ctl/screen/table.h"

#define TUNNELS_SHOWN 4    /* with bars: more would fill several screens */
#define HINT_PERCENT_MIN 1 /* of the SYNs of a family: what is rarer is somebody's whim */
#define HINT_INDENT 12     /* "65535 IPv4  " */

static const struct {
	const char *key, *title;
	enum family family;
} families[] = {
	{ "ipv4", "IPv4", FAMILY_IPV4 },
	{ "ipv6", "IPv6", FAMILY_IPV6 },
};

int stats_tunnels_keep(json_t *reply, const char *name)
{
	json_t *tunnels = json_object_get(reply, "tunnels");

	for (size_t i = json_array_size(tunnels); i-- > 0;) {
		if (!field_is(json_array_get(tunnels, i), "name", name))
			json_array_remove(tunnels, i);
	}
	return json_array_size(tunnels) ? 0 : -ENOENT;
}

/* Adds the counts in one object to those in another, and so on in what is in them. */
static int add_counts(json_t *sum, const json_t *counts)
{
	const char *key;
	json_t *value;
	int r = 0;

	json_object_foreach((json_t *)counts, key, value) {
		json_t *old = json_object_get(sum, key);

		if (json_is_object(value) && !old) {
			r |= json_object_set_new(sum, key, json_object());
			old = json_object_get(sum, key);
		}
		if (json_is_object(value))
			r |= add_counts(old, value);
		else if (json_is_integer(value))
			r |= json_object_set_new(sum, key, json_integer(json_integer_value(old) +
								json_integer_value(value)));
	}
	return r;
}

int stats_tunnels_narrow(json_t *reply)
{
	json_t *tunnel = json_array_get(json_object_get(reply, "tunnels"), 0);
	const json_t *directions = json_object_get(tunnel, "directions");
	int r = json_object_set(reply, "syn", tunnel);

	for (size_t f = 0; f < COUNT(families); f++) {
		json_t *sum = json_object();

		for (size_t i = 0; sum && i < json_array_size(directions); i++) {
			const json_t *direction = json_array_get(directions, i);

			if (field_is(direction, "family", families[f].key))
				r |= add_counts(sum, direction);
		}
		r |= json_object_set_new(reply, families[f].key, sum);
	}
	return r ? -ENOMEM : 0;
}

static void add_row(struct table *table, const json_t *tunnel)
{
	static const char *const keys[] = {
		"seen_total",     "clamped_total",    "already_small_total", "no_mss_total",
		"no_limit_total", "left_alone_total",
	};

	for (size_t k = 0; k < COUNT(keys); k++)
		table_add(table, format_json_count(json_object_get(tunnel, keys[k])).s);
}

#define COUNT_COLUMNS                                                                \
	{ "seen", true, 0 }, { "clamped", true, 0 }, { "already small", true, 1 },   \
	{ "no MSS option", true, 3 }, { "no limit", true, 2 }, { "left alone", true, 4 }

static int print_rows(const struct ctl *ctl, struct table *table)
{
	int r;

	putchar('\n');
	r = table_print(table, stdout, ctl->width, output_paint(ctl, PAINT_BOLD),
			output_paint(ctl, PAINT_END));
	table_done(table);
	return r;
}

int stats_tunnels_print_directions(const struct ctl *ctl, const json_t *reply)
{
	static const struct table_column columns[] = { { "Direction", false, 0 }, COUNT_COLUMNS };
	const json_t *tunnel = json_array_get(json_object_get(reply, "tunnels"), 0);
	const json_t *directions = json_object_get(tunnel, "directions");
	struct table table;

	if (!json_array_size(directions))
		return 0;
	table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < json_array_size(directions); i++) {
		const json_t *direction = json_array_get(directions, i);
		bool from = field_is(direction, "direction", "from_tunnel");
		bool ipv4 = field_is(direction, "family", families[0].key);
		char label[64];

		snprintf(label, sizeof(label), "%s %s", families[!ipv4].title,
			 from ? "from it" : "into it");
		table_add(&table, label);
		add_row(&table, direction);
	}
	return print_rows(ctl, &table);
}

static void add_tunnel(const struct ctl *ctl, struct table *table, const json_t *tunnel)
{
	table_add_clean(table, field_string(tunnel, "name", NULL), ctl->utf8);
	add_row(table, tunnel);
}

int stats_tunnels_print(const struct ctl *ctl, const json_t *reply)
{
	static const struct table_column columns[] = { { "Tunnel", false, 0 }, COUNT_COLUMNS };
	const json_t *tunnels = json_object_get(reply, "tunnels");
	const json_t *none = json_object_get(reply, "no_tunnel");
	struct table table;

	if (!json_array_size(tunnels))
		return 0;
	table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < json_array_size(tunnels); i++)
		add_tunnel(ctl, &table, json_array_get(tunnels, i));
	if (field_count(none, "seen_total"))
		add_tunnel(ctl, &table, none);
	return print_rows(ctl, &table);
}

static const json_t *mss_of(const json_t *tunnel, size_t family, const char *when)
{
	const json_t *histogram = json_object_get(tunnel, "mss_histogram");

	return json_object_get(json_object_get(histogram, families[family].key), when);
}

static void print_tunnel_mss(const struct ctl *ctl, const json_t *tunnel)
{
	for (size_t f = 0; f < COUNT(families); f++) {
		const json_t *before = mss_of(tunnel, f, "before");
		const json_t *after = mss_of(tunnel, f, "after");

		if (!json_array_size(before) && !json_array_size(after))
			continue;
		printf("\n%s", output_paint(ctl, PAINT_BOLD));
		output_text(ctl, field_string(tunnel, "name", "-"));
		printf(", %s%s\n", families[f].title, output_paint(ctl, PAINT_END));
		bars_print(ctl, before, after);
	}
}

/* The busiest tunnel but those that were shown; NULL where the rest saw nothing. */
static const json_t *find_busiest(const json_t *tunnels, const json_t *const *shown, size_t count)
{
	const json_t *busiest = NULL;

	for (size_t i = 0; i < json_array_size(tunnels); i++) {
		const json_t *tunnel = json_array_get(tunnels, i);
		uint64_t seen = field_count(tunnel, "seen_total");
		bool is_shown = false;

		for (size_t k = 0; k < count; k++)
			is_shown |= shown[k] == tunnel;
		if (!is_shown && seen > field_count(busiest, "seen_total"))
			busiest = tunnel;
	}
	return busiest;
}

/* How many SYNs of the family came with that MSS, of how many with any. */
struct share {
	uint64_t count, total;
};

static void add_share(const json_t *tunnel, size_t family, uint32_t mss, struct share *share)
{
	const json_t *rows = mss_of(tunnel, family, "before");

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		uint64_t count = field_count(row, "count");

		share->total += count;
		if (field_count(row, "mss_bytes") == mss &&
		    field_count(row, "mss_from_bytes") == mss)
			share->count += count;
	}
}

static struct share share_of(const json_t *reply, size_t family, uint32_t mss)
{
	const json_t *tunnels = json_object_get(reply, "tunnels");
	struct share share = { 0 };

	for (size_t i = 0; i < json_array_size(tunnels); i++)
		add_share(json_array_get(tunnels, i), family, mss, &share);
	return share;
}

static bool print_hint(const struct ctl *ctl, const json_t *reply, size_t family, size_t line,
		       bool first)
{
	uint32_t mss = mss_from_mtu(families[family].family, access_lines[line].mtu);
	struct share share = share_of(reply, family, mss);
	char text[160];

	if (!share.count || share.count * 100 < share.total * HINT_PERCENT_MIN)
		return first;
	if (first)
		puts("\nWhere such an MSS usually comes from (a hint; nothing was measured):");
	snprintf(text, sizeof(text), "MTU %u: %s [%s]", access_lines[line].mtu,
		 access_lines[line].what, access_lines[line].source);
	printf("%5u %s  ", mss, families[family].title);
	output_wrapped(ctl, HINT_INDENT, HINT_INDENT, text);
	return false;
}

void stats_tunnels_print_mss(const struct ctl *ctl, const json_t *reply)
{
	const json_t *tunnels = json_object_get(reply, "tunnels"), *shown[TUNNELS_SHOWN], *next;
	size_t count = 0;
	bool first = true;

	while (count < TUNNELS_SHOWN && (next = find_busiest(tunnels, shown, count)) != NULL) {
		print_tunnel_mss(ctl, next);
		shown[count++] = next;
	}
	if (find_busiest(tunnels, shown, count))
		puts("\nThe busiest tunnels are shown; --tunnel IF shows another.");
	for (size_t f = 0; f < COUNT(families); f++) {
		for (size_t line = 0; line < ACCESS_LINES; line++)
			first = print_hint(ctl, reply, f, line, first);
	}
}
