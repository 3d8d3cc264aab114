/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "base/array.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"
#include "ctl/screen/table.h"

#define INDENT 2 /* columns before the rest of a line that was broken */

static const struct {
	const char *state;
	enum paint paint;
	const char *text;
} states[] = {
	{ "active", PAINT_GOOD, "active: the kernel clamps the usual SYNs itself" },
	{ "off", PAINT_GOOD,
	  "off: mssclampd runs in another mode, every SYN goes through the queue" },
	{ "failed", PAINT_BAD, "FAILED: every SYN goes through the queue" },
};

static void print_state(const struct ctl *ctl, const json_t *reply)
{
	const char *why = field_string(reply, "why", NULL);

	fputs("Offload ", stdout);
	for (size_t i = 0; i < COUNT(states); i++)
		if (field_is(reply, "state", states[i].state))
			printf("%s%s%s\n", output_paint(ctl, states[i].paint), states[i].text,
			       output_paint(ctl, PAINT_END));
	if (why)
		output_wrapped(ctl, 0, INDENT, why);
}

static void add_count(struct table *table, const json_t *object, const char *key,
		      const char *what)
{
	table_add(table, "");
	table_add(table, format_json_count(json_object_get(object, key)).s);
	table_add(table, what);
}

static void print_totals(const json_t *reply)
{
	static const struct table_column columns[] = {
		{ "", false, 0 }, { "", true, 0 }, { "", false, 0 },
	};
	const json_t *queued = json_object_get(reply, "queued");
	struct table table;

	table_init(&table, columns, COUNT(columns));
	add_count(&table, reply, "taken_total", "SYNs that the kernel has done with");
	add_count(&table, reply, "queued_total",
		  "SYNs sent on to the queue; not for the kernel were");
	add_count(&table, queued, "odd_layout_total",
		  "  those with options other than the usual");
	add_count(&table, queued, "odd_header_total",
		  "  those in fragments, or after extension headers");
	add_count(&table, queued, "not_known_total",
		  "  those of a tiny MSS, or that the tables leave to the queue");
	table_print(&table, stdout, 0, "", "");
	table_done(&table);
}

static void add_interface(const struct ctl *ctl, struct table *table, const json_t *row)
{
	table_add_clean(table, field_string(row, "interface", "-"), ctl->utf8);
	table_add(table, field_is(row, "family", "ipv6") ? "IPv6" : "IPv4");
	table_add(table, format_field_bytes(row, "mss_bytes").s);
	table_add(table, format_json_count(json_object_get(row, "hosts")).s);
	table_add(table, format_json_count(json_object_get(row, "nets")).s);
	table_add_clean(table, field_string(row, "way", "-"), ctl->utf8);
}

/* Why the queue has the interface, a line for each reason and interface. */
static void print_why(const struct ctl *ctl, const json_t *row)
{
	const char *why = field_string(row, "why", NULL);
	char line[256];

	if (!why)
		return;
	snprintf(line, sizeof(line), "%s, %s: %s", field_string(row, "interface", "-"),
		 field_is(row, "family", "ipv6") ? "IPv6" : "IPv4", why);
	output_wrapped(ctl, 0, INDENT, line);
}

static int print_interfaces(const struct ctl *ctl, const json_t *rows)
{
	static const struct table_column columns[] = {
		{ "INTERFACE", false, 0 }, { "FAMILY", false, 0 }, { "MSS", true, 0 },
		{ "HOSTS", true, 0 },      { "NETS", true, 0 },    { "WAY", false, 0 },
	};
	struct table table;
	int r;

	table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < json_array_size(rows); i++)
		add_interface(ctl, &table, json_array_get(rows, i));
	r = table_print(&table, stdout, ctl->width, output_paint(ctl, PAINT_BOLD),
			output_paint(ctl, PAINT_END));
	table_done(&table);
	if (r < 0)
		return output_fail(ctl, CTL_FAILED, NULL, "offload: out of memory");
	for (size_t i = 0; i < json_array_size(rows); i++)
		print_why(ctl, json_array_get(rows, i));
	return CTL_OK;
}

static int print_offload(const struct ctl *ctl, const json_t *reply)
{
	print_state(ctl, reply);
	if (!field_is(reply, "state", "active"))
		return CTL_OK;
	print_totals(reply);
	putchar('\n');
	return print_interfaces(ctl, json_object_get(reply, "interfaces"));
}

int command_offload(const struct ctl *ctl, int argc, char **argv)
{
	json_t *reply;
	int code;

	(void)argc;
	(void)argv;
	code = client_call(ctl, "GetOffload", NULL, &reply);
	if (!reply)
		return code;
	if (ctl->json)
		output_json(ctl, reply);
	else
		code = print_offload(ctl, reply);
	if (code == CTL_OK && field_is(reply, "state", "failed"))
		code = CTL_FAILED;
	json_decref(reply);
	return code;
}
