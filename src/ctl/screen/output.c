/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/screen/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/written.h"
#include "ctl/screen/format.h"
#include "proto/varlink.h"

/* The name an error has in JSON and on the control socket. */
static const char *error_name(enum ctl_exit code)
{
	switch (code) {
	case CTL_USAGE:
		return "org.mssclamp.InvalidArgument";
	case CTL_NOT_RUNNING:
		return "org.mssclamp.NotRunning";
	case CTL_DENIED:
		return "org.mssclamp.PermissionDenied";
	case CTL_NOT_FOUND:
		return "org.mssclamp.NotFound";
	case CTL_BAD_CONFIG:
		return "org.mssclamp.InvalidConfiguration";
	case CTL_UNKNOWN:
		return "org.mssclamp.Unknown";
	case CTL_OK:
	case CTL_FAILED:
	case CTL_FOUND:
		break;
	}
	return "org.mssclamp.Failed";
}

static const char *program_of(const struct ctl *ctl)
{
	return ctl->program ? ctl->program : "mssclampctl";
}

/* Prints text behind prefix; every further line of it stands two blanks in. */
static void print_cleaned(const struct ctl *ctl, const char *prefix, const char *text)
{
	char *clean = format_clean(text, ctl->utf8, true), *line = clean, *end;

	fputs(prefix, stderr);
	while (line) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		fprintf(stderr, "%s\n", line);
		if (end && !*end)
			break;
		if (end)
			fputs("  ", stderr);
		line = end;
	}
	if (!clean)
		fputs("out of memory\n", stderr);
	free(clean);
}

static void print_error_json(const struct ctl *ctl, enum ctl_exit code, const char *hint,
			     const char *message)
{
	json_t *object = json_pack("{s:i, s:{s:s, s:o, s:o}}", "schema", CTL_SCHEMA, "error",
				   "name", error_name(code), "message", varlink_string(message),
				   "hint", varlink_string_or_null(hint && *hint ? hint : NULL));

	if (object)
		output_json(ctl, object);
	else
		fprintf(stderr, "%s: out of memory\n", program_of(ctl));
	json_decref(object);
}

int output_fail(const struct ctl *ctl, enum ctl_exit code, const char *hint, const char *format,
		...)
{
	char *message;
	va_list list;
	int r;

	va_start(list, format);
	r = vasprintf(&message, format, list);
	va_end(list);
	if (r < 0) {
		fprintf(stderr, "%s: out of memory\n", program_of(ctl));
		return (int)code;
	}
	if (ctl->json) {
		print_error_json(ctl, code, hint, message);
	} else {
		fprintf(stderr, "%s: ", program_of(ctl));
		print_cleaned(ctl, "", message);
		if (hint && *hint)
			print_cleaned(ctl, "  ", hint);
	}
	free(message);
	return (int)code;
}

void output_warn(const struct ctl *ctl, const char *format, ...)
{
	char *message;
	va_list list;
	int r;

	if (ctl->quiet)
		return;
	va_start(list, format);
	r = vasprintf(&message, format, list);
	va_end(list);
	if (r < 0)
		return;
	fprintf(stderr, "%s: warning: ", program_of(ctl));
	print_cleaned(ctl, "", message);
	free(message);
}

/* DEL stands in strings alone, and jansson leaves it as it is. */
static int put_without_del(const char *text, size_t len, void *userdata)
{
	FILE *out = userdata;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == 0x7f)
			fputs("\\u007f", out);
		else
			putc(text[i], out);
	}
	return 0;
}

void output_json(const struct ctl *ctl, const json_t *value)
{
	size_t flags = JSON_REAL_PRECISION(15) |
		       (size_t)(ctl->json_lines ? JSON_COMPACT : JSON_INDENT(2));

	/* A terminal obeys DEL and some characters beyond ASCII; JSON can name them all. */
	if (ctl->terminal)
		json_dump_callback(value, put_without_del, stdout, flags | JSON_ENSURE_ASCII);
	else
		json_dumpf(value, stdout, flags);
	putchar('\n');
}

void output_text(const struct ctl *ctl, const char *text)
{
	char *clean = format_clean(text, ctl->utf8, false);

	fputs(clean ? clean : "?", stdout);
	free(clean);
}

void output_wrapped(const struct ctl *ctl, unsigned int used, unsigned int indent,
		    const char *text)
{
	char *clean = format_clean(text, ctl->utf8, false);
	const char *rest = clean ? clean : "?";

	for (;;) {
		size_t len = format_break(rest, ctl->width > used ? ctl->width - used : 1);

		fwrite(rest, 1, len, stdout);
		putchar('\n');
		rest += len;
		rest += strspn(rest, " ");
		if (!*rest)
			break;
		printf("%*s", (int)indent, "");
		used = indent;
	}
	free(clean);
}

bool output_has_progress(const struct ctl *ctl)
{
	const char *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0 &&
	       !ctl->quiet && !ctl->json_lines;
}

void output_progress(const char *line)
{
	fprintf(stderr, "\r\033[K%s", line);
}

/* The length of a word of the shell: blanks within quotes are its own. */
static size_t word_length(const char *text)
{
	size_t len = 0;
	char quote = '\0';

	for (; text[len] && (quote || text[len] != ' '); len++) {
		if (quote && text[len] == quote)
			quote = '\0';
		else if (!quote && (text[len] == '\'' || text[len] == '"'))
			quote = text[len];
	}
	return len;
}

void output_command(const struct ctl *ctl, unsigned int used, unsigned int indent,
		    const char *text)
{
	char *clean = format_clean(text, ctl->utf8, false), *rest = clean;
	unsigned int at = used;

	while (rest && *rest) {
		size_t len = word_length(rest);
		char end = rest[len];
		unsigned int room = end ? 2 : 0; /* for a blank and a backslash */
		unsigned int columns;

		rest[len] = '\0';
		columns = format_columns(rest);
		if (at > used && at + 1 + columns + room > ctl->width) {
			printf(" \\\n%*s", (int)indent, "");
			at = used = indent;
		} else if (at > used) {
			putchar(' ');
			at++;
		}
		fputs(rest, stdout);
		at += columns;
		rest[len] = end;
		rest += len;
		rest += strspn(rest, " ");
	}
	puts(clean ? "" : "?");
	free(clean);
}

void output_notice(const struct ctl *ctl, enum paint paint, const char *subject, const char *text)
{
	char *line = NULL;

	printf("%s!%s ", output_paint(ctl, paint), output_paint(ctl, PAINT_END));
	if (subject && asprintf(&line, "%s: %s", subject, text) < 0)
		line = NULL;
	output_wrapped(ctl, 2, 2, !subject ? text : line ? line : "out of memory");
	free(line);
}

int output_finish(int code)
{
	return written_all("mssclampctl") ? code : CTL_FAILED;
}

const char *output_paint(const struct ctl *ctl, enum paint paint)
{
	static const char *const codes[] = {
		[PAINT_END] = "\033[0m",   [PAINT_BOLD] = "\033[1m", [PAINT_GOOD] = "\033[32m",
		[PAINT_WARN] = "\033[33m", [PAINT_BAD] = "\033[31m",
	};

	return ctl->colour ? codes[paint] : "";
}
