/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/events/event_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define LIST_MAX 3 /* items of a list that are named */

/* What of a row of ListTunnels or ListPeers is worth a word, in the order it is told. What always
 * changes (ages) is not. */
static const struct field {
	const char *key, *words, *unit;
	const char *why; /* key of what its new value comes from, told behind it */
} fields[] = {
	{ "kind", "kind", "", NULL },
	{ "name", "name", "", NULL },
	{ "endpoint", "endpoint", "", NULL },
	{ "outer_family", "outer family", "", NULL },
	{ "outer_path_mtu_bytes", "path MTU", " bytes", "source" },
	{ "path_mtu_bytes", "path MTU", " bytes", "path_source" },
	{ "source", "path source", "", NULL },
	{ "path_source", "path source", "", NULL },
	{ "overhead_bytes", "overhead", " bytes", NULL },
	{ "interface_mtu_bytes", "interface MTU", " bytes", NULL },
	{ "inner_mtu_bytes", "inner MTU", " bytes", NULL },
	{ "mss4_bytes", "MSS4", "", NULL },
	{ "mss6_bytes", "MSS6", "", NULL },
	{ "allowed_ips", "allowed IPs", "", NULL },
	{ "warnings", "warnings", "", NULL },
};

/* A line under construction. */
struct text {
	FILE *out;
	bool begun; /* a part stands there: the next one needs a comma */
};

static void add_part(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void add_part(struct text *text, const char *format, ...)
{
	va_list args;

	fputs(text->begun ? ", " : "", text->out);
	va_start(args, format);
	vfprintf(text->out, format, args);
	va_end(args);
	text->begun = true;
}

static bool is_unknown(const json_t *value)
{
	return !value || json_is_null(value) || (json_is_array(value) && !json_array_size(value));
}

static void print_list(FILE *out, const json_t *list)
{
	size_t count = json_array_size(list), shown = count > LIST_MAX ? LIST_MAX : count;

	for (size_t i = 0; i < shown; i++) {
		const char *item = json_string_value(json_array_get(list, i));

		fprintf(out, "%s%s", i ? " " : "", item ? item : "?");
	}
	if (count > shown)
		fprintf(out, " and %zu more", count - shown);
}

static void print_value(FILE *out, const json_t *value)
{
	if (json_is_array(value) && json_array_size(value))
		print_list(out, value);
	else if (json_is_array(value))
		fputs("none", out);
	else if (json_is_string(value))
		fputs(json_string_value(value), out);
	else if (json_is_integer(value))
		fprintf(out, "%lld", (long long)json_integer_value(value));
	else
		fputs("unknown", out);
}

/* What is new, as far as it is known. */
static void tell_new(struct text *text, const json_t *row)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		const json_t *value = json_object_get(row, fields[i].key);

		if (is_unknown(value) || strcmp(fields[i].key, "name") == 0)
			continue;
		add_part(text, "%s ", fields[i].words);
		print_value(text->out, value);
		fputs(fields[i].unit, text->out);
	}
}

/* Whether a row's value says more than nothing, and something else than before. */
static bool is_change(const json_t *old, const json_t *new, const char *key)
{
	const json_t *before = json_object_get(old, key), *after = json_object_get(new, key);

	return !json_equal(before, after) && !(is_unknown(before) && is_unknown(after));
}

/* Whether it is told behind what comes from it. */
static bool is_why(const json_t *old, const json_t *new, const char *key)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (fields[i].why && strcmp(fields[i].why, key) == 0 &&
		    is_change(old, new, fields[i].key))
			return !is_unknown(json_object_get(new, key));
	}
	return false;
}

static void tell_change(struct text *text, const struct field *field, const json_t *old,
			const json_t *new)
{
	const json_t *after = json_object_get(new, field->key);
	const json_t *why = field->why ? json_object_get(new, field->why) : NULL;

	add_part(text, "%s ", field->words);
	print_value(text->out, json_object_get(old, field->key));
	fputs(" -> ", text->out);
	print_value(text->out, after);
	fputs(is_unknown(after) ? "" : field->unit, text->out);
	if (is_unknown(why))
		return;
	fputs(" (", text->out);
	print_value(text->out, why);
	fputs(")", text->out);
}

static void tell_changes(struct text *text, const json_t *old, const json_t *new)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (is_change(old, new, fields[i].key) && !is_why(old, new, fields[i].key))
			tell_change(text, &fields[i], old, new);
	}
	if (!text->begun)
		add_part(text, "changed");
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* "wg0: peer alice: ". */
static void tell_subject(FILE *out, const struct event *event)
{
	const char *name = event->peer;

	if (event->tunnel)
		fprintf(out, "%s: ", event->tunnel);
	if (!event->peer)
		return;
	if (json_is_string(json_object_get(event->old, "name")))
		name = json_string_value(json_object_get(event->old, "name"));
	if (json_is_string(json_object_get(event->new, "name")))
		name = json_string_value(json_object_get(event->new, "name"));
	fprintf(out, "peer %s: ", name);
}

char *event_text(const struct event *event)
{
	char *line = NULL;
	size_t len = 0;
	struct text text = { .out = open_memstream(&line, &len) };

	if (!text.out)
		return NULL;
	tell_subject(text.out, event);
	if (ends_with(event->name, "_added")) {
		add_part(&text, event->peer ? "new" : "new tunnel");
		tell_new(&text, event->new);
	} else if (ends_with(event->name, "_removed")) {
		add_part(&text, event->peer ? "gone" : "tunnel gone");
	} else {
		tell_changes(&text, event->old, event->new);
	}
	if (event->why)
		fprintf(text.out, " (%s)", event->why);
	if (fclose(text.out) == 0)
		return line;
	free(line);
	return NULL;
}
