/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An aligned table. Columns are as wide as their widest cell; what does not fit the screen goes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 16
#define TABLE_GAP 2 /* blanks between columns */

struct table_column {
	const char *title;
	bool right;         /* numbers stand right */
	unsigned char drop; /* the highest goes first on a narrow screen, and comes back where
			     * there is room after all; 0 stays */
};

struct table {
	const struct table_column *columns; /* borrowed */
	size_t column_count;
	char **cells; /* owned, row by row */
	size_t cell_count, capacity;
	bool failed; /* out of memory: nothing will be printed */
};

/* Borrows columns, at most TABLE_COLUMNS_MAX. */
void table_init(struct table *table, const struct table_column *columns, size_t column_count);
void table_done(struct table *table);
/* Copies the next cell; rows fill from left to right. NULL is "-". */
void table_add(struct table *table, const char *cell);
/* The same with text that came from outside: see format_clean. */
void table_add_clean(struct table *table, const char *text, bool utf8);
/* Prints the titles (unless all are empty) and the whole rows, without blanks at the end of a line.
 * width: columns of the screen, 0 for no border; before, after: codes around the titles.
 * Returns 0 or -ENOMEM where a cell could not be stored. */
int table_print(const struct table *table, FILE *out, unsigned int width, const char *before,
		const char *after);
