/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_DIGITS_MAX 18   /* decimal digits that surely fit 63 bits */
#define HEX_DIGITS_MAX 15      /* the same for hexadecimal */
#define DECIMAL_DIGITS_SHORT 9 /* that surely fit 31 bits */
#define HEX_DIGITS_SHORT 7

/* One file being scanned. */
struct scan {
	struct config_source *source;
	struct config_report *report;
	const char *at, *end;
	struct config_where where;
	size_t file; /* its place in source->files */
	unsigned int depth;
};

static int refuse(const struct scan *scan, struct config_where where, const char *path,
		  const char *text)
{
	int r = config_report_add(scan->report, CONFIG_ERROR, where, path, "%s", text);

	return r < 0 ? r : -EINVAL;
}

static int put(struct scan *scan, const char *bytes, size_t len)
{
	struct config_source *source = scan->source;

	if (source->len + len + 1 > source->capacity) {
		size_t capacity = 2 * (source->len + len + 1);
		char *grown;

		if (source->len + len > SOURCE_TOTAL_MAX)
			return refuse(scan, scan->where, "@include",
				      "included files are more than 4 MiB together, include less");
		grown = realloc(source->text, capacity);
		if (!grown)
			return -ENOMEM;
		source->text = grown;
		source->capacity = capacity;
	}
	memcpy(source->text + source->len, bytes, len);
	source->len += len;
	source->text[source->len] = '\0';
	for (size_t i = 0; i < len; i++)
		source->lines += bytes[i] == '\n';
	return 0;
}

/* Copies len bytes and keeps count of the file's lines. */
static int scan_copy(struct scan *scan, size_t len)
{
	int r = put(scan, scan->at, len);

	for (size_t i = 0; i < len; i++)
		scan->where.line += scan->at[i] == '\n';
	scan->at += len;
	return r;
}

/* What follows in the text is this file from its current line on. */
static int scan_mark_span(struct scan *scan)
{
	struct config_source *source = scan->source;
	struct source_span *grown =
		reallocarray(source->spans, source->span_count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	source->spans = grown;
	grown[source->span_count++] = (struct source_span){
		.text_line = source->lines + 1, .file_line = scan->where.line, .file = scan->file,
	};
	return 0;
}

static size_t scan_left(const struct scan *scan)
{
	return (size_t)(scan->end - scan->at);
}

static bool scan_sees(const struct scan *scan, const char *text)
{
	size_t len = strlen(text);

	return scan_left(scan) >= len && memcmp(scan->at, text, len) == 0;
}

/* The file is one string: it has no NUL inside and one behind. */
static int scan_line_comment(struct scan *scan)
{
	scan->at += strcspn(scan->at, "\n");
	return 0;
}

static int scan_block_comment(struct scan *scan)
{
	struct config_where start = scan->where;
	const char *end = strstr(scan->at + 2, "*/");

	if (!end)
		return refuse(scan, start, "syntax error",
			      "the comment that begins here is not closed, end it with */");
	/* Newlines stay, so that line numbers do. */
	for (; scan->at < end + 2; scan->at++) {
		int r = *scan->at == '\n' ? put(scan, "\n", 1) : 0;

		if (r < 0)
			return r;
		scan->where.line += *scan->at == '\n';
	}
	return put(scan, " ", 1);
}

static int scan_string(struct scan *scan)
{
	const char *end = scan->at + 1;

	while (*end && *end != '"')
		end += *end == '\\' && end[1] ? 2 : 1;
	if (!*end)
		return refuse(scan, scan->where, "syntax error",
			      "the string that begins here is not closed, end it with \"");
	return scan_copy(scan, (size_t)(end + 1 - scan->at));
}

/* Floats are copied; a wide integer gets the L that makes libconfig keep all its bits. */
static int scan_number(struct scan *scan)
{
	bool hex = scan_sees(scan, "0x") || scan_sees(scan, "0X");
	const char *digits = scan->at + (hex ? 2 : 0);
	size_t len = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
	const char *end = digits + len;
	size_t zeros = strspn(digits, "0");
	int r;

	if (!hex && *end && strchr(".eE", *end))
		return scan_copy(scan, strspn(scan->at, "0123456789.eE+-"));
	if (zeros < len)
		len -= zeros;
	if (len > (size_t)(hex ? HEX_DIGITS_MAX : NUMBER_DIGITS_MAX))
		return refuse(scan, scan->where, "syntax error",
			      "this number has too many digits, no setting takes one so large");
	r = scan_copy(scan, (size_t)(end - scan->at));
	if (r < 0 || *end == 'L' || len <= (size_t)(hex ? HEX_DIGITS_SHORT : DECIMAL_DIGITS_SHORT))
		return r;
	return put(scan, "L", 1);
}

/* Owned, or NULL. */
static char *beside(const char *file, const char *name, size_t name_len)
{
	const char *slash = strrchr(file, '/');
	size_t folder = slash && name[0] != '/' ? (size_t)(slash + 1 - file) : 0;
	char *path = malloc(folder + name_len + 1);

	if (!path)
		return NULL;
	memcpy(path, file, folder);
	memcpy(path + folder, name, name_len);
	path[folder + name_len] = '\0';
	return path;
}

/* "@include", blanks and a name in quotes, at the beginning of a line. */
static int scan_include(struct scan *scan)
{
	const char *open = scan->at + strlen("@include");
	size_t len;
	char *path;
	int r;

	open += strspn(open, " \t");
	len = *open == '"' ? strcspn(open + 1, "\"\n") : 0;
	if (!len || open[1 + len] != '"')
		return refuse(scan, scan->where, "@include",
			      "has no file name, must be @include \"FILE\" on a line of its own");
	if (scan->depth >= SOURCE_DEPTH_MAX)
		return refuse(scan, scan->where, "@include",
			      "files include each other more than 10 deep, is there a circle?");
	path = beside(scan->where.file, open + 1, len);
	if (!path)
		return -ENOMEM;
	r = config_source_add(scan->source, path, scan->depth + 1, scan->report);
	if (r == -ENOENT) {
		r = config_report_add(scan->report, CONFIG_ERROR, scan->where, "@include",
				      "%s does not exist, name a file that does", path);
		r = r < 0 ? r : -EINVAL;
	}
	free(path);
	scan->at = open + 1 + len + 1;
	if (r == 0)
		r = put(scan, "\n", 1);
	return r < 0 ? r : scan_mark_span(scan);
}

/* Looks at what libconfig will see: for it too, an include counts only there. */
static bool scan_at_line_start(const struct scan *scan)
{
	const char *text = scan->source->text;
	size_t len = scan->source->len;

	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	return len == 0 || text[len - 1] == '\n';
}

static int scan_token(struct scan *scan)
{
	unsigned char c = (unsigned char)*scan->at;

	if (c == '#' || scan_sees(scan, "//"))
		return scan_line_comment(scan);
	if (scan_sees(scan, "/*"))
		return scan_block_comment(scan);
	if (c == '"')
		return scan_string(scan);
	if (scan_sees(scan, "@include") && scan_at_line_start(scan))
		return scan_include(scan);
	if (isdigit(c))
		return scan_number(scan);
	if (c == '.')
		return scan_copy(scan, strspn(scan->at, "0123456789.eE+-"));
	if (isalpha(c) || c == '*')
		return scan_copy(scan, strspn(scan->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"
							"QRSTUVWXYZ0123456789-_*"));
	return scan_copy(scan, 1);
}

static int scan_whole(struct scan *scan)
{
	const char *nul = memchr(scan->at, '\0', scan_left(scan));
	int r;

	if (scan_left(scan) > SOURCE_FILE_MAX)
		return refuse(scan, scan->where, "file", "is larger than 1 MiB, make it smaller");
	if (nul) {
		for (const char *at = scan->at; at < nul; at++)
			scan->where.line += *at == '\n';
		return refuse(scan, scan->where, "syntax error",
			      "a NUL byte stands in this line, is this a text file?");
	}
	if (scan_sees(scan, "\xef\xbb\xbf"))
		scan->at += 3; /* the byte order mark of some editors */
	r = scan_mark_span(scan);
	while (r == 0 && scan->at < scan->end)
		r = scan_token(scan);
	return r;
}

int config_scan(struct config_source *source, size_t file, const char *bytes, size_t len,
		unsigned int depth, struct config_report *report)
{
	struct scan scan = {
		.source = source, .report = report, .at = bytes, .end = bytes + len,
		.where = { source->files[file], 1 }, .file = file, .depth = depth,
	};

	return scan_whole(&scan);
}
