/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/screen/bars.h"

#include <stdio.h>

#include "ctl/screen/field.h"
#include "ctl/screen/format.h"

#define BAR_WIDTH 22
#define CELL_WIDTH (7 + BAR_WIDTH + 6) /* "65535 |", the bar, "| 100%" */
#define RANGE_EXTRA 6                  /* columns that "1381-" and the like take from the bar */
#define GAP 5                          /* blanks between the two columns of bars */

size_t bars_pick(const json_t *histogram, struct bar bars[BARS_MAX + 1], uint64_t *ret_total)
{
	uint64_t shown = 0, total = 0;
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(histogram); i++) {
		const json_t *row = json_array_get(histogram, i);
		struct bar bar = {
			.mss = field_count(row, "mss_bytes"),
			.from = field_count(row, "mss_from_bytes"),
			.count = field_count(row, "count"),
		};

		total += bar.count;
		if (!bar.count || count == BARS_MAX)
			continue;
		bars[count++] = bar;
		shown += bar.count;
	}
	*ret_total = total;
	if (total > shown)
		bars[count++] = (struct bar){ .count = total - shown, .others = true };
	return count;
}

struct column {
	const char *title;
	struct bar bars[BARS_MAX + 1];
	size_t count;
	uint64_t total;
	bool has_range;
};

static bool is_range(const struct bar *bar)
{
	return bar->from && bar->from < bar->mss;
}

static void column_init(struct column *column, const char *title, const json_t *histogram)
{
	column->title = title;
	column->count = bars_pick(histogram, column->bars, &column->total);
	for (size_t i = 0; i < column->count; i++)
		column->has_range |= is_range(&column->bars[i]);
}

/* One row of one column, CELL_WIDTH wide; blanks below its last row. */
static void print_cell(const struct ctl *ctl, const struct column *column, size_t row)
{
	const struct bar *value = &column->bars[row];
	char bar[4 * BAR_WIDTH + 1], mss[24] = "other";
	int extra = column->has_range ? RANGE_EXTRA : 0;

	if (row >= column->count) {
		printf("%*s", CELL_WIDTH, "");
		return;
	}
	if (is_range(value))
		snprintf(mss, sizeof(mss), "%u-%u", (unsigned int)(value->from & 0xffff),
			 (unsigned int)(value->mss & 0xffff));
	else if (!value->others)
		snprintf(mss, sizeof(mss), "%u", (unsigned int)(value->mss & 0xffff));
	format_bar(bar, (unsigned int)(BAR_WIDTH - extra), value->count, column->total, ctl->utf8);
	printf("%*s |%s| %4s", 5 + extra, mss, bar,
	       format_percent(value->count, column->total).s);
}

static void print_one(const struct ctl *ctl, const struct column *column)
{
	puts(column->title);
	for (size_t row = 0; row < column->count; row++) {
		print_cell(ctl, column, row);
		putchar('\n');
	}
}

void bars_print_titled(const struct ctl *ctl, const char *left_title, const json_t *before,
		       const char *right_title, const json_t *after)
{
	struct column left = { 0 }, right = { 0 };

	column_init(&left, left_title, before);
	column_init(&right, right_title, after);
	if (!left.count && !right.count)
		return;
	if (ctl->width < 2 * CELL_WIDTH + GAP) {
		print_one(ctl, &left);
		print_one(ctl, &right);
		return;
	}
	printf("%-*s%s\n", CELL_WIDTH + GAP, left.title, right.title);
	for (size_t row = 0; row < left.count || row < right.count; row++) {
		print_cell(ctl, &left, row);
		if (row < right.count) {
			printf("%*s", GAP, "");
			print_cell(ctl, &right, row);
		}
		putchar('\n');
	}
}

void bars_print(const struct ctl *ctl, const json_t *before, const json_t *after)
{
	bars_print_titled(ctl, "MSS that arrived", before, "MSS that left", after);
}
