/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"
#include "ctl/screen/peer_label.h"
#include "ctl/screen/table.h"

static const struct table_column columns[] = {
	{ "TUNNEL", false, 0 }, { "PEER", false, 0 },     { "ENDPOINT", false, 2 },
	{ "PATH", true, 1 },    { "SOURCE", false, 3 },   { "MSS4/MSS6", false, 0 },
	{ "LAST SEEN", true, 4 },
};

/* Who answers no probe is told apart from who was not asked yet. */
static struct format_text source_of(const json_t *peer)
{
	struct format_text text = format_json_source(json_object_get(peer, "path_source"),
						     json_object_get(peer, "path_age_seconds"));
	size_t len = strlen(text.s);

	if (field_is(peer, "probe_result", "no_answer"))
		snprintf(text.s + len, sizeof(text.s) - len, ", silent");
	return text;
}

static void add_peer(const struct ctl *ctl, struct table *table, const json_t *peer)
{
	const json_t *mss4 = json_object_get(peer, "mss4_bytes");
	const json_t *mss6 = json_object_get(peer, "mss6_bytes");
	char *label = peer_label(ctl, peer), mss[100];

	table_add_clean(table, field_string(peer, "tunnel", NULL), ctl->utf8);
	table_add(table, label ? label : "?");
	table_add_clean(table, field_string(peer, "endpoint", NULL), ctl->utf8);
	table_add(table, format_field_bytes(peer, "path_mtu_bytes").s);
	table_add_clean(table, source_of(peer).s, ctl->utf8);
	snprintf(mss, sizeof(mss), "%s/%s", format_json_bytes(mss4).s, format_json_bytes(mss6).s);
	table_add(table, strcmp(mss, "-/-") == 0 ? "-" : mss);
	table_add(table, format_json_age(json_object_get(peer, "handshake_age_seconds")).s);
	free(label);
}

/* "! wg0 alice: the ends differ". */
static void print_warnings(const struct ctl *ctl, const json_t *peer)
{
	const json_t *warnings = json_object_get(peer, "warnings");
	char *label, *subject;

	for (size_t i = 0; i < json_array_size(warnings); i++) {
		const char *text = json_string_value(json_array_get(warnings, i));

		label = peer_label(ctl, peer);
		if (asprintf(&subject, "%s %s", field_string(peer, "tunnel", "-"),
			     label ? label : "?") >= 0) {
			output_notice(ctl, PAINT_WARN, subject, text ? text : "-");
			free(subject);
		}
		free(label);
	}
}

/* Returns 0 or -ENOMEM. */
static int print_table(const struct ctl *ctl, const json_t *peers)
{
	struct table table;
	int r;

	table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < json_array_size(peers); i++)
		add_peer(ctl, &table, json_array_get(peers, i));
	r = table_print(&table, stdout, ctl->width, output_paint(ctl, PAINT_BOLD),
			output_paint(ctl, PAINT_END));
	table_done(&table);
	return r;
}

static int print_peers(const struct ctl *ctl, const json_t *peers, const char *tunnel)
{

	if (!json_array_size(peers)) {
		if (tunnel)
			output_text(ctl, tunnel);
		puts(tunnel ? " has no peer." : "No peer found.");
		return CTL_OK;
	}
	if (print_table(ctl, peers) < 0)
		return output_fail(ctl, CTL_FAILED, NULL, "peers: out of memory");
	for (size_t i = 0; i < json_array_size(peers); i++)
		print_warnings(ctl, json_array_get(peers, i));
	return CTL_OK;
}

int command_peers(const struct ctl *ctl, int argc, char **argv)
{
	const char *tunnel = *options_words(argv, NULL);
	json_t *parameters = json_object(), *reply;
	int code;

	(void)argc;
	if (tunnel && json_object_set_new(parameters, "tunnel", json_string(tunnel)) < 0) {
		json_decref(parameters);
		return output_fail(ctl, CTL_USAGE, "mssclampctl tunnels lists the tunnels.",
				   "peers: '%s' is no UTF-8 text", tunnel);
	}
	code = client_call(ctl, "ListPeers", parameters, &reply);
	if (!reply)
		return code;
	if (ctl->json)
		output_json(ctl, reply);
	else
		code = print_peers(ctl, json_object_get(reply, "peers"), tunnel);
	json_decref(reply);
	return code;
}
