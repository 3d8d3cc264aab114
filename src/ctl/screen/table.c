/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/screen/table.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/screen/format.h"

/* How one printing goes: widths of the columns, and which of them are shown. */
struct layout {
	unsigned int width[TABLE_COLUMNS_MAX];
	bool shown[TABLE_COLUMNS_MAX];
	bool titles; /* some column has one */
};

void table_init(struct table *table, const struct table_column *columns, size_t column_count)
{
	assert(column_count && column_count <= TABLE_COLUMNS_MAX);
	*table = (struct table){ .columns = columns, .column_count = column_count };
}

void table_done(struct table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){ 0 };
}

void table_add(struct table *table, const char *cell)
{
	void *cells = table->cells;
	char *copy = strdup(cell ? cell : "-");

	if (!copy || array_reserve(&cells, &table->capacity, table->cell_count + 1,
				   sizeof(*table->cells)) < 0) {
		free(copy);
		table->failed = true;
		return;
	}
	table->cells = cells;
	table->cells[table->cell_count++] = copy;
}

void table_add_clean(struct table *table, const char *text, bool utf8)
{
	char *clean = text ? format_clean(text, utf8, false) : NULL;

	if (text && !clean)
		table->failed = true;
	table_add(table, clean);
	free(clean);
}

static unsigned int layout_total(const struct table *table, const struct layout *layout)
{
	unsigned int total = 0;

	for (size_t c = 0; c < table->column_count; c++)
		if (layout->shown[c])
			total += layout->width[c] + (total ? TABLE_GAP : 0);
	return total;
}

/* Hides the column that may go first; false where all that is left stays. */
static bool layout_drop(const struct table *table, struct layout *layout)
{
	size_t first = table->column_count;
	unsigned char highest = 0;

	for (size_t c = 0; c < table->column_count; c++) {
		if (layout->shown[c] && table->columns[c].drop > highest) {
			highest = table->columns[c].drop;
			first = c;
		}
	}
	if (first == table->column_count)
		return false;
	layout->shown[first] = false;
	return true;
}

/* Where a wide column went, narrower ones that went before it may have room again: the one that
 * would have gone last first. */
static void layout_fill(const struct table *table, unsigned int width, struct layout *layout)
{
	for (unsigned int drop = 1; drop <= UCHAR_MAX; drop++) {
		for (size_t c = 0; c < table->column_count; c++) {
			if (layout->shown[c] || table->columns[c].drop != drop)
				continue;
			layout->shown[c] = true;
			layout->shown[c] = layout_total(table, layout) <= width;
		}
	}
}

static void layout_make(const struct table *table, unsigned int width, struct layout *ret)
{
	*ret = (struct layout){ 0 };
	for (size_t c = 0; c < table->column_count; c++) {
		ret->width[c] = format_columns(table->columns[c].title);
		ret->titles |= ret->width[c] > 0;
		ret->shown[c] = true;
	}
	for (size_t i = 0; i < table->cell_count; i++) {
		unsigned int columns = format_columns(table->cells[i]);

		if (columns > ret->width[i % table->column_count])
			ret->width[i % table->column_count] = columns;
	}
	while (width && layout_total(table, ret) > width)
		if (!layout_drop(table, ret))
			return;
	layout_fill(table, width, ret);
}

/* Prints one row. Blanks are owed, not printed, so that none stand at the end of a line. */
static void print_row(const struct table *table, const struct layout *layout,
		      const char *const *cells, FILE *out)
{
	unsigned int owed = 0;

	for (size_t c = 0; c < table->column_count; c++) {
		unsigned int blanks;

		if (!layout->shown[c])
			continue;
		blanks = layout->width[c] - format_columns(cells[c]);
		if (table->columns[c].right)
			owed += blanks;
		if (*cells[c]) {
			fprintf(out, "%*s%s", (int)owed, "", cells[c]);
			owed = 0;
		}
		if (!table->columns[c].right)
			owed += blanks;
		owed += TABLE_GAP;
	}
}

int table_print(const struct table *table, FILE *out, unsigned int width, const char *before,
		const char *after)
{
	const char *row[TABLE_COLUMNS_MAX];
	struct layout layout;

	assert(table->column_count);
	if (table->failed)
		return -ENOMEM;
	layout_make(table, width, &layout);
	if (layout.titles) {
		for (size_t c = 0; c < table->column_count; c++)
			row[c] = table->columns[c].title;
		fputs(before, out);
		print_row(table, &layout, row, out);
		fprintf(out, "%s\n", after);
	}
	for (size_t i = 0; i + table->column_count <= table->cell_count;
	     i += table->column_count) {
		for (size_t c = 0; c < table->column_count; c++)
			row[c] = table->cells[i + c];
		print_row(table, &layout, row, out);
		fputc('\n', out);
	}
	return 0;
}
