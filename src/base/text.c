/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"

#define SUGGEST_MAX 48 /* letters; longer words are not compared */

static const char decimal_digits[] = "0123456789";
static const char hex_digits[] = "0123456789abcdefABCDEF";

/* -1: no hexadecimal digit. */
static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit = (char)tolower((unsigned char)digit);
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool text_parse_hex(const char *text, size_t len, uint8_t *bytes)
{
	for (size_t i = 0; i < len; i++) {
		int high = digit_value(text[2 * i]);
		int low = high < 0 ? -1 : digit_value(text[2 * i + 1]);

		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

int text_keep(char **field, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

const char *text_plural(size_t count)
{
	return count == 1 ? "" : "s";
}

const char *text_and_more(size_t count, char text[TEXT_MORE_MAX])
{
	text[0] = '\0';
	if (count > 1)
		snprintf(text, TEXT_MORE_MAX, " (and %zu more)", count - 1);
	return text;
}

/* All `len` characters are digits of `base`. */
static int parse_digits(const char *digits, size_t len, unsigned int base, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++) {
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_value(digits[i]), &value))
			return -ERANGE;
	}
	*ret_value = value;
	return 0;
}

/* A leading zero is refused because half of the world reads it as octal. */
static int parse_decimal(const char *text, size_t len, uint64_t *ret_value)
{
	if (!len || (text[0] == '0' && len > 1))
		return -EINVAL;
	return parse_digits(text, len, 10, ret_value);
}

int text_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	size_t len = strspn(digits, hex ? hex_digits : decimal_digits);
	uint64_t value;
	int r;

	if (!len || digits[len])
		return -EINVAL;
	r = hex ? parse_digits(digits, len, 16, &value) : parse_decimal(digits, len, &value);
	if (r < 0)
		return r;
	if (value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int text_parse_duration(const char *text, uint64_t *ret_ns)
{
	static const struct { const char *name; uint64_t ns; } units[] = {
		{ "",   NS_PER_SECOND },
		{ "ms", NS_PER_MS },
		{ "s",  NS_PER_SECOND },
		{ "m",  60 * NS_PER_SECOND },
		{ "h",  60 * 60 * NS_PER_SECOND },
		{ "d",  24 * 60 * 60 * NS_PER_SECOND },
	};
	size_t len = strspn(text, decimal_digits);
	uint64_t number, ns;
	int r;

	for (size_t i = 0; i < COUNT(units); i++) {
		if (strcmp(text + len, units[i].name) != 0)
			continue;
		r = parse_decimal(text, len, &number);
		if (r < 0)
			return r;
		if (__builtin_mul_overflow(number, units[i].ns, &ns))
			return -ERANGE;
		*ret_ns = ns;
		return 0;
	}
	return -EINVAL;
}

const char *text_format_age(double seconds, char text[AGE_TEXT_MAX])
{
	static const struct {
		double below, unit;
		const char *name;
	} steps[] = {
		{ 120, 1, "s" },
		{ 7200, 60, "min" },
		{ 172800, 3600, "h" },
		{ 0, 86400, "d" },
	};
	size_t i = 0;

	if (!(seconds >= 0 && seconds < 1e15))
		return strcpy(text, "-");
	while (i + 1 < COUNT(steps) && seconds >= steps[i].below)
		i++;
	snprintf(text, AGE_TEXT_MAX, "%llu %s", (unsigned long long)(seconds / steps[i].unit),
		 steps[i].name);
	return text;
}

int text_parse_mark(const char *text, uint32_t *ret_value, uint32_t *ret_mask)
{
	const char *slash = strchr(text, '/');
	uint64_t value, mask = UINT32_MAX;
	char head[16]; /* "4294967295" and its end fit */
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	int r;

	if (len >= sizeof(head))
		return -EINVAL;
	memcpy(head, text, len);
	head[len] = '\0';
	r = text_parse_u64(head, 0, UINT32_MAX, &value);
	if (r == 0 && slash)
		r = text_parse_u64(slash + 1, 0, UINT32_MAX, &mask);
	if (r < 0)
		return r;
	if (value & ~mask)
		return -EINVAL;
	*ret_value = (uint32_t)value;
	*ret_mask = (uint32_t)mask;
	return 0;
}

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t text_utf8_decode(const char *text, uint32_t *ret_code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = (unsigned char)*text;
	size_t len = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	uint32_t code = len == 1 ? lead : lead & 0xffu >> (len + 1);

	if (len > 1 && (lead < 0xc2 || lead > 0xf4))
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (!is_continuation(text[i]))
			return 0;
		code = code << 6 | ((unsigned char)text[i] & 0x3fu);
	}
	if (code < smallest[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	if (ret_code)
		*ret_code = code;
	return len;
}

size_t text_utf8_cut(const char *text, size_t len, size_t max)
{
	size_t cut = max;

	if (len <= max)
		return len;
	while (cut > 0 && max - cut < 3 && is_continuation(text[cut]))
		cut--;
	return is_continuation(text[cut]) ? max : cut;
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int least = a < b ? a : b;

	return least < c ? least : c;
}

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b, upper and lower
 * case being the same (optimal string alignment). Both are at most SUGGEST_MAX letters. */
static unsigned int edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int rows[3][SUGGEST_MAX + 1];
	unsigned int *before = rows[0], *last = rows[1], *row = rows[2], *spare;

	for (size_t j = 0; j <= b_len; j++)
		last[j] = before[j] = (unsigned int)j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = same_letter(a[i - 1], b[j - 1]);

			row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1]) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b_len];
}

const char *text_suggest(const char *word, const char *const *list)
{
	size_t len = strlen(word);
	unsigned int best = len / 3 > 2 ? (unsigned int)(len / 3) : 2;
	const char *found = NULL;

	if (len > SUGGEST_MAX)
		return NULL;
	for (; *list; list++) {
		size_t list_len = strlen(*list);
		size_t longer = len > list_len ? len : list_len;
		unsigned int distance;

		if (list_len > SUGGEST_MAX)
			continue;
		distance = edit_distance(word, len, *list, list_len);
		/* Half of a short word wrong is another word, not a slip. */
		if (distance > best || 2 * distance > longer || (found && distance == best))
			continue;
		best = distance;
		found = *list;
	}
	return found;
}

/* A quote inside of quotes ends them, stands for itself, and begins them anew. */
char *text_quote_shell(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "%+,-./:=@_";
	char *word = NULL;
	size_t len = 0;
	FILE *out;

	if (*text && text[strspn(text, plain)] == '\0')
		return strdup(text);
	out = open_memstream(&word, &len);
	if (!out)
		return NULL;
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else
			fputc(*text, out);
	}
	fputc('\'', out);
	if (fclose(out) == 0)
		return word;
	free(word);
	return NULL;
}

int text_fail(char **ret_error, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(ret_error, format, arguments) < 0)
		*ret_error = NULL;
	va_end(arguments);
	return r;
}
