/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/commands.h"
#include "ctl/field.h"
#include "ctl/format.h"
#include "ctl/output.h"
#include "ctl/table.h"

#define FLOW_HINT "mssclampctl help explain shows what a flow is."
#define FLOW_MAX 256 /* bytes; two addresses with scope and port are under 150 */

static const struct table_column columns[] = {
	{ "", false, 0 }, /* indent */
	{ "", false, 0 }, /* what */
	{ "", true, 0 },  /* value */
	{ "", false, 0 }, /* source */
};

/* "192.168.1.10 -> 10.8.0.7:443   IPv4, eth1 -> wg0, mark 0x1". */
static void print_flow(const struct ctl *ctl, const json_t *flow)
{
	const char *destination = field_string(flow, "destination", "-");
	const json_t *port = json_object_get(flow, "port");
	bool brackets = json_is_integer(port) && strchr(destination, ':');

	fputs(output_paint(ctl, PAINT_BOLD), stdout);
	if (field_string(flow, "source", NULL)) {
		output_text(ctl, field_string(flow, "source", "-"));
		fputs(" -> ", stdout);
	}
	fputs(brackets ? "[" : "", stdout);
	output_text(ctl, destination);
	fputs(brackets ? "]" : "", stdout);
	if (json_is_integer(port))
		printf(":%s", format_json_bytes(port).s);
	printf("%s   %s, ", output_paint(ctl, PAINT_END),
	       field_is(flow, "family", "ipv6") ? "IPv6" : "IPv4");
	output_text(ctl, field_string(flow, "in_interface", "this host"));
	fputs(" -> ", stdout);
	output_text(ctl, field_string(flow, "out_interface", "this host"));
	if (field_count(flow, "mark"))
		printf(", mark 0x%llx", (unsigned long long)field_count(flow, "mark"));
	putchar('\n');
}

/* The name of a side: the first is where the flow comes in, the second where it goes out. */
static const char *side_name(size_t index)
{
	return index == 0 ? "in" : "out";
}

static void add_step(const struct ctl *ctl, struct table *table, const json_t *step)
{
	table_add(table, "   ");
	table_add_clean(table, field_string(step, "what", NULL), ctl->utf8);
	table_add(table, format_json_bytes(json_object_get(step, "value_bytes")).s);
	table_add_clean(table, field_string(step, "source", ""), ctl->utf8);
}

static int print_side(const struct ctl *ctl, const json_t *side, const char *name)
{
	const json_t *steps = json_object_get(side, "steps");
	struct table table;
	int r;

	printf("%s%-3s%s  ", output_paint(ctl, PAINT_BOLD), name, output_paint(ctl, PAINT_END));
	output_text(ctl, field_string(side, "interface", "this host"));
	if (field_string(side, "address", NULL)) {
		fputs(", ", stdout);
		output_text(ctl, field_string(side, "address", "-"));
	}
	putchar('\n');
	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < json_array_size(steps); i++)
		add_step(ctl, &table, json_array_get(steps, i));
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
static void print_result(const struct ctl *ctl, const json_t *reply)
{
	const json_t *result = json_object_get(reply, "result");
	const json_t *sides = json_object_get(reply, "sides");
	const json_t *mss = json_object_get(result, "mss_bytes");
	const char *why = field_string(result, "decided_by", field_string(result, "rule", NULL));
	const json_t *side;
	size_t index = 0;

	if (!json_is_integer(mss)) {
		printf("%sno limit%s: neither side has one\n", output_paint(ctl, PAINT_BOLD),
		       output_paint(ctl, PAINT_END));
		return;
	}
	printf("%sMSS %s%s", output_paint(ctl, PAINT_BOLD), format_json_bytes(mss).s,
	       output_paint(ctl, PAINT_END));
	side = find_deciding(sides, field_count(result, "mtu_bytes"), &index);
	if (side) {
		printf(" (side %s, ", side_name(index));
		output_text(ctl, field_string(side, "interface", "this host"));
		putchar(')');
	}
	if (why) {
		fputs(": ", stdout);
		output_text(ctl, why);
	}
	putchar('\n');
}

static int print_explain(const struct ctl *ctl, const json_t *reply)
{
	const json_t *sides = json_object_get(reply, "sides");
	size_t count = json_array_size(sides);

	print_flow(ctl, json_object_get(reply, "flow"));
	for (size_t i = 0; i < count; i++)
		if (print_side(ctl, json_array_get(sides, i), side_name(i)) < 0)
			return output_fail(ctl, CTL_FAILED, NULL, "explain: out of memory");
	print_result(ctl, reply);
	return CTL_OK;
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
	for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
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
