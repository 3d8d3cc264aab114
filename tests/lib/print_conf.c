/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints conf/mssclamp.conf from the table of settings: without its first column of '#' the file
 * says what holds without it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config/config_row.h"

#define LINE_WIDTH 96 /* columns of comments */

static const char head[] =
	"mssclampd configuration (libconfig syntax). An empty file is fine: every tunnel is found, "
	"both directions and both IP versions are clamped, nothing is raised or dropped.\n"
	"What stands here are the defaults: take the # away from the first column and change the "
	"value. Files mssclamp.conf.d/*.conf, read in the order of their names, replace single "
	"values and add rules and tunnels. Durations are like \"10m\" (ms, s, m, h, d) or seconds. "
	"Check with mssclampd -t, and have the running daemon take it with mssclampctl reload.";

/* Breaks the text between words; every line begins with prefix. */
static void print_wrapped(FILE *out, const char *text, const char *prefix)
{
	size_t room = LINE_WIDTH - strlen(prefix) - (prefix[1] == '\t' ? 6 : 0);

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len > room)
			for (len = room; len > 0 && text[len] != ' '; )
				len--;
		if (len == 0)
			len = strcspn(text, " \n");
		fprintf(out, "%s%.*s\n", prefix, (int)len, text);
		text += len + (text[len] != '\0');
	}
}

/* "Queues, one worker thread each (0 to 64 queues; a change needs a restart)" */
static void print_comment(FILE *out, const struct config_row *row, const char *name,
			  const char *prefix)
{
	char *text = NULL;
	size_t len;
	FILE *memory = open_memstream(&text, &len);

	if (!memory)
		return;
	fprintf(memory, "%s%c%s (", name, *name ? row->help[0] : toupper(row->help[0]),
		row->help + 1);
	config_row_print_range(memory, row);
	if (row->needs_restart)
		fputs("; a change needs a restart", memory);
	if (row->inactive)
		fputs("; not active in this version", memory);
	for (size_t i = 0; row->inactive >> i; i++) {
		if (row->inactive & 1U << i)
			fprintf(memory, "%s%s", row->inactive & ((1U << i) - 1) ? ", " : ": ",
				row->words[i]);
	}
	fputc(')', memory);
	if (fclose(memory) == 0)
		print_wrapped(out, text, prefix);
	free(text);
}

static bool same_group(size_t place, size_t other)
{
	size_t len = config_row_group_len(&config_rows[place]);

	return other < config_row_count && config_row_group_len(&config_rows[other]) == len &&
	       strncmp(config_rows[place].path, config_rows[other].path, len) == 0;
}

static void print_row(FILE *out, size_t place)
{
	const struct config_row *row = &config_rows[place];
	int len = (int)config_row_group_len(row);
	bool first = len && (!place || !same_group(place, place - 1));

	if (first || !len)
		fputc('\n', out);
	if (first)
		fprintf(out, "#%.*s = {\n", len, row->path);
	print_comment(out, row, "", len ? "#\t# " : "# ");
	fprintf(out, "#%s%s = %s;\n", len ? "\t" : "", config_row_name(row), row->preset);
	if (len && !same_group(place, place + 1))
		fputs("#};\n", out);
}

static void print_key(FILE *out, const struct config_row *row)
{
	char name[32];

	snprintf(name, sizeof(name), "%s: ", row->path);
	print_comment(out, row, name, "#   ");
}

static void print_list(FILE *out, const struct config_list *list)
{
	fputc('\n', out);
	print_wrapped(out, list->help, "# ");
	for (size_t i = 0; i < list->key_count; i++)
		print_key(out, &list->keys[i]);
	fprintf(out, "# For example:\n#%s = (\n", list->name);
	for (size_t i = 0; list->example[i]; i++)
		fprintf(out, "#\t%s%s\n", list->example[i], list->example[i + 1] ? "," : "");
	fputs("#);\n", out);
}

int main(void)
{
	print_wrapped(stdout, head, "# ");
	for (size_t i = 0; i < config_row_count; i++)
		print_row(stdout, i);
	print_list(stdout, &config_rules);
	print_list(stdout, &config_tunnels);
	return fflush(stdout) == 0 ? 0 : 1;
}
