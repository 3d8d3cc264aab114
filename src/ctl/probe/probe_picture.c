/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The picture of a path: me --1500-- 198.51.100.1 --(1433, silent)-- carol. It never shows more
 * than is known: a link has a size where packets of that size were seen to cross it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/probe/probe_screen.h"
#include "ctl/probe/probed_path.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"

#define INDENT 2
#define FURTHER_INDENT 6  /* of the lines behind the first */
#define ADDRESS_COLUMNS 48
#define RUN_MIN 3         /* silent hops in a row that are counted instead of drawn */
#define UNKNOWN "[?]"

struct drawing {
	const struct ctl *ctl;
	const struct probed_path *path;
	const json_t *reply;
	unsigned int column; /* taken on this line */
	bool failed;         /* out of memory */
};

/* One link and the stop behind it stay on a line where they can. */
static void put(struct drawing *drawing, enum paint paint, char *link, char *stop)
{
	unsigned int columns;

	if (!link || !stop) {
		drawing->failed = true;
	} else {
		columns = format_columns(link) + 1 + format_columns(stop);
		if (drawing->column > FURTHER_INDENT &&
		    drawing->column + 1 + columns > drawing->ctl->width) {
			printf("\n%*s", FURTHER_INDENT, "");
			drawing->column = FURTHER_INDENT;
		} else {
			putchar(' ');
			drawing->column++;
		}
		printf("%s%s%s %s", output_paint(drawing->ctl, paint), link,
		       output_paint(drawing->ctl, PAINT_END), stop);
		drawing->column += columns;
	}
	free(link);
	free(stop);
}

/* "--1500--", "--" without a label; owned, NULL: out of memory. */
static char *__attribute__((format(printf, 2, 3)))
make_link(const struct ctl *ctl, const char *format, ...)
{
	const char *dash = ctl->utf8 ? "──" : "--";
	char *label, *link;
	va_list list;
	int r;

	va_start(list, format);
	r = vasprintf(&label, format, list);
	va_end(list);
	if (r < 0)
		return NULL;
	r = asprintf(&link, "%s%s%s", dash, label, *label ? dash : "");
	free(label);
	return r < 0 ? NULL : link;
}

/* Owned, NULL: out of memory. */
static char *make_stop(const struct drawing *drawing, size_t index)
{
	const char *address = drawing->path->stops[index].address;
	char *text = format_clean(address ? address : UNKNOWN, drawing->ctl->utf8, false);

	if (text)
		format_shorten(text, ADDRESS_COLUMNS);
	return text;
}

/* How many stops from this one on say nothing. */
static size_t count_silent(const struct probed_path *path, size_t from)
{
	size_t at = from;

	while (at <= path->count && probed_path_is_silent(path, at) && (int)at != path->narrow)
		at++;
	return at - from;
}

/* "[?] [?]", "[?] x7"; with `rest` what nobody asked for follows. */
static void write_silent(char *text, size_t size, size_t count, bool rest)
{
	size_t len = 0;

	*text = '\0';
	if (count >= RUN_MIN)
		len = (size_t)snprintf(text, size, UNKNOWN " x%zu", count);
	for (size_t i = 0; count < RUN_MIN && i < count; i++)
		len += (size_t)snprintf(text + len, size - len, "%s" UNKNOWN, i ? " " : "");
	if (rest)
		snprintf(text + len, size - len, "%s...", len ? " " : "");
}

/* The size that gets through all of it, as text; "?" where nobody knows. */
static struct format_text found_bytes(const json_t *reply)
{
	struct format_text text = format_field_bytes(reply, "path_mtu_bytes");

	if (field_is(reply, "result", "no_answer") || strcmp(text.s, "-") == 0)
		strcpy(text.s, "?");
	return text;
}

/* A router has told the size that was found; of a black hole that is another matter. */
static bool is_told(const json_t *reply)
{
	return json_is_string(json_object_get(reply, "router")) &&
	       (field_is(reply, "result", "ok") || field_is(reply, "result", "limited_by_icmp"));
}

/* The narrow link swallows the stops behind it that say nothing: it may as well be one of theirs.
 * Returns how many. */
static size_t draw_narrow(struct drawing *drawing, size_t at, char **ret_link)
{
	const struct probed_path *path = drawing->path;
	size_t silent = count_silent(path, at + 1);
	bool rest = !path->whole && at > 0 && at + silent == path->count;
	char stops[64];

	write_silent(stops, sizeof(stops), silent, rest);
	*ret_link = make_link(drawing->ctl, "(%s, %s%s%s)", found_bytes(drawing->reply).s,
			      is_told(drawing->reply) ? "a router says so" : "silent",
			      *stops ? ": " : "", stops);
	return silent + rest;
}

/* A path of which no hop is known, or that has none, is one link. */
static enum paint draw_only(struct drawing *drawing, char **ret_link)
{
	const json_t *reply = drawing->reply;
	bool told = is_told(reply);

	if (field_is(reply, "result", "black_hole") || told) {
		draw_narrow(drawing, 0, ret_link);
		return told ? PAINT_WARN : PAINT_BAD;
	}
	if (field_is(reply, "result", "ok"))
		*ret_link = make_link(drawing->ctl, "%s", found_bytes(reply).s);
	else
		*ret_link = make_link(drawing->ctl, "%s", "");
	return PAINT_END;
}

static bool anybody_said(const struct drawing *drawing)
{
	for (size_t i = 1; i <= drawing->path->count; i++)
		if (drawing->path->stops[i].said_bytes)
			return true;
	return is_told(drawing->reply);
}

/* What came over the link behind a stop on its way to the narrow one: bytes, 0 unknown. */
static uint64_t carried_bytes(const struct probed_path *path, size_t at)
{
	uint64_t bytes = path->largest_bytes;

	for (size_t i = 1; i <= at; i++)
		if (path->stops[i].said_bytes && path->stops[i].said_bytes < bytes)
			bytes = path->stops[i].said_bytes;
	return bytes;
}

/* The link behind a stop. *ret_skip: stops that it swallows. */
static enum paint draw_link(struct drawing *drawing, size_t at, char **ret_link, size_t *ret_skip)
{
	const struct probed_path *path = drawing->path;
	uint64_t said = path->stops[at].said_bytes;

	*ret_skip = 0;
	if (path->count == 0)
		return draw_only(drawing, ret_link);
	if (said) {
		*ret_link = make_link(drawing->ctl, "(%llu, it says so)", (unsigned long long)said);
		return PAINT_WARN;
	}
	if ((int)at == path->narrow) {
		*ret_skip = draw_narrow(drawing, at, ret_link);
		return is_told(drawing->reply) ? PAINT_WARN : PAINT_BAD;
	}
	if ((int)at < path->narrow && path->largest_bytes)
		*ret_link = make_link(drawing->ctl, "%llu",
				      (unsigned long long)carried_bytes(path, at));
	else if (path->narrow < 0 && field_is(drawing->reply, "result", "ok") &&
		 !anybody_said(drawing))
		*ret_link = make_link(drawing->ctl, "%s", found_bytes(drawing->reply).s);
	else
		*ret_link = make_link(drawing->ctl, "%s", "");
	return PAINT_END;
}

/* "carol", and whether it answers; owned, NULL: out of memory. */
static char *make_target(const struct drawing *drawing)
{
	const json_t *answers = json_object_get(drawing->reply, "answers");
	const char *note = "";
	char *label = probe_screen_label(drawing->ctl, drawing->reply), *text;
	int r;

	if (!label)
		return NULL;
	if (json_is_false(json_object_get(answers, "outside")))
		note = json_is_true(json_object_get(answers, "inside")) ? " (answers inside)" :
									  " (no answer)";
	r = asprintf(&text, "%s%s", label, note);
	free(label);
	return r < 0 ? NULL : text;
}

/* All stops, from this host on; a run of silent ones takes the place of one. */
static void draw_stops(struct drawing *drawing)
{
	const struct probed_path *path = drawing->path;
	size_t last = path->count + (!path->whole && path->count > 0), at = 0, skip;
	char *link, text[64];

	for (;;) {
		enum paint paint = draw_link(drawing, at, &link, &skip);
		size_t next = at + skip + 1, silent;

		if (next > last) {
			put(drawing, paint, link, make_target(drawing));
			return;
		}
		silent = next <= path->count ? count_silent(path, next) : 0;
		if (next > path->count) {
			put(drawing, paint, link, strdup("..."));
		} else if (silent >= RUN_MIN) {
			write_silent(text, sizeof(text), silent, false);
			put(drawing, paint, link, strdup(text));
			next += silent - 1;
		} else {
			put(drawing, paint, link, make_stop(drawing, next));
		}
		at = next;
	}
}

int probe_picture_print(const struct ctl *ctl, const json_t *reply)
{
	struct probed_path path;
	struct drawing drawing = { .ctl = ctl, .path = &path, .reply = reply };

	probed_path_read(reply, &path);
	printf("%*sme", INDENT, "");
	drawing.column = INDENT + 2;
	draw_stops(&drawing);
	putchar('\n');
	return drawing.failed ? -ENOMEM : 0;
}
