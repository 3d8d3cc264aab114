/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/usage.h"

#include <getopt.h>
#include <stdbool.h>
#include <string.h>

static bool has_letter(const struct usage_option *row)
{
	return row->value < 256;
}

/* "--config FILE" */
static size_t name_width(const struct usage_option *row)
{
	return strlen("--") + strlen(row->name) +
	       (row->argument ? strlen(" ") + strlen(row->argument) : 0);
}

void usage_print(FILE *out, const struct usage *usage)
{
	size_t widest = 0;

	for (const struct usage_option *row = usage->options; row->name; row++)
		widest = name_width(row) > widest ? name_width(row) : widest;
	fprintf(out, "usage: %s %s\n%s", usage->program, usage->synopsis, usage->text);
	for (const struct usage_option *row = usage->options; row->name; row++) {
		if (has_letter(row))
			fprintf(out, "  -%c, ", row->value);
		else
			fputs("      ", out);
		fprintf(out, "--%s%s%s%*s  %s\n", row->name, row->argument ? " " : "",
			row->argument ? row->argument : "", (int)(widest - name_width(row)), "",
			row->help);
	}
}

int usage_next(const struct usage *usage, int argc, char **argv)
{
	struct option options[USAGE_OPTIONS_MAX + 1] = { 0 };
	char letters[2 * USAGE_OPTIONS_MAX + 1] = "";
	size_t count = 0, used = 0;

	for (const struct usage_option *row = usage->options; row->name; row++) {
		options[count++] = (struct option){
			.name = row->name, .val = row->value,
			.has_arg = row->argument ? required_argument : no_argument };
		if (!has_letter(row))
			continue;
		letters[used++] = (char)row->value;
		if (row->argument)
			letters[used++] = ':';
	}
	return getopt_long(argc, argv, letters, options, NULL);
}
