/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"

#define SHOWN_MAX 50 /* of each list: thousands of rules may have changed */

/* A setting's value as it would stand in the file; null is what was not set. */
static void print_value(const struct ctl *ctl, const json_t *value)
{
	char *text;

	if (!value || json_is_null(value)) {
		fputs("unset", stdout);
		return;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	output_text(ctl, text ? text : "?");
	free(text);
}

static void print_change(const struct ctl *ctl, const json_t *change)
{
	const char *file = field_string(change, "file", NULL);

	fputs("  ", stdout);
	output_text(ctl, field_string(change, "path", "-"));
	fputs(": ", stdout);
	print_value(ctl, json_object_get(change, "old"));
	fputs(" -> ", stdout);
	print_value(ctl, json_object_get(change, "new"));
	if (file) {
		fputs("   (", stdout);
		output_text(ctl, file);
		if (field_count(change, "line"))
			printf(":%s", format_field_bytes(change, "line").s);
		putchar(')');
	}
	putchar('\n');
}

static void print_reload(const struct ctl *ctl, const json_t *reply)
{
	const json_t *changed = json_object_get(reply, "changed");
	const json_t *restart = json_object_get(reply, "needs_restart");
	const json_t *warnings = json_object_get(reply, "warnings");
	size_t changes = json_array_size(changed);
	uint64_t files = field_count(reply, "files");

	for (size_t i = 0; i < json_array_size(warnings) && i < SHOWN_MAX; i++)
		output_warn(ctl, "%s", json_string_value(json_array_get(warnings, i)));
	if (json_array_size(warnings) > SHOWN_MAX)
		output_warn(ctl, "%zu warnings more; --json has all of them",
			    json_array_size(warnings) - SHOWN_MAX);
	if (ctl->quiet)
		return;
	printf("Reloaded: %s file%s, ", format_count(files).s, text_plural(files));
	if (changes)
		printf("%zu setting%s changed\n", changes, text_plural(changes));
	else
		puts("nothing changed");
	for (size_t i = 0; i < changes && i < SHOWN_MAX; i++)
		print_change(ctl, json_array_get(changed, i));
	if (changes > SHOWN_MAX)
		printf("  ... and %zu more; --json has all of them\n", changes - SHOWN_MAX);
	for (size_t i = 0; i < json_array_size(restart); i++) {
		const char *text = json_string_value(json_array_get(restart, i));

		printf("%sneeds a restart:%s ", output_paint(ctl, PAINT_WARN),
		       output_paint(ctl, PAINT_END));
		output_text(ctl, text ? text : "-");
		putchar('\n');
	}
}

int command_reload(const struct ctl *ctl, int argc, char **argv)
{
	json_t *reply;
	int code;

	(void)argc;
	(void)argv;
	code = client_call(ctl, "Reload", NULL, &reply);
	if (!reply)
		return code;
	if (ctl->json)
		output_json(ctl, reply);
	else
		print_reload(ctl, reply);
	json_decref(reply);
	return code;
}
