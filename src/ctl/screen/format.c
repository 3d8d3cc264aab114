/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/screen/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SPRINT(text, ...) snprintf((text)->s, sizeof((text)->s), __VA_ARGS__)

static const struct format_text unknown = { "-" };

struct format_text format_count(uint64_t count)
{
	struct format_text text;
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
	size_t at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text.s[at++] = ',';
		text.s[at++] = digits[i];
	}
	text.s[at] = '\0';
	return text;
}

struct format_text format_json_count(const json_t *value)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return unknown;
	return format_count((uint64_t)json_integer_value(value));
}

struct format_text format_json_bytes(const json_t *value)
{
	struct format_text text = unknown;

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		SPRINT(&text, "%lld", (long long)json_integer_value(value));
	return text;
}

struct format_text format_field_bytes(const json_t *reply, const char *name)
{
	return format_json_bytes(json_object_get(reply, name));
}

struct format_text format_json_latency(const json_t *value)
{
	double seconds = json_number_value(value);
	struct format_text text = unknown;

	if (!json_is_number(value) || seconds < 0)
		return text;
	if (seconds < 1e-3)
		SPRINT(&text, "%.0f us", seconds * 1e6);
	else if (seconds < 1)
		SPRINT(&text, "%.1f ms", seconds * 1e3);
	else
		SPRINT(&text, "%.1f s", seconds);
	return text;
}

struct format_text format_json_age(const json_t *value)
{
	struct format_text text = unknown;
	char age[AGE_TEXT_MAX];

	if (json_is_number(value))
		SPRINT(&text, "%s", text_format_age(json_number_value(value), age));
	return text;
}

struct format_text format_json_source(const json_t *source, const json_t *age)
{
	const char *name = json_string_value(source);
	struct format_text text = unknown;
	char since[AGE_TEXT_MAX];

	if (name && !json_is_number(age))
		SPRINT(&text, "%.16s", name);
	else if (name)
		SPRINT(&text, "%.16s %s%s", name, text_format_age(json_number_value(age), since),
		       strcmp(name, "probe") == 0 ? " ago" : "");
	return text;
}

struct format_text format_uptime(double seconds)
{
	struct format_text text = unknown;
	unsigned long long s;

	if (!(seconds >= 0 && seconds < 1e15))
		return text;
	s = (unsigned long long)seconds;
	if (s < 60)
		SPRINT(&text, "%llu s", s);
	else if (s < 3600)
		SPRINT(&text, "%llu min %llu s", s / 60, s % 60);
	else if (s < 86400)
		SPRINT(&text, "%llu:%02llu:%02llu h", s / 3600, s / 60 % 60, s % 60);
	else
		SPRINT(&text, "%llu d %02llu:%02llu", s / 86400, s / 3600 % 24, s / 60 % 60);
	return text;
}

struct format_text format_rate(double per_second)
{
	struct format_text text = unknown;

	if (per_second >= 0)
		SPRINT(&text, "%.1f", per_second);
	return text;
}

struct format_text format_percent(uint64_t part, uint64_t whole)
{
	struct format_text text = unknown;
	double percent;

	if (!whole)
		return text;
	percent = 100.0 * (double)part / (double)whole;
	if (part && percent < 0.5)
		SPRINT(&text, "<1%%");
	else
		SPRINT(&text, "%.0f%%", percent);
	return text;
}

void format_bar(char *text, unsigned int width, uint64_t part, uint64_t whole, bool utf8)
{
	/* U+2588 FULL BLOCK; the blocks of one to seven eighths are the code points that follow. */
	static const char eighth[8][4] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	double share = whole ? (double)part / (double)whole : 0;
	unsigned int parts = utf8 ? 8 : 1, filled, used = 0;

	filled = (unsigned int)((share > 1 ? 1 : share) * width * parts + 0.5);
	if (part && !filled)
		filled = 1;
	*text = '\0';
	for (; used < filled / parts; used++)
		text = stpcpy(text, utf8 ? "█" : "#");
	if (filled % parts) {
		text = stpcpy(text, eighth[filled % parts]);
		used++;
	}
	for (; used < width; used++)
		*text++ = ' ';
	*text = '\0';
}

/* Characters that move the cursor, start a sequence or change the direction of what follows. */
static bool is_obeyed(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad ||
	       (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

char *format_clean(const char *text, bool utf8, bool newlines)
{
	char *clean = malloc(strlen(text) + 1), *out = clean;

	if (!clean)
		return NULL;
	while (*text) {
		uint32_t code = 0;
		size_t len = text_utf8_decode(text, &code);

		if (*text == '\t') {
			*out++ = ' ';
		} else if ((*text == '\n' && newlines) ||
			   (len && !is_obeyed(code) && (utf8 || len == 1))) {
			memcpy(out, text, len);
			out += len;
		} else {
			*out++ = '?';
		}
		text += len ? len : 1;
	}
	*out = '\0';
	return clean;
}

unsigned int format_columns(const char *text)
{
	unsigned int columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

/* Bytes of the first so many characters. */
static size_t columns_to_bytes(const char *text, unsigned int columns)
{
	size_t len = 0;

	for (; text[len]; len++)
		if (((unsigned char)text[len] & 0xc0) != 0x80 && columns-- == 0)
			break;
	return len;
}

size_t format_break(const char *text, unsigned int columns)
{
	size_t len = columns_to_bytes(text, columns), at = len;

	if (!text[len])
		return len;
	while (at > 0 && text[at] != ' ')
		at--;
	if (at == 0)
		at = len + strcspn(text + len, " ");
	while (at > 0 && text[at - 1] == ' ')
		at--;
	return at;
}

void format_wrap(FILE *out, const char *text, unsigned int indent, unsigned int columns)
{
	size_t len = format_break(text, columns - indent);

	while (text[len]) {
		fprintf(out, "%.*s\n%*s", (int)len, text, (int)indent, "");
		text += len + strspn(text + len, " ");
		len = format_break(text, columns - indent);
	}
	fprintf(out, "%s\n", text);
}

void format_shorten(char *text, unsigned int columns)
{
	if (format_columns(text) > columns)
		strcpy(text + columns_to_bytes(text, columns - 3), "...");
}
