/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print-man PART: a part of a manual page in scdoc(5), from the tables of the programs. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ctl/commands.h"
#include "daemon/alerts/alert_table.h"
#include "daemon/config/config_row.h"
#include "daemon/metrics/rows.h"
#include "daemon/usage.h"
#include "exporter/usage.h"
#include "facts/usage.h"
#include "notify/usage.h"

/* What scdoc would take for markup. */
static void print_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr("*_\\<>#[]|", text[i]))
			putchar('\\');
		putchar(text[i]);
	}
}

static void print_all(const char *text)
{
	print_text(text, strlen(text));
}

/* A sentence; options in it are bold, files and variables underlined, as scdoc marks them. */
static void print_sentence(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, " "), word = len;
		char mark = *text == '-' ? '*' : *text == '/' || *text == '$' ? '_' : '\0';

		while (mark && word > 0 && strchr(".,;:", text[word - 1]))
			word--;
		if (mark)
			putchar(mark);
		print_text(text, word);
		if (mark)
			putchar(mark);
		print_text(text + word, len - word);
		text += len;
		while (*text == ' ')
			putchar(*text++);
	}
}

/* An example stands indented by two blanks or more; other lines run together. */
static bool is_example(const char *line)
{
	return strncmp(line, "  ", 2) == 0;
}

/* Below a definition, so everything is indented by one tab. */
static void print_details(const char *text)
{
	bool example = false, open = false;

	while (text && *text) {
		size_t len = strcspn(text, "\n");
		bool is = is_example(text);

		if (is != example)
			printf("%s\t```\n", is && open ? "\n\n" : is ? "\n" : "");
		if (is)
			printf("\t%.*s\n", (int)len - 2, text + 2);
		else if (!open)
			putchar('\t');
		else
			putchar(' ');
		if (!is)
			print_text(text, len);
		open = !is;
		example = is;
		text += len + (text[len] != '\0');
	}
	puts(example ? "\t```" : "");
}

static void print_option(const struct option_row *row)
{
	if (row->letter)
		printf("\t*-%c*, ", row->letter);
	else
		putchar('\t');
	printf("*");
	print_all(row->name);
	printf("*");
	if (row->argument) {
		fputs(" _", stdout);
		print_all(row->argument);
		putchar('_');
	}
	fputs("\n\t\t", stdout);
	print_all(row->help);
	puts("\n");
}

static void print_command(const struct command *command)
{
	printf("*%s*", command->name);
	if (*command->arguments) {
		fputs(" _", stdout);
		print_all(command->arguments);
		putchar('_');
	}
	printf("%s\n\t%c", command->admin ? " (admin)" : "", toupper(command->summary[0]));
	print_all(command->summary + 1);
	puts(".\n");
	if (command->details)
		print_details(command->details);
	putchar('\n');
	for (const struct option_row *row = command->options; row->name; row++)
		print_option(row);
}

static void print_commands(void)
{
	for (const struct command *command = commands; command->name; command++)
		print_command(command);
}

static void print_options(void)
{
	for (const struct option_row *row = options_global; row->name; row++) {
		if (row->letter)
			printf("*-%c*, ", row->letter);
		printf("*%s*", row->name);
		if (row->argument) {
			fputs(" _", stdout);
			print_all(row->argument);
			putchar('_');
		}
		fputs("\n\t", stdout);
		print_all(row->help);
		puts("\n");
	}
}

static void print_range(const struct config_row *row)
{
	char *text = NULL;
	size_t len;
	FILE *memory = open_memstream(&text, &len);

	if (!memory)
		exit(1);
	config_row_print_range(memory, row);
	if (row->needs_restart)
		fputs("; a change needs a restart", memory);
	fclose(memory);
	print_all(text);
	free(text);
}

static void print_setting(const struct config_row *row)
{
	printf("*");
	print_all(row->path);
	printf("*");
	if (row->preset) {
		fputs(" = ", stdout);
		print_all(row->preset);
	}
	printf("\n\t%c", toupper(row->help[0]));
	print_all(row->help + 1);
	fputs(" (", stdout);
	print_range(row);
	puts(").\n");
}

static void print_settings(void)
{
	for (size_t i = 0; i < config_row_count; i++)
		print_setting(&config_rows[i]);
}

static void print_list(const struct config_list *list)
{
	print_all(list->help);
	puts("\n");
	for (size_t i = 0; i < list->key_count; i++)
		print_setting(&list->keys[i]);
	printf("```\n%s = (\n", list->name);
	for (size_t i = 0; list->example[i]; i++)
		printf("\t%s%s\n", list->example[i], list->example[i + 1] ? "," : "");
	puts(");\n```");
}

static void print_rules(void)
{
	print_list(&config_rules);
}

static void print_tunnels(void)
{
	print_list(&config_tunnels);
}

static void print_metrics(void)
{
	for (size_t i = 0; i < metrics_row_count; i++) {
		const struct metrics_row *row = &metrics_rows[i];

		printf("*");
		print_all(row->metric.name);
		printf("*");
		if (*row->labels) {
			fputs("{", stdout);
			print_all(row->labels);
			fputs("}", stdout);
		}
		printf(" (%s)\n\t", exposition_type_name(row->metric.type));
		print_all(row->metric.help);
		puts("\n");
	}
}

static void print_alerts(void)
{
	for (size_t i = 0; i < alert_row_count; i++) {
		printf("*");
		print_all(alert_rows[i].name);
		fputs("* (_", stdout);
		print_all(alert_rows[i].setting);
		fputs("_)\n\t", stdout);
		print_all(alert_rows[i].unit);
		puts(".\n");
	}
}

/* Options are bold, what stands for a value is underlined. */
static void print_synopsis(const struct usage *usage)
{
	printf("*%s* ", usage->program);
	for (const char *at = usage->synopsis; *at;) {
		size_t len = strcspn(at, " []");
		const char *mark = *at == '-' ? "*" : isupper((unsigned char)*at) ? "_" : "";

		if (len && *at != '.') {
			fputs(mark, stdout);
			print_text(at, len);
			fputs(mark, stdout);
		} else {
			len = len ? len : 1;
			print_text(at, len);
		}
		at += len;
	}
	putchar('\n');
}

static void print_usage_options(const struct usage *usage)
{
	for (const struct usage_option *row = usage->options; row->name; row++) {
		if (row->value < 256)
			printf("*-%c*, ", row->value);
		printf("*--%s*", row->name);
		if (row->argument)
			printf(" _%s_", row->argument);
		fputs("\n\t", stdout);
		print_sentence(row->page);
		puts("\n");
	}
}

static const struct usage *const usages[] = {
	&daemon_usage, &notify_usage, &exporter_usage, &facts_usage,
};

/* "mssclampd-options", "mssclampd-synopsis". Returns whether it is one of these. */
static bool print_usage(const char *part)
{
	for (size_t i = 0; i < COUNT(usages); i++) {
		size_t len = strlen(usages[i]->program);

		if (strncmp(part, usages[i]->program, len) != 0)
			continue;
		if (strcmp(part + len, "-options") == 0)
			print_usage_options(usages[i]);
		else if (strcmp(part + len, "-synopsis") == 0)
			print_synopsis(usages[i]);
		else
			continue;
		return true;
	}
	return false;
}

static const struct { const char *name; void (*print)(void); } parts[] = {
	{ "commands", print_commands }, { "options", print_options },
	{ "settings", print_settings }, { "rules", print_rules },
	{ "tunnels", print_tunnels },   { "metrics", print_metrics },
	{ "alerts", print_alerts },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < COUNT(parts); i++) {
		if (strcmp(argv[1], parts[i].name) == 0) {
			parts[i].print();
			return fflush(stdout) == 0 ? 0 : 1;
		}
	}
	if (argc == 2 && print_usage(argv[1]))
		return fflush(stdout) == 0 ? 0 : 1;
	fprintf(stderr, "usage: %s PART\n", argv[0]);
	return 2;
}
