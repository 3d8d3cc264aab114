/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/openvpn/openvpn_status.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/search.h"
#include "base/text.h"
#include "facts/far_end.h"
#include "facts/openvpn/status_row.h"
#include "policy/prefix/prefix.h"

struct reader {
	char separator;
	enum { SECTION_NONE, SECTION_CLIENTS, SECTION_ROUTES } section; /* of version 1 */
	struct status_columns clients, routes;
	struct status_row *client_rows, *route_rows; /* clients: beside status->clients */
	size_t client_count, client_capacity, route_count, route_capacity;
	struct facts_status status;
};

static int allow(struct facts_client *client, const char *text)
{
	char normal[PREFIX_TEXT_MAX];
	struct prefix prefix;

	if (!text || prefix_parse(text, &prefix) < 0)
		return 0;
	prefix_format(&prefix, normal);
	for (size_t i = 0; i < client->addresses.count; i++) {
		if (strcmp(client->addresses.list[i], normal) == 0)
			return 0;
	}
	return record_append_text(&client->addresses, normal);
}

static int64_t number(const char *text, uint64_t max)
{
	uint64_t value = 0;

	if (!text || text_parse_u64(text, 0, max, &value) < 0)
		return 0;
	return (int64_t)value;
}

static int fill_client(struct facts_client *client, const struct status_row *row)
{
	const char *peer_id = row->value[COLUMN_PEER_ID], *cipher = row->value[COLUMN_CIPHER];
	struct far_end real;
	uint64_t id;
	int r;

	client->name = strndup(row->name, text_utf8_cut(row->name, strlen(row->name), 256));
	if (!client->name)
		return -ENOMEM;
	if (far_end_parse(row->real, &real) == 0) {
		client->endpoint = strdup(real.address);
		client->port = real.port;
		client->proto = real.proto ? strdup(real.proto) : NULL;
		if (!client->endpoint || (real.proto && !client->proto))
			return -ENOMEM;
	}
	if (peer_id && text_parse_u64(peer_id, 0, FACTS_PEER_ID_NONE - 1, &id) == 0) {
		client->peer_id = (int64_t)id;
		client->has_peer_id = true;
	}
	if (cipher && *cipher && strlen(cipher) < 64) {
		client->cipher = strdup(cipher);
		if (!client->cipher)
			return -ENOMEM;
	}
	client->seen = number(row->value[COLUMN_SINCE], UINT32_MAX);
	r = allow(client, row->value[COLUMN_VIRTUAL]);
	return r < 0 ? r : allow(client, row->value[COLUMN_VIRTUAL6]);
}

static int take_client(struct reader *reader, struct status_fields *fields)
{
	void *rows = reader->client_rows;
	struct facts_client *client;
	struct status_row row;

	if (!status_row_mend(fields, &reader->clients, reader->separator))
		return 0;
	status_row_make(fields, &reader->clients, &row);
	if (strcmp(row.name, "UNDEF") == 0)
		return 0;
	if (array_reserve(&rows, &reader->client_capacity, reader->client_count + 1,
			  sizeof(row)) < 0)
		return -ENOMEM;
	reader->client_rows = rows;
	client = record_append(&reader->status.clients, sizeof(*client));
	if (!client)
		return -ENOMEM;
	reader->client_rows[reader->client_count++] = row;
	return fill_client(client, &row);
}

static int take_route(struct reader *reader, struct status_fields *fields)
{
	void *rows = reader->route_rows;
	struct status_row row;

	if (!status_row_mend(fields, &reader->routes, reader->separator))
		return 0;
	status_row_make(fields, &reader->routes, &row);
	if (array_reserve(&rows, &reader->route_capacity, reader->route_count + 1, sizeof(row)) < 0)
		return -ENOMEM;
	reader->route_rows = rows;
	reader->route_rows[reader->route_count++] = row;
	return 0;
}

/* "OpenVPN 2.6.14 x86_64-pc-linux-gnu ..." */
static int take_title(struct reader *reader, const char *title)
{
	const char *version = title + strcspn(title, "0123456789");
	size_t len = strspn(version, "0123456789");

	if (strncmp(title, "OpenVPN ", 8) != 0 || len == 0 || version[len] != '.')
		return 0;
	len += 1 + strspn(version + len + 1, "0123456789");
	if (len > 16 || reader->status.version)
		return 0;
	reader->status.version = strndup(version, len);
	return reader->status.version ? 0 : -ENOMEM;
}

/* Versions 2 and 3: the first field says what the line is. */
static int take_tagged(struct reader *reader, struct status_fields *fields)
{
	const char *tag = fields->list[0];
	struct status_fields rest = { .count = fields->count - 1 };

	memcpy(rest.list, fields->list + 1, rest.count * sizeof(rest.list[0]));
	if (rest.count == 0)
		return 0;
	if (strcmp(tag, "TITLE") == 0)
		return take_title(reader, rest.list[0]);
	if (strcmp(tag, "HEADER") == 0) {
		if (strcmp(rest.list[0], "CLIENT_LIST") == 0)
			status_row_header(&reader->clients, &rest, 1);
		else if (strcmp(rest.list[0], "ROUTING_TABLE") == 0)
			status_row_header(&reader->routes, &rest, 1);
		return 0;
	}
	if (strcmp(tag, "CLIENT_LIST") == 0)
		return take_client(reader, &rest);
	if (strcmp(tag, "ROUTING_TABLE") == 0)
		return take_route(reader, &rest);
	if (strcmp(tag, "GLOBAL_STATS") == 0 && rest.count > 1 &&
	    strcmp(rest.list[0], "dco_enabled") == 0)
		reader->status.dco = strcmp(rest.list[1], "1") == 0;
	return 0;
}

/* Version 1: a line without a comma begins the next table, whose first line names the columns. */
static int take_sectioned(struct reader *reader, struct status_fields *fields)
{
	if (fields->count == 1) {
		reader->section = strcmp(fields->list[0], "OpenVPN CLIENT LIST") == 0
					  ? SECTION_CLIENTS
				  : strcmp(fields->list[0], "ROUTING TABLE") == 0 ? SECTION_ROUTES
										   : SECTION_NONE;
		return 0;
	}
	switch (reader->section) {
	case SECTION_CLIENTS:
		if (reader->clients.count > 0)
			return take_client(reader, fields);
		if (strcmp(fields->list[0], "Updated") != 0)
			status_row_header(&reader->clients, fields, 0);
		return 0;
	case SECTION_ROUTES:
		if (reader->routes.count > 0)
			return take_route(reader, fields);
		status_row_header(&reader->routes, fields, 0);
		return 0;
	case SECTION_NONE:
		return 0;
	}
	return 0;
}

/* A client in the order of names. */
struct entry {
	const struct status_row *row;
	size_t place;
};

static int compare_rows(const struct status_row *a, const struct status_row *b)
{
	int order = strcmp(a->name, b->name);

	return order ? order : strcmp(a->real, b->real);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = compare_rows(x->row, y->row);

	/* Of equal ones the first counts. */
	return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* The first client of that name and address: IPv6 ones have no port here, so two behind one
 * address look the same. */
static struct facts_client *find_owner(struct reader *reader, const struct entry *sorted,
				       const struct status_row *route)
{
	size_t low;

	SEARCH_FIRST(low, reader->client_count, i, compare_rows(sorted[i].row, route) < 0);
	if (low == reader->client_count || compare_rows(sorted[low].row, route) != 0)
		return NULL;
	return &reader->status.clients.list[sorted[low].place];
}

static int give_routes(struct reader *reader)
{
	struct entry *sorted = calloc(reader->client_count + 1, sizeof(*sorted));
	int r = sorted ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < reader->client_count; i++)
		sorted[i] = (struct entry){ &reader->client_rows[i], i };
	if (r == 0)
		qsort(sorted, reader->client_count, sizeof(*sorted), compare_entries);
	for (size_t i = 0; r == 0 && i < reader->route_count; i++) {
		const struct status_row *route = &reader->route_rows[i];
		struct facts_client *client = find_owner(reader, sorted, route);
		const int64_t used = number(route->value[COLUMN_SINCE], UINT32_MAX);

		if (!client)
			continue;
		if (used > client->seen)
			client->seen = used;
		r = allow(client, route->value[COLUMN_VIRTUAL]);
	}
	free(sorted);
	return r;
}

/* Whether the last line is END; takes it off. */
static bool take_end(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	if (len < 4 || memcmp(text + len - 4, "\nEND", 4) != 0)
		return false;
	text[len - 3] = '\0';
	return true;
}

static int take_lines(struct reader *reader, char *text)
{
	const bool sectioned = strncmp(text, "OpenVPN CLIENT LIST", 19) == 0;
	char *rest = NULL;
	int r = 0;

	reader->status.cipherless = sectioned;
	reader->separator = strncmp(text, "TITLE\t", 6) == 0 ? '\t' : ',';
	for (char *line = strtok_r(text, "\r\n", &rest); r == 0 && line;
	     line = strtok_r(NULL, "\r\n", &rest)) {
		struct status_fields fields;

		status_row_split(line, reader->separator, &fields);
		r = sectioned ? take_sectioned(reader, &fields) : take_tagged(reader, &fields);
	}
	return r == 0 ? give_routes(reader) : r;
}

int openvpn_status_parse(const char *text, size_t len, struct facts_status *ret_status)
{
	static const char *const beginnings[] = { "OpenVPN CLIENT LIST", "TITLE,", "TITLE\t",
						  "OpenVPN STATISTICS" };
	struct reader reader = { 0 };
	char *copy = strndup(text, len);
	bool known = false;
	int r;

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < COUNT(beginnings); i++)
		known |= strncmp(copy, beginnings[i], strlen(beginnings[i])) == 0;
	if (!known)
		r = *copy ? -EBADMSG : -EAGAIN;
	else if (!take_end(copy))
		r = -EAGAIN;
	else
		r = take_lines(&reader, copy);
	free(reader.client_rows);
	free(reader.route_rows);
	free(copy);
	if (r < 0)
		record_done(&facts_status_shape, &reader.status);
	else
		*ret_status = reader.status;
	return r;
}
