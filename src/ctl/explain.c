/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/mode.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"
#include "ctl/screen/table.h"

#define FLOW_HINT "mssclampctl help explain shows what a flow is."
#define FLOW_MAX 256 /* bytes; two addresses with scope and port are under 150, ids of peers too */
#define INDENT (3 + TABLE_GAP) /* columns before the words of a step */
#define WORDS_MIN 20 /* columns for them, however narrow the screen is */

static const struct table_column columns[] = {
	{ "", false, 0 }, /* indent */
	{ "", false, 0 }, /* what */
	{ "", true, 0 },  /* value */
	{ "", false, 0 }, /* source */
};

/* "192.168.1.10 -> 10.8.0.7:443", owned. NULL: out of memory. */
static char *addresses_text(const struct ctl *ctl, const json_t *flow)
{
	const char *source = field_string(flow, "source", NULL);
	const char *destination = field_string(flow, "destination", "-");
	const json_t *port = json_object_get(flow, "port");
	bool has_port = json_is_integer(port), brackets = has_port && strchr(destination, ':');
	char *raw, *clean;

	if (asprintf(&raw, "%s%s%s%s%s%s%s", source ? source : "", source ? " -> " : "",
		     brackets ? "[" : "", destination, brackets ? "]" : "", has_port ? ":" : "",
		     has_port ? format_json_bytes(port).s : "") < 0)
		return NULL;
	clean = format_clean(raw, ctl->utf8, false);
	free(raw);
	return clean;
}

/* "192.168.1.10 -> 10.8.0.7:443   IPv4, eth1 -> wg0, mark 0x1". */
static int print_flow(const struct ctl *ctl, const json_t *flow)
{
	char *addresses = addresses_text(ctl, flow), *ways, mark[32] = "";

	if (field_count(flow, "mark"))
		snprintf(mark, sizeof(mark), ", mark 0x%llx",
			 (unsigned long long)field_count(flow, "mark"));
	if (!addresses ||
	    asprintf(&ways, "   %s, %s -> %s%s", field_is(flow, "family", "ipv6") ? "IPv6" : "IPv4",
		     field_string(flow, "in_interface", "this host"),
		     field_string(flow, "out_interface", "this host"), mark) < 0) {
		free(addresses);
		return -ENOMEM;
	}
	printf("%s%s%s", output_paint(ctl, PAINT_BOLD), addresses, output_paint(ctl, PAINT_END));
	output_wrapped(ctl, format_columns(addresses), INDENT, ways);
	free(addresses);
	free(ways);
	return 0;
}

/* The name of a side: the first is where the flow comes in, the second where it goes out. */
static const char *side_name(size_t index)
{
	return index == 0 ? "in" : "out";
}

/* Columns that the words of the steps may take, beside their values and sources. */
static unsigned int words_columns(const struct ctl *ctl, const json_t *steps)
{
	unsigned int value = 0, source = 0;

	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);
		const json_t *bytes = json_object_get(step, "value_bytes");
		unsigned int v = format_columns(format_json_bytes(bytes).s);
		unsigned int s = format_columns(field_string(step, "source", ""));

		value = v > value ? v : value;
		source = s > source ? s : source;
	}
	value += INDENT + TABLE_GAP + (source ? source + TABLE_GAP : 0);
	return ctl->width > value + WORDS_MIN ? ctl->width - value : WORDS_MIN;
}

static void add_row(struct table *table, const char *words, const char *value, const char *source)
{
	table_add(table, "   ");
	table_add(table, words);
	table_add(table, value);
	table_add(table, source);
}

/* What of the words did not fit on the line of its step, two blanks further in. */
static void add_rest(struct table *table, const char *rest, unsigned int width)
{
	while (*rest) {
		size_t len = format_break(rest, width - 2);
		char *line;

		if (asprintf(&line, "  %.*s", (int)len, rest) < 0) {
			table->failed = true;
			return;
		}
		add_row(table, line, "", "");
		free(line);
		rest += len;
		rest += strspn(rest, " ");
	}
}

static void add_step(const struct ctl *ctl, struct table *table, const json_t *step,
		     unsigned int width)
{
	char *what = format_clean(field_string(step, "what", "-"), ctl->utf8, false);
	char *source = format_clean(field_string(step, "source", ""), ctl->utf8, false);
	size_t len;

	table->failed |= !what || !source;
	if (what && source) {
		len = format_break(what, width);
		if (what[len])
			what[len++] = '\0';
		add_row(table, what, format_field_bytes(step, "value_bytes").s, source);
		add_rest(table, what + len, width);
	}
	free(what);
	free(source);
}

static int print_side(const struct ctl *ctl, const json_t *side, const char *name)
{
	const json_t *steps = json_object_get(side, "steps");
	unsigned int words = words_columns(ctl, steps);
	struct table table;
	int r;

	printf("%s%-3s%s  ", output_paint(ctl, PAINT_BOLD), name, output_paint(ctl, PAINT_END));
	output_text(ctl, field_string(side, "interface", "this host"));
	if (field_string(side, "address", NULL)) {
		fputs(", ", stdout);
		output_text(ctl, field_string(side, "address", "-"));
	}
	putchar('\n');
	table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < json_array_size(steps); i++)
		add_step(ctl, &table, json_array_get(steps, i), words);
	r = table_print(&table, stdout, 0, "", "");
	table_done(&table);
	return r;
}

/* The side whose largest packet became the flow's; of equal ones the last. NULL where none is. */
static const json_t *find_deciding(const json_t *sides, uint64_t mtu, size_t *ret_index)
{
	for (size_t i = json_array_size(sides); i--;) {
		*ret_index = i;
		if (mtu && field_count(json_array_get(sides, i), "inner_mtu_bytes") == mtu)
			return json_array_get(sides, i);
	}
	return NULL;
}

/* "MSS 1380 (side out, wg0): link MTU of wg0". */
static int print_result(const struct ctl *ctl, const json_t *reply)
{
	const json_t *result = json_object_get(reply, "result");
	const json_t *sides = json_object_get(reply, "sides");
	const json_t *mss = json_object_get(result, "mss_bytes");
	const char *why = field_string(result, "decided_by", field_string(result, "rule", NULL));
	struct format_text text = format_json_bytes(mss);
	const json_t *side;
	size_t index = 0;
	char *rest;

	if (!json_is_integer(mss)) {
		printf("%sno limit%s: neither side has one\n", output_paint(ctl, PAINT_BOLD),
		       output_paint(ctl, PAINT_END));
		return 0;
	}
	side = find_deciding(sides, field_count(result, "mtu_bytes"), &index);
	if (asprintf(&rest, "%s%s%s%s%s%s%s", side ? " (side " : "", side ? side_name(index) : "",
		     side ? ", " : "", side ? field_string(side, "interface", "this host") : "",
		     side ? ")" : "", why ? ": " : "", why ? why : "") < 0)
		return -ENOMEM;
	printf("%sMSS %s%s", output_paint(ctl, PAINT_BOLD), text.s, output_paint(ctl, PAINT_END));
	output_wrapped(ctl, format_columns("MSS ") + format_columns(text.s), INDENT, rest);
	free(rest);
	return 0;
}

/* "SYNs are clamped by the kernel: ..."; in mode queue, where all is as ever, nothing. */
static void print_way(const struct ctl *ctl, const json_t *way)
{
	const char *why = field_string(way, "why", NULL);
	char line[256];

	if (!why)
		return;
	if (field_is(way, "by", "nobody"))
		snprintf(line, sizeof(line), "SYNs of this flow are not clamped: %s", why);
	else
		snprintf(line, sizeof(line), "SYNs are clamped by %s: %s",
			 field_is(way, "by", "kernel") ? "the kernel (offload)" : "mssclampd", why);
	output_wrapped(ctl, 0, INDENT, line);
}

static int print_explain(const struct ctl *ctl, const json_t *reply)
{
	const json_t *sides = json_object_get(reply, "sides");
	size_t count = json_array_size(sides);
	bool audit = mode_is_audit(ctl);
	int r;

	r = print_flow(ctl, json_object_get(reply, "flow"));
	for (size_t i = 0; r == 0 && i < count; i++)
		r = print_side(ctl, json_array_get(sides, i), side_name(i));
	if (r == 0)
		r = print_result(ctl, reply);
	if (r == 0)
		print_way(ctl, json_object_get(reply, "way"));
	if (r == 0 && audit)
		puts("Audit mode: nothing is changed; this is what would be clamped to.");
	return r < 0 ? output_fail(ctl, CTL_FAILED, NULL, "explain: out of memory") : CTL_OK;
}

/* Joins the words to one flow with blanks. Returns 0 or -E2BIG. */
static int join_words(char *const *words, char flow[FLOW_MAX])
{
	size_t len = 0;

	*flow = '\0';
	for (; *words; words++) {
		int n = snprintf(flow + len, FLOW_MAX - len, "%s%s", len ? " " : "", *words);

		len += (size_t)n;
		if (len >= FLOW_MAX)
			return -E2BIG;
	}
	return 0;
}

/* Adds a text of the command line. Returns 0 or -EINVAL where JSON cannot hold it. */
static int set_text(json_t *parameters, const char *name, const char *text)
{
	return json_object_set_new(parameters, name, json_string(text)) == 0 ? 0 : -EINVAL;
}

/* The parameters of the call, owned; NULL with *ret_bad, the text that is no UTF-8. */
static json_t *make_parameters(const char *flow, char *const *argv, const char **ret_bad)
{
	static const char *const optional[] = { "iif", "oif", "mark" };
	json_t *parameters = json_object();
	char option[8];

	*ret_bad = flow;
	if (set_text(parameters, "flow", flow) < 0)
		goto fail;
	for (size_t i = 0; i < COUNT(optional); i++) {
		snprintf(option, sizeof(option), "--%s", optional[i]);
		*ret_bad = options_value(argv, option);
		if (*ret_bad && set_text(parameters, optional[i], *ret_bad) < 0)
			goto fail;
	}
	return parameters;
fail:
	json_decref(parameters);
	return NULL;
}

int command_explain(const struct ctl *ctl, int argc, char **argv)
{
	json_t *parameters, *reply;
	char flow[FLOW_MAX];
	const char *bad;
	int code;

	(void)argc;
	if (join_words(options_words(argv, NULL), flow) < 0)
		return output_fail(ctl, CTL_USAGE, FLOW_HINT,
				   "explain: the flow is longer than %d bytes", FLOW_MAX - 1);
	parameters = make_parameters(flow, argv, &bad);
	if (!parameters)
		return output_fail(ctl, CTL_USAGE, FLOW_HINT, "explain: '%s' is no UTF-8 text",
				   bad);
	code = client_call(ctl, "Explain", parameters, &reply);
	if (!reply)
		return code;
	if (ctl->json)
		output_json(ctl, reply);
	else
		code = print_explain(ctl, reply);
	json_decref(reply);
	return code;
}
