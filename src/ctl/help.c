/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The help screens, from the table of commands and those of options. */
#include <stdio.h>

#include "base/array.h"
#include "ctl/commands.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"

#define WIDTH 80       /* of a page, whatever the screen has: it is read in pipes, too */
#define HELP_COLUMN 34 /* behind the name of an option */

static const char *const exit_codes[] = {
	"0 done or healthy",
	"1 ran and failed, or found a problem",
	"2 bad command line",
	"3 mssclampd not reachable",
	"4 not permitted",
	"5 no such tunnel, peer or flow",
	"6 configuration invalid (the old one is kept)",
	"7 cannot tell",
};

static void print_options(FILE *out, const struct option_row *rows)
{
	for (; rows->name; rows++) {
		char left[64];

		snprintf(left, sizeof(left), "%s%s%s", rows->name, rows->argument ? " " : "",
			 rows->argument ? rows->argument : "");
		if (rows->letter)
			fprintf(out, "  -%c, %-26s  ", rows->letter, left);
		else
			fprintf(out, "      %-26s  ", left);
		format_wrap(out, rows->help, HELP_COLUMN, WIDTH);
	}
}

void help_print(FILE *out)
{
	fputs("Usage: mssclampctl [OPTION]... COMMAND [ARGUMENT]...\n\n"
	      "Shows what mssclampd does with the MSS of TCP connections, and controls it.\n\n"
	      "Commands:\n",
	      out);
	for (const struct command *command = commands; command->name; command++) {
		char left[32];

		snprintf(left, sizeof(left), "%s %s", command->name, command->arguments);
		fprintf(out, "  %-17s %s%s\n", left, command->summary,
			command->admin ? " (admin)" : "");
	}
	fputs("\n(admin): for root and members of control.admin_group (mssclamp-admin).\n"
	      "mssclampctl help COMMAND says all about one.\n\n"
	      "Options, before or after the command:\n",
	      out);
	print_options(out, options_global);
	fputs("\nExit codes:\n", out);
	for (size_t i = 0; i < COUNT(exit_codes); i++)
		fprintf(out, "  %s\n", exit_codes[i]);
}

void help_print_command(FILE *out, const struct command *command)
{
	static const char *const daemon[] = {
		[DAEMON_NO] = "Works without mssclampd.",
		[DAEMON_YES] = "Asks mssclampd.",
		[DAEMON_PARTLY] = "Asks mssclampd for what is live; the rest works without.",
	};

	fprintf(out, "Usage: mssclampctl %s%s%s%s\n\n%s: %s\n", command->name,
		command->options->name ? " [OPTION]..." : "", *command->arguments ? " " : "",
		command->arguments, command->name, command->summary);
	if (command->details)
		fprintf(out, "%s\n", command->details);
	fprintf(out, "%s%s\n", daemon[command->daemon],
		command->admin ? " For root and members of control.admin_group (mssclamp-admin)."
			       : "");
	if (command->options->name) {
		fputs("\nOptions:\n", out);
		print_options(out, command->options);
	}
	if (command->more)
		command->more(out);
	fputs("\nmssclampctl --help lists the global options and the exit codes.\n", out);
}

int command_help(const struct ctl *ctl, int argc, char **argv)
{
	char *const *words = options_words(argv, NULL);
	const struct command *command;
	const char *near;

	(void)argc;
	if (!words[0]) {
		help_print(stdout);
		return CTL_OK;
	}
	command = commands_find(words[0]);
	if (command) {
		help_print_command(stdout, command);
		return CTL_OK;
	}
	near = commands_suggest(words[0]);
	return output_fail(ctl, CTL_USAGE, "mssclampctl --help lists the commands.",
			   "help: no command '%s'%s%s%s", words[0],
			   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}
