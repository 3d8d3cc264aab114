/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "base/array.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"
#include "ctl/screen/table.h"

static const struct table_column columns[] = {
	{ "NAME", false, 0 },   { "KIND", false, 1 },   { "OUTER", false, 6 },
	{ "PATH", true, 5 },    { "SOURCE", false, 4 }, { "OVERHEAD", true, 7 },
	{ "INNER", true, 2 },   { "MSS4", true, 0 },    { "MSS6", true, 0 },
	{ "IF-MTU", false, 3 }, { "PEERS", true, 8 },
};

static void add_bytes(struct table *table, const json_t *tunnel, const char *key)
{
	table_add(table, format_field_bytes(tunnel, key).s);
}

/* "1420", "1480 !" where the interface lets packets in that the tunnel cannot carry. */
static void add_interface_mtu(struct table *table, const json_t *tunnel)
{
	uint64_t mtu = field_count(tunnel, "interface_mtu_bytes");
	uint64_t inner = field_count(tunnel, "inner_mtu_bytes");
	char text[56];

	snprintf(text, sizeof(text), "%s%s",
		 format_field_bytes(tunnel, "interface_mtu_bytes").s,
		 inner && mtu > inner ? " !" : "");
	table_add(table, text);
}

static const char *family_name(const json_t *tunnel)
{
	if (field_is(tunnel, "outer_family", "ipv4"))
		return "IPv4";
	return field_is(tunnel, "outer_family", "ipv6") ? "IPv6" : NULL;
}

static void add_tunnel(const struct ctl *ctl, struct table *table, const json_t *tunnel)
{
	table_add_clean(table, field_string(tunnel, "name", NULL), ctl->utf8);
	table_add_clean(table, field_string(tunnel, "kind", NULL), ctl->utf8);
	table_add(table, family_name(tunnel));
	add_bytes(table, tunnel, "outer_path_mtu_bytes");
	table_add_clean(table, format_json_source(json_object_get(tunnel, "source"),
						  json_object_get(tunnel, "age_seconds")).s,
			ctl->utf8);
	add_bytes(table, tunnel, "overhead_bytes");
	add_bytes(table, tunnel, "inner_mtu_bytes");
	add_bytes(table, tunnel, "mss4_bytes");
	add_bytes(table, tunnel, "mss6_bytes");
	add_interface_mtu(table, tunnel);
	table_add(table, format_json_count(json_object_get(tunnel, "peers")).s);
}

static void print_warnings(const struct ctl *ctl, const json_t *tunnel)
{
	const json_t *warnings = json_object_get(tunnel, "warnings");

	for (size_t i = 0; i < json_array_size(warnings); i++) {
		const char *text = json_string_value(json_array_get(warnings, i));

		output_notice(ctl, PAINT_WARN, field_string(tunnel, "name", "-"),
			      text ? text : "-");
	}
}

static int print_tunnels(const struct ctl *ctl, const json_t *tunnels)
{
	struct table table;
	int r;

	if (!json_array_size(tunnels)) {
		puts("No tunnel found.");
		return CTL_OK;
	}
	table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < json_array_size(tunnels); i++)
		add_tunnel(ctl, &table, json_array_get(tunnels, i));
	r = table_print(&table, stdout, ctl->width, output_paint(ctl, PAINT_BOLD),
			output_paint(ctl, PAINT_END));
	table_done(&table);
	if (r < 0)
		return output_fail(ctl, CTL_FAILED, NULL, "tunnels: out of memory");
	for (size_t i = 0; i < json_array_size(tunnels); i++)
		print_warnings(ctl, json_array_get(tunnels, i));
	return CTL_OK;
}

int command_tunnels(const struct ctl *ctl, int argc, char **argv)
{
	json_t *reply;
	int code;

	(void)argc;
	(void)argv;
	code = client_call(ctl, "ListTunnels", NULL, &reply);
	if (!reply)
		return code;
	if (ctl->json)
		output_json(ctl, reply);
	else
		code = print_tunnels(ctl, json_object_get(reply, "tunnels"));
	json_decref(reply);
	return code;
}
