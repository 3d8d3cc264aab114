/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of a table in OpenVPN's status file. Pure; texts lie in the line that was split. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define FIELDS_MAX 64 /* of a line; OpenVPN 2.7 writes 13 */

enum status_column {
	COLUMN_NAME,
	COLUMN_REAL,
	COLUMN_VIRTUAL,
	COLUMN_VIRTUAL6,
	COLUMN_SINCE,
	COLUMN_USERNAME,
	COLUMN_PEER_ID,
	COLUMN_CIPHER,
	COLUMN_COUNT
};

/* Where the columns of one table stand; place is -1 for those that it lacks. */
struct status_columns {
	int place[COLUMN_COUNT];
	size_t count; /* fields of a line; 0: there was no header */
};

struct status_fields {
	char *list[FIELDS_MAX];
	size_t count;
};

/* One line of either table; texts lie in the copied file. */
struct status_row {
	const char *name, *real, *value[COLUMN_COUNT]; /* NULL without */
};

/* Splits in place; what is behind the last possible field stays part of it. */
void status_row_split(char *line, char separator, struct status_fields *ret_fields);

/* Reads the columns' titles; the first fields are none. */
void status_row_header(struct status_columns *columns, const struct status_fields *fields,
		       size_t first);

/* Common names and user names may hold the separator: the real address tells which of the two has
 * it. Joins what was split too often; returns whether the line has its fields now. */
bool status_row_mend(struct status_fields *fields, const struct status_columns *columns,
		     char separator);

/* Only for fields that status_row_mend found right. */
void status_row_make(const struct status_fields *fields, const struct status_columns *columns,
		     struct status_row *ret_row);
