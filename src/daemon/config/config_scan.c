/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config_scan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DECIMAL_DIGITS_MAX 18  /* that surely fit 63 bits */
#define HEX_DIGITS_MAX 15
#define DECIMAL_DIGITS_SHORT 9 /* that surely fit 31 bits */
#define HEX_DIGITS_SHORT 7

#define DIGITS "0123456789"
#define FLOAT_BYTES DIGITS ".eE+-"
#define NAME_STARTS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ*"
#define NAME_BYTES NAME_STARTS DIGITS "-_"

struct scan {
	struct config_report *report;
	struct config_where where;
	const char *at;
	char *out;
	int result; /* what config_scan returns */
};

static void note(struct scan *scan, const char *path, const char *text)
{
	if (config_report_add(scan->report, CONFIG_ERROR, scan->where, path, "%s", text) < 0)
		scan->result = -ENOMEM;
}

/* Nothing behind this place is read. */
static void stop(struct scan *scan, const char *text)
{
	scan->result = 1;
	note(scan, "syntax error", text);
}

static void put(struct scan *scan, char byte)
{
	*scan->out++ = byte;
}

static void copy(struct scan *scan, size_t len)
{
	for (const char *end = scan->at + len; scan->at < end; scan->at++) {
		scan->where.line += *scan->at == '\n';
		put(scan, *scan->at);
	}
}

static bool sees(const struct scan *scan, const char *text)
{
	return strncmp(scan->at, text, strlen(text)) == 0;
}

static void skip_line(struct scan *scan)
{
	scan->at += strcspn(scan->at, "\n");
}

static void skip_include(struct scan *scan)
{
	note(scan, "@include", "a file includes no other here, "
	     "make that one a drop-in: NAME.conf in the folder FILE.d");
	skip_line(scan);
}

/* Newlines stay, so that line numbers do. */
static void skip_block_comment(struct scan *scan)
{
	const char *end = strstr(scan->at + 2, "*/");

	if (!end) {
		stop(scan, "the comment that begins here is not closed, end it with */");
		return;
	}
	put(scan, ' ');
	for (; scan->at < end + 2; scan->at++) {
		if (*scan->at != '\n')
			continue;
		put(scan, '\n');
		scan->where.line++;
	}
}

static void copy_string(struct scan *scan)
{
	const char *end = scan->at + 1;

	while (*end && *end != '"')
		end += *end == '\\' && end[1] ? 2 : 1;
	if (*end)
		copy(scan, (size_t)(end + 1 - scan->at));
	else
		stop(scan, "the string that begins here is not closed, end it with \"");
}

/* Floats are copied. A wide integer gets the L that makes libconfig keep all its bits, and one too
 * wide even for that is cut: what is left is outside every setting's range as well. */
static void copy_number(struct scan *scan)
{
	bool hex = sees(scan, "0x") || sees(scan, "0X");
	const char *digits = scan->at + (hex ? 2 : 0);
	const char *end = digits + strspn(digits, hex ? DIGITS "abcdefABCDEF" : DIGITS);
	size_t max = hex ? HEX_DIGITS_MAX : DECIMAL_DIGITS_MAX, len;

	if (!hex && *end && strchr(".eE", *end)) {
		copy(scan, strspn(scan->at, FLOAT_BYTES));
		return;
	}
	digits += strspn(digits, "0");
	len = (size_t)(end - digits);
	copy(scan, (size_t)(digits - scan->at) + (len < max ? len : max));
	scan->at = end;
	if (*end != 'L' && len > (size_t)(hex ? HEX_DIGITS_SHORT : DECIMAL_DIGITS_SHORT))
		put(scan, 'L');
}

static void take_token(struct scan *scan)
{
	char c = *scan->at;

	if (c == '#' || sees(scan, "//"))
		skip_line(scan);
	else if (sees(scan, "/*"))
		skip_block_comment(scan);
	else if (sees(scan, "@include"))
		skip_include(scan);
	else if (c == '"')
		copy_string(scan);
	else if (strchr(DIGITS, c))
		copy_number(scan);
	else if (c == '.')
		copy(scan, strspn(scan->at, FLOAT_BYTES));
	else if (strchr(NAME_STARTS, c))
		copy(scan, strspn(scan->at, NAME_BYTES));
	else
		copy(scan, 1);
}

int config_scan(const char *file, const char *bytes, size_t len, struct config_report *report,
		char **ret_text)
{
	struct scan scan = { .report = report, .where = { file, 1 }, .at = bytes };
	char *text = malloc(2 * len + 1); /* a number of ten digits may get one byte more */

	if (!text)
		return -ENOMEM;
	scan.out = text;
	if (sees(&scan, "\xef\xbb\xbf"))
		scan.at += 3; /* the byte order mark of some editors */
	while (*scan.at && scan.result == 0)
		take_token(&scan);
	if (scan.result == 0 && scan.at < bytes + len)
		stop(&scan, "a NUL byte stands in this line, is this a text file?");
	if (scan.result < 0) {
		free(text);
		return scan.result;
	}
	*scan.out = '\0';
	*ret_text = text;
	return scan.result;
}
