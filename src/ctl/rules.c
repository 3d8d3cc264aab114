/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"
#include "ctl/screen/table.h"

static const struct {
	const char *state;
	enum paint paint;
	const char *text;
} states[] = {
	{ "ok", PAINT_GOOD, "ok: the live rules are the expected ones" },
	{ "missing", PAINT_BAD, "MISSING: none of our rules is there" },
	{ "different", PAINT_BAD, "DIFFERENT: the live rules are not the expected ones" },
	{ "none", PAINT_GOOD, "none: the rules are left to you (firewall = \"none\")" },
};

static bool is_bad(const json_t *reply)
{
	return field_is(reply, "state", "missing") || field_is(reply, "state", "different");
}

static void print_state(const struct ctl *ctl, const json_t *reply)
{
	uint64_t repairs = field_count(reply, "reinstalled_total");

	fputs("Backend ", stdout);
	output_text(ctl, field_string(reply, "backend", "-"));
	fputs(", ", stdout);
	for (size_t i = 0; i < COUNT(states); i++)
		if (field_is(reply, "state", states[i].state))
			printf("%s%s%s", output_paint(ctl, states[i].paint), states[i].text,
			       output_paint(ctl, PAINT_END));
	if (repairs)
		printf("; repaired %s time%s", format_count(repairs).s, text_plural(repairs));
	putchar('\n');
}

/* How many SYNs each hook's rules have counted. */
static void print_counters(const json_t *counters)
{
	static const struct table_column columns[] = {
		{ "", false, 0 }, { "", false, 0 }, { "", true, 0 }, { "", false, 0 },
	};
	static const char *const hooks[] = { "forward", "output", "input" };
	const json_t *over_limit = json_object_get(counters, "over_limit_total");
	struct table table;

	table_init(&table, columns, COUNT(columns));
	for (size_t i = 0; i < COUNT(hooks); i++) {
		table_add(&table, "");
		table_add(&table, hooks[i]);
		table_add(&table, format_json_count(json_object_get(counters, hooks[i])).s);
		table_add(&table, "SYNs");
	}
	if (json_is_integer(over_limit)) {
		table_add(&table, "");
		table_add(&table, "over limit");
		table_add(&table, format_json_count(over_limit).s);
		table_add(&table, "SYNs of those, unchanged (queues.per_source)");
	}
	table_print(&table, stdout, 0, "", "");
	table_done(&table);
}

static void print_diff(const struct ctl *ctl, const json_t *diff)
{
	if (!json_array_size(diff)) {
		puts("No difference.");
		return;
	}
	puts("- expected, + live:");
	for (size_t i = 0; i < json_array_size(diff); i++) {
		const char *line = json_string_value(json_array_get(diff, i));

		if (!line)
			continue;
		fputs(output_paint(ctl, *line == '-' ? PAINT_BAD : PAINT_GOOD), stdout);
		output_text(ctl, line);
		printf("%s\n", output_paint(ctl, PAINT_END));
	}
}

static int show_live(const struct ctl *ctl, bool diff)
{
	json_t *reply;
	int code = client_call(ctl, "GetRules", diff ? json_pack("{s:b}", "diff", 1) : NULL,
			       &reply);

	if (!reply)
		return code;
	if (is_bad(reply))
		code = CTL_FOUND;
	if (ctl->json) {
		output_json(ctl, reply);
	} else if (!ctl->quiet) {
		print_state(ctl, reply);
		if (diff)
			print_diff(ctl, json_object_get(reply, "diff"));
		else
			print_counters(json_object_get(reply, "counters"));
	}
	json_decref(reply);
	return code;
}

static int apply(const struct ctl *ctl)
{
	json_t *reply;
	int code = client_call(ctl, "ApplyRules", NULL, &reply);

	if (!reply)
		return code;
	if (is_bad(reply))
		code = CTL_FAILED;
	if (ctl->json)
		output_json(ctl, reply);
	else if (!ctl->quiet)
		print_state(ctl, reply);
	json_decref(reply);
	return code;
}

/* The text comes from mssclampd and is for a pipe or a file: only a terminal gets it cleaned. */
static void print_text(const struct ctl *ctl, const char *text)
{
	char *clean;

	if (!ctl->terminal) {
		fputs(text, stdout);
		return;
	}
	clean = format_clean(text, ctl->utf8, true);
	fputs(clean ? clean : "", stdout);
	free(clean);
}

/* Whether nobody is there who knows the settings in force; an error that mssclampd itself told is
 * none of that. */
static bool is_out_of_reach(const struct client_error *error)
{
	return !error->answered &&
	       (error->code == CTL_NOT_RUNNING || error->code == CTL_DENIED);
}

/* The rules as mssclampd would load them, or those of the default settings. Returns CTL_OK and the
 * owned answer, or says what is wrong. */
static int ask_for_text(const struct ctl *ctl, const char *format, json_t **ret_reply)
{
	struct client_error error;
	int code = CTL_OK;
	int r = client_try(ctl, "GetRules", json_pack("{s:s}", "print", format), ret_reply, &error);

	if (r < 0 && is_out_of_reach(&error)) {
		output_warn(ctl, "%s: these are the rules of the default settings",
			    client_error_text(&error));
		code = rules_default(ctl, format, ret_reply);
	} else if (r < 0) {
		code = output_fail(ctl, error.code, error.hint, "%s", client_error_text(&error));
	}
	client_error_done(&error);
	return code;
}

static int print_rules(const struct ctl *ctl, const char *format)
{
	const char *text;
	json_t *reply;
	int code;

	if (strcmp(format, "nft") != 0 && strcmp(format, "iptables") != 0)
		return output_fail(ctl, CTL_USAGE, "Write --print nft or --print iptables.",
				   "rules: --print %s: must be nft or iptables", format);
	code = ask_for_text(ctl, format, &reply);
	if (code != CTL_OK)
		return code;
	text = field_string(reply, "text", NULL);
	if (!text)
		code = output_fail(ctl, CTL_FAILED, "Its log may tell why: journalctl -u mssclampd",
				   "rules: mssclampd could not write them as %s", format);
	else if (ctl->json)
		output_json(ctl, reply);
	else
		print_text(ctl, text);
	json_decref(reply);
	return code;
}

int command_rules(const struct ctl *ctl, int argc, char **argv)
{
	const char *format = options_value(argv, "--print");
	bool diff = options_value(argv, "--diff"), apply_now = options_value(argv, "--apply");
	bool remove_now = options_value(argv, "--remove");

	(void)argc;
	if ((format != NULL) + diff + apply_now + remove_now > 1)
		return output_fail(ctl, CTL_USAGE, "mssclampctl help rules tells more.",
				   "rules: --print, --diff, --apply and --remove exclude each "
				   "other");
	if (ctl->every_ns && (format || apply_now || remove_now))
		return output_fail(ctl, CTL_USAGE, "mssclampctl help rules tells more.",
				   "rules: --every goes with the live rules and --diff only");
	if (format)
		return print_rules(ctl, format);
	if (apply_now)
		return apply(ctl);
	return remove_now ? rules_remove(ctl) : show_live(ctl, diff);
}
