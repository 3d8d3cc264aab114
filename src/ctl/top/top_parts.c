/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/top/top_parts.h"

#include <stdlib.h>

#include "base/array.h"
#include "ctl/screen/field.h"
#include "ctl/screen/output.h"

#define BAR_WIDTH 5
#define NAME_COLUMNS 20

static const struct table_column columns[] = {
	{ "TUNNEL", false, 0 }, { "KIND", false, 8 },  { "PEERS", true, 7 },
	{ "PATH", true, 3 },    { "SOURCE", false, 4 }, { "MSS4", true, 5 },
	{ "MSS6", true, 6 },    { "SYN/s", true, 0 },  { "CLAMP%", true, 1 },
	{ "MSS IN -> OUT", false, 2 },
};

void top_print_parts(const struct top *top, FILE *out, char *const *parts, size_t count)
{
	unsigned int used = 0, width = top->ctl.width;

	for (size_t i = 0; i < count && parts[i]; i++) {
		unsigned int gap = used ? 2 : 0, more = format_columns(parts[i]);

		if (used && used + gap + more > width)
			break;
		fprintf(out, "%*s%s", (int)gap, "", parts[i]);
		used += gap + more;
	}
	fputc('\n', out);
}

struct format_text top_percent(double part, double whole)
{
	struct format_text text = { "-" };

	if (part >= 0 && whole > 0)
		snprintf(text.s, sizeof(text.s), "%.0f%%", 100 * part / whole);
	return text;
}

void top_add_mss(struct table *table, const struct top *top, uint64_t mss_in, uint64_t mss_out)
{
	char bar[4 * BAR_WIDTH + 1], text[4 * BAR_WIDTH + 64];

	if (!mss_in) {
		table_add(table, NULL);
		return;
	}
	format_bar(bar, BAR_WIDTH, mss_out < mss_in ? mss_out : mss_in, mss_in, top->ctl.utf8);
	snprintf(text, sizeof(text), "%4llu -> %4llu |%s|", (unsigned long long)mss_in,
		 (unsigned long long)mss_out, bar);
	table_add(table, text);
}

static void add_name(struct table *table, const struct top *top, const struct top_row *row,
		     const char *mark)
{
	char *clean = format_clean(row->name ? row->name : "_none", top->ctl.utf8, false);
	char *text;

	if (clean)
		format_shorten(clean, NAME_COLUMNS);
	if (asprintf(&text, "%s%s", mark, clean ? clean : "?") < 0)
		text = NULL;
	table_add(table, text);
	free(text);
	free(clean);
}

static void add_row(struct table *table, const struct top *top, const struct top_row *row,
		    const char *mark)
{
	const json_t *tunnel = row->tunnel;

	add_name(table, top, row, mark);
	table_add_clean(table, field_string(tunnel, "kind", NULL), top->ctl.utf8);
	table_add(table, format_json_count(json_object_get(tunnel, "peers")).s);
	table_add(table, format_field_bytes(tunnel, "outer_path_mtu_bytes").s);
	table_add_clean(table, field_string(tunnel, "source", NULL), top->ctl.utf8);
	table_add(table, format_field_bytes(tunnel, "mss4_bytes").s);
	table_add(table, format_field_bytes(tunnel, "mss6_bytes").s);
	table_add(table, format_rate(row->syn).s);
	table_add(table, top_percent(row->clamped, row->syn).s);
	top_add_mss(table, top, row->mss_in, row->mss_out);
}

void top_print_rows(const struct top *top, FILE *out, size_t first, size_t count, bool marked)
{
	struct table table;

	table_init(&table, columns, COUNT(columns));
	for (size_t i = first; i < top->rows.count && i - first < count; i++)
		add_row(&table, top, &top->rows.list[i],
			!marked ? "" : i == top->selected ? "> " : "  ");
	table_print(&table, out, top->ctl.width, output_paint(&top->ctl, PAINT_BOLD),
		    output_paint(&top->ctl, PAINT_END));
	table_done(&table);
}
