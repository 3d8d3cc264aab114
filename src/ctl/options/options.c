/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/options/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "ctl/options/ctl.h"

#define SUGGEST_MAX 32 /* options looked at for "did you mean" */

enum global {
	GLOBAL_JSON,
	GLOBAL_JSON_LINES,
	GLOBAL_COLOR,
	GLOBAL_ASCII,
	GLOBAL_QUIET,
	GLOBAL_SOCKET,
	GLOBAL_TIMEOUT,
	GLOBAL_EVERY,
	GLOBAL_HELP,
	GLOBAL_VERSION,
};

const struct option_row options_global[] = {
	[GLOBAL_JSON] = { "--json", 0, NULL, "JSON instead of a screen, errors too" },
	[GLOBAL_JSON_LINES] = { "--json-lines", 0, NULL, "the same, one object a line" },
	[GLOBAL_COLOR] = { "--color", 0, "auto|always|never", "colour; auto: on a terminal" },
	[GLOBAL_ASCII] = { "--ascii", 0, NULL, "nothing but ASCII in bars and texts" },
	[GLOBAL_QUIET] = { "--quiet", 'q', NULL,
			   "no warnings, no text that the exit code says" },
	[GLOBAL_SOCKET] = { "--socket", 's', "PATH",
			    "control socket; default: $MSSCLAMP_SOCKET, or "
			    CTL_DEFAULT_SOCKET },
	[GLOBAL_TIMEOUT] = { "--timeout", 0, "SEC", "how long to wait for an answer; default: 10" },
	[GLOBAL_EVERY] = { "--every", 0, "SEC", "repeat until interrupted" },
	[GLOBAL_HELP] = { "--help", 'h', NULL, "this help, or that of the command" },
	[GLOBAL_VERSION] = { "--version", 'V', NULL, "the version" },
	{ 0 },
};

/* One reading of a command line. */
struct parser {
	struct options *options;
	char **args; /* what is left to read, ended by NULL */
	options_of_command *own_of;
	const char *command;          /* the first word */
	const struct option_row *own; /* its options, NULL: not read yet, or unknown */
	const char **words;
	size_t word_count;
};

static int __attribute__((format(printf, 2, 3)))
refuse(struct parser *parser, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(parser->options->why, OPTIONS_WHY_MAX, format, list);
	va_end(list);
	return -EINVAL;
}

static int read_colour(struct parser *parser, const char *value)
{
	static const char *const words[] = {
		[COLOUR_AUTO] = "auto", [COLOUR_ALWAYS] = "always", [COLOUR_NEVER] = "never",
	};

	for (unsigned int i = 0; i < COUNT(words); i++) {
		if (strcmp(value, words[i]) == 0) {
			parser->options->colour = (enum colour_when)i;
			return 0;
		}
	}
	return refuse(parser, "--color %s: must be auto, always or never", value);
}

static int read_seconds(struct parser *parser, const char *name, const char *value,
			uint64_t *ret_ns)
{
	if (options_parse_seconds(value, ret_ns) < 0)
		return refuse(parser,
			      "%s %s: must be seconds such as 2, 0.5 or 500ms, at most a day", name,
			      value);
	return 0;
}

static int apply_global(struct parser *parser, enum global option, const char *value)
{
	struct options *options = parser->options;

	switch (option) {
	case GLOBAL_JSON:
	case GLOBAL_JSON_LINES:
		return 0; /* read ahead: see options_parse */
	case GLOBAL_COLOR:
		return read_colour(parser, value);
	case GLOBAL_ASCII:
		options->ascii = true;
		return 0;
	case GLOBAL_QUIET:
		options->quiet = true;
		return 0;
	case GLOBAL_SOCKET:
		options->socket = value;
		return *value ? 0 : refuse(parser, "--socket: the path is empty");
	case GLOBAL_TIMEOUT:
		return read_seconds(parser, "--timeout", value, &options->timeout_ns);
	case GLOBAL_EVERY:
		return read_seconds(parser, "--every", value, &options->every_ns);
	case GLOBAL_HELP:
		options->help = true;
		return 0;
	case GLOBAL_VERSION:
		options->version = true;
		return 0;
	}
	return 0;
}

/* Adds an option of the command to what it gets. */
static int apply_own(struct parser *parser, const struct option_row *row, const char *value)
{
	struct options *options = parser->options;
	char *text;

	if (asprintf(&text, "%s%s%s", row->name, value ? "=" : "", value ? value : "") < 0)
		return -ENOMEM;
	options->argv[options->argc++] = text;
	return 0;
}

static const struct option_row *find_name(const struct option_row *rows, const char *name,
					  size_t len)
{
	for (; rows && rows->name; rows++)
		if (strlen(rows->name) == len && memcmp(rows->name, name, len) == 0)
			return rows;
	return NULL;
}

static const struct option_row *find_letter(const struct option_row *rows, char letter)
{
	for (; rows && rows->name; rows++)
		if (rows->letter == letter)
			return rows;
	return NULL;
}

static int refuse_unknown(struct parser *parser, const char *name, size_t len)
{
	const char *list[SUGGEST_MAX + 1], *near;
	char word[64];
	size_t count = 0;

	for (const struct option_row *row = options_global; row->name; row++)
		list[count++] = row->name;
	for (const struct option_row *row = parser->own; row && row->name; row++)
		if (count < SUGGEST_MAX)
			list[count++] = row->name;
	list[count] = NULL;
	snprintf(word, sizeof(word), "%.*s", (int)len, name);
	near = text_suggest(word, list);
	return refuse(parser, "unknown option %s%s%s%s", word, near ? ", did you mean " : "",
		      near ? near : "", near ? "?" : "");
}

/* "--print nft or --print iptables", where the values are few. */
static void hint_values(struct options *options, const struct option_row *row)
{
	const char *value = row->argument;
	FILE *out = strchr(value, '|') ? fmemopen(options->hint, OPTIONS_WHY_MAX, "w") : NULL;

	if (!out)
		return;
	fputs("Write ", out);
	while (*value) {
		size_t len = strcspn(value, "|");

		fprintf(out, "%s %.*s", row->name, (int)len, value);
		value += len;
		if (*value++ != '|')
			break;
		fputs(strchr(value, '|') ? ", " : " or ", out);
	}
	fputs(".", out);
	fclose(out);
}

static int apply_row(struct parser *parser, const struct option_row *row, const char *value)
{
	if (row->argument && !value) {
		value = *parser->args;
		if (!value) {
			hint_values(parser->options, row);
			return refuse(parser, "%s needs a value: %s", row->name, row->argument);
		}
		parser->args++;
	}
	if (!row->argument && value)
		return refuse(parser, "%s takes no value", row->name);
	if (find_name(options_global, row->name, strlen(row->name)) == row)
		return apply_global(parser, (enum global)(row - options_global), value);
	return apply_own(parser, row, value);
}

/* Whether the options of a command that does not exist are being read: nobody can judge them. */
static bool is_lost(const struct parser *parser)
{
	return parser->command && !parser->own;
}

static int read_long(struct parser *parser, const char *arg)
{
	size_t len = strcspn(arg, "=");
	const char *value = arg[len] ? arg + len + 1 : NULL;
	const struct option_row *row = find_name(options_global, arg, len);

	if (!row)
		row = find_name(parser->own, arg, len);
	if (!row)
		return is_lost(parser) ? 0 : refuse_unknown(parser, arg, len);
	return apply_row(parser, row, value);
}

/* "-q", "-qV", "-sPATH", "-s PATH". */
static int read_short(struct parser *parser, const char *arg)
{
	int r = 0;

	while (*++arg && r == 0) {
		const struct option_row *row = find_letter(options_global, *arg);

		if (!row)
			row = find_letter(parser->own, *arg);
		if (!row)
			return is_lost(parser) ? 0 : refuse(parser, "unknown option -%c", *arg);
		if (row->argument)
			return apply_row(parser, row, arg[1] ? arg + 1 : NULL);
		r = apply_row(parser, row, NULL);
	}
	return r;
}

static int read_word(struct parser *parser, const char *arg)
{
	struct options *options = parser->options;

	if (parser->command) {
		parser->words[parser->word_count++] = arg;
		return 0;
	}
	options->argv[options->argc] = strdup(arg);
	if (!options->argv[options->argc])
		return -ENOMEM;
	options->argc++;
	parser->command = arg;
	parser->own = parser->own_of(arg);
	return 0;
}

static int read_all(struct parser *parser)
{
	bool only_words = false;
	int r = 0;

	while (*parser->args && r == 0) {
		const char *arg = *parser->args++;

		if (only_words || arg[0] != '-' || !arg[1] || arg[1] == '>')
			r = read_word(parser, arg); /* "->" stands between two addresses */
		else if (strcmp(arg, "--") == 0)
			only_words = true;
		else
			r = arg[1] == '-' ? read_long(parser, arg) : read_short(parser, arg);
	}
	return r;
}

/* Puts "--" and the words behind the options. */
static int append_words(struct parser *parser)
{
	struct options *options = parser->options;

	for (size_t i = 0; options->argc && i <= parser->word_count; i++) {
		char *text = strdup(i ? parser->words[i - 1] : "--");

		if (!text)
			return -ENOMEM;
		options->argv[options->argc++] = text;
	}
	return 0;
}

int options_parse(int argc, char **argv, options_of_command *own, struct options *ret)
{
	struct parser parser = { .options = ret, .args = argv + 1, .own_of = own };
	int r;

	*ret = (struct options){ .colour = COLOUR_AUTO };
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		ret->json_lines |= strcmp(argv[i], "--json-lines") == 0;
		ret->json |= ret->json_lines || strcmp(argv[i], "--json") == 0;
	}
	ret->argv = calloc((size_t)argc + 2, sizeof(*ret->argv));
	parser.words = calloc((size_t)argc + 1, sizeof(*parser.words));
	if (!ret->argv || !parser.words || argc < 1)
		r = ret->argv && parser.words ? refuse(&parser, "no command line") : -ENOMEM;
	else
		r = read_all(&parser);
	if (r == 0)
		r = append_words(&parser);
	free(parser.words);
	return r;
}

void options_done(struct options *options)
{
	for (int i = 0; i < options->argc; i++)
		free(options->argv[i]);
	free(options->argv);
	options->argv = NULL;
	options->argc = 0;
}
