/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config_report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define QUOTED_MAX 60 /* bytes of a user's text that an error repeats */

struct lines {
	char ***list;
	size_t *count;
};

static struct lines lines_of(struct config_report *report, enum config_severity severity)
{
	switch (severity) {
	case CONFIG_ERROR:
		return (struct lines){ &report->errors, &report->error_count };
	case CONFIG_WARNING:
		return (struct lines){ &report->warnings, &report->warning_count };
	case CONFIG_NOTICE:
		break;
	}
	return (struct lines){ &report->notices, &report->notice_count };
}

/* Takes line on success. */
static int lines_append(struct lines lines, char *line)
{
	char **grown = reallocarray(*lines.list, *lines.count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	grown[(*lines.count)++] = line;
	*lines.list = grown;
	return 0;
}

int config_report_add(struct config_report *report, enum config_severity severity,
		      struct config_where where, const char *path, const char *format, ...)
{
	char *line = NULL;
	size_t len;
	va_list args;
	FILE *out = open_memstream(&line, &len);
	int r;

	if (!out)
		return -ENOMEM;
	if (path)
		fprintf(out, "%s:%u: %s: ", where.file, where.line, path);
	else
		fprintf(out, "%s: ", where.file);
	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
	r = fclose(out) == 0 ? lines_append(lines_of(report, severity), line) : -ENOMEM;
	if (r < 0)
		free(line);
	return r;
}

static void lines_free(struct lines lines)
{
	for (size_t i = 0; i < *lines.count; i++)
		free((*lines.list)[i]);
	free(*lines.list);
}

void config_report_done(struct config_report *report)
{
	lines_free(lines_of(report, CONFIG_ERROR));
	lines_free(lines_of(report, CONFIG_WARNING));
	lines_free(lines_of(report, CONFIG_NOTICE));
	*report = (struct config_report){ 0 };
}

void config_print_quoted(FILE *out, const char *text)
{
	size_t len = strlen(text), shown = text_utf8_cut(text, len, QUOTED_MAX);

	fputc('"', out);
	for (size_t i = 0; i < shown; i++) {
		unsigned char c = (unsigned char)text[i];

		fputc(c < ' ' || c == 0x7f ? '?' : c, out);
	}
	fputs(len > shown ? "...\"" : "\"", out);
}
