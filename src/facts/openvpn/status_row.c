/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/openvpn/status_row.h"

#include <string.h>

#include "base/array.h"
#include "facts/far_end.h"

static const struct {
	const char *title;
	enum status_column column;
} titles[] = {
	{ "Common Name", COLUMN_NAME },
	{ "Real Address", COLUMN_REAL },
	{ "Virtual Address", COLUMN_VIRTUAL },
	{ "Virtual IPv6 Address", COLUMN_VIRTUAL6 },
	{ "Connected Since (time_t)", COLUMN_SINCE },
	{ "Last Ref (time_t)", COLUMN_SINCE },
	{ "Username", COLUMN_USERNAME },
	{ "Peer ID", COLUMN_PEER_ID },
	{ "Data Channel Cipher", COLUMN_CIPHER },
};

void status_row_split(char *line, char separator, struct status_fields *ret_fields)
{
	ret_fields->count = 0;
	while (ret_fields->count < FIELDS_MAX) {
		ret_fields->list[ret_fields->count++] = line;
		line = ret_fields->count < FIELDS_MAX ? strchr(line, separator) : NULL;
		if (!line)
			return;
		*line++ = '\0';
	}
}

/* Makes one field again of the one at `first` and the `more` behind it. */
static void join(struct status_fields *fields, size_t first, size_t more, char separator)
{
	for (size_t i = 1; i <= more; i++)
		*(fields->list[first + i] - 1) = separator; /* the NUL in front of it */
	fields->count -= more;
	for (size_t i = first + 1; i < fields->count; i++)
		fields->list[i] = fields->list[i + more];
}

static bool is_endpoint(const char *text)
{
	struct far_end endpoint;

	return far_end_parse(text, &endpoint) == 0;
}

bool status_row_mend(struct status_fields *fields, const struct status_columns *columns,
		     char separator)
{
	const int name = columns->place[COLUMN_NAME], real = columns->place[COLUMN_REAL];
	const int user = columns->place[COLUMN_USERNAME];
	size_t excess, shift = 0;

	if (columns->count == 0 || name < 0 || real < 0 || fields->count < columns->count)
		return false;
	excess = fields->count - columns->count;
	while (shift <= excess && !is_endpoint(fields->list[(size_t)real + shift]))
		shift++;
	if (shift > excess || (shift > 0 && real < name))
		return false;
	join(fields, (size_t)name, shift, separator);
	if (excess > shift && user >= 0)
		join(fields, (size_t)user, excess - shift, separator);
	return fields->count == columns->count;
}

void status_row_header(struct status_columns *columns, const struct status_fields *fields,
		       size_t first)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		columns->place[i] = -1;
	columns->count = fields->count - first;
	for (size_t i = first; i < fields->count; i++) {
		for (size_t t = 0; t < COUNT(titles); t++) {
			if (strcmp(fields->list[i], titles[t].title) == 0)
				columns->place[titles[t].column] = (int)(i - first);
		}
	}
}

void status_row_make(const struct status_fields *fields, const struct status_columns *columns,
		     struct status_row *ret_row)
{
	*ret_row = (struct status_row){ 0 };
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		if (columns->place[i] >= 0)
			ret_row->value[i] = fields->list[columns->place[i]];
	}
	ret_row->name = ret_row->value[COLUMN_NAME];
	ret_row->real = ret_row->value[COLUMN_REAL];
}
