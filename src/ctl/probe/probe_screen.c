/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/probe/probe_screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"
#include "ctl/screen/peer_label.h"
#include "ctl/screen/table.h"

#define SIZES_MAX 64 /* rows shown */

static const struct table_column columns[] = {
	{ "SIDE", false, 0 }, { "SIZE", true, 0 },     { "OUTER", true, 2 },
	{ "SENT", true, 0 },  { "ANSWERED", true, 0 }, { "WHAT", false, 0 },
};

char *probe_screen_label(const struct ctl *ctl, const json_t *reply)
{
	const char *target = field_string(reply, "target", "-");
	char *label;

	if (field_string(reply, "name", NULL) || *field_string(reply, "peer", ""))
		return peer_label(ctl, reply);
	label = format_clean(target, ctl->utf8, false);
	if (label)
		format_shorten(label, 48);
	return label;
}

/* "carol of wg0, endpoint 192.0.2.44:51820"; a tunnel that is one far end: "vx0, endpoint ...". */
static int print_head(const struct ctl *ctl, const json_t *reply, const struct probe_around *around)
{
	const char *tunnel = field_string(reply, "tunnel", NULL);
	const char *endpoint = field_string(reply, "endpoint", NULL);
	char *label = probe_screen_label(ctl, reply), *rest;
	const char *of;
	int r;

	if (!label)
		return -ENOMEM;
	of = tunnel && strcmp(label, tunnel) != 0 ? tunnel : NULL;
	if (around->through)
		r = asprintf(&rest, ", behind tunnel %s", around->tunnel);
	else
		r = asprintf(&rest, "%s%s%s%s",
			     of ? " of " : tunnel ? "" : ", which is no peer's endpoint",
			     of ? of : "", tunnel && endpoint ? ", endpoint " : "",
			     tunnel && endpoint ? endpoint : "");
	if (r < 0) {
		free(label);
		return -ENOMEM;
	}
	printf("%s%s%s", output_paint(ctl, PAINT_BOLD), label, output_paint(ctl, PAINT_END));
	output_wrapped(ctl, format_columns(label), 2, rest);
	free(label);
	free(rest);
	return 0;
}

static const char *method_words(const json_t *methods, const char *side)
{
	if (field_is(methods, side, "ping"))
		return "ping";
	return field_is(methods, side, "udp") ? "UDP" : "nothing known";
}

/* "  inside   10.8.0.9 answers (ping)". title: what the side is to whom it was asked about. */
static int print_side(const struct ctl *ctl, const json_t *reply, const char *side,
		      const char *title, const char *whom)
{
	const json_t *answers = json_object_get(json_object_get(reply, "answers"), side);
	const char *method = method_words(json_object_get(reply, "methods"), side);
	char *text;
	int r;

	if (json_is_true(answers))
		r = asprintf(&text, "%s answers (%s)", whom ? whom : "it", method);
	else if (json_is_false(answers))
		r = asprintf(&text, "%s does not answer (tried last: %s)", whom ? whom : "it",
			     method);
	else if (field_count(reply, "refused_total"))
		r = asprintf(&text, "no packet could be sent");
	else
		r = asprintf(&text, "not asked%s", whom ? "" : ": no address is known there");
	if (r < 0)
		return -ENOMEM;
	printf("  %-8s ", title);
	output_wrapped(ctl, 11, 11, text);
	free(text);
	return 0;
}

/* Silence means that packets were lost where smaller ones are answered. */
static struct format_text what_became(const json_t *size, const json_t *answers)
{
	struct format_text said = format_field_bytes(size, "icmp_mtu_bytes"), text;
	bool answered = field_count(size, "answered");
	const json_t *others = json_object_get(answers, field_string(size, "side", ""));
	const char *what = json_is_true(others) ? "lost" : "no answer";

	if (!field_count(size, "sent"))
		what = "not sent";
	else if (answered && json_is_true(json_object_get(size, "fragmented")))
		what = "in pieces";
	else if (answered)
		what = "arrives";
	if (strcmp(said.s, "-") == 0)
		strcpy(text.s, what);
	else
		snprintf(text.s, sizeof(text.s), "%s, a router says %.20s",
			 answered ? what : "too big", said.s);
	return text;
}

/* Outside before inside, then the largest first. */
static int compare_sizes(const void *a, const void *b)
{
	const json_t *x = *(const json_t *const *)a, *y = *(const json_t *const *)b;
	int sides = (int)field_is(x, "side", "inside") - (int)field_is(y, "side", "inside");
	uint64_t m = field_count(x, "size_bytes"), n = field_count(y, "size_bytes");

	return sides ? sides : (m < n) - (m > n);
}

/* through: the way was by a tunnel, and nobody says what that makes of it. */
static void add_size(const struct ctl *ctl, struct table *table, const json_t *size,
		     const json_t *answers, bool through)
{
	table_add_clean(table, through ? "inside" : field_string(size, "side", NULL), ctl->utf8);
	table_add(table, format_field_bytes(size, "size_bytes").s);
	table_add(table, through ? "-" : format_field_bytes(size, "outer_bytes").s);
	table_add(table, format_json_count(json_object_get(size, "sent")).s);
	table_add(table, format_json_count(json_object_get(size, "answered")).s);
	table_add(table, what_became(size, answers).s);
}

static int print_sizes(const struct ctl *ctl, const json_t *sizes, const json_t *answers,
		       bool through)
{
	const json_t *sorted[SIZES_MAX] = { NULL };
	size_t count = json_array_size(sizes), shown = count < SIZES_MAX ? count : SIZES_MAX;
	struct table table;
	int r;

	if (count == 0)
		return 0;
	for (size_t i = 0; i < shown; i++)
		sorted[i] = json_array_get(sizes, i);
	qsort(sorted, shown, sizeof(const json_t *), compare_sizes);
	putchar('\n');
	table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < shown; i++)
		add_size(ctl, &table, sorted[i], answers, through);
	r = table_print(&table, stdout, ctl->width, output_paint(ctl, PAINT_BOLD),
			output_paint(ctl, PAINT_END));
	table_done(&table);
	if (shown < count)
		printf("and %zu more: --json shows all\n", count - shown);
	return r;
}

int probe_screen_print(const struct ctl *ctl, const json_t *reply,
		       const struct probe_around *around)
{
	const char *tunnel = field_string(reply, "tunnel", NULL);
	int r = print_head(ctl, reply, around);

	if (r == 0)
		r = print_side(ctl, reply, "outside", around->through ? "inside" : "outside",
			       tunnel ? "the endpoint" : "it");
	if (r == 0 && tunnel)
		r = print_side(ctl, reply, "inside", "inside",
			       field_string(reply, "inside_address", NULL));
	if (r < 0)
		return r;
	return print_sizes(ctl, json_object_get(reply, "sizes"), json_object_get(reply, "answers"),
			   around->through);
}
