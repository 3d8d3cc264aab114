/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers, durations, marks and near misses in what people type, and its characters; ages as people
 * read them. Nothing here logs; a value is written only when the whole text was good. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal, or hexadecimal with 0x; no sign, no space, no leading zero but "0" itself, nothing
 * behind. Returns 0, -EINVAL (no such number) or -ERANGE (outside min..max). */
int text_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value);

/* A duration: digits, then ms, s, m, h or d; digits alone are seconds. "10m" is 600 s.
 * Returns 0, -EINVAL or -ERANGE (does not fit 64-bit nanoseconds). */
int text_parse_duration(const char *text, uint64_t *ret_ns);

/* len bytes from twice as many hexadecimal digits, of either case. Returns false where another
 * character is, with bytes half written; never reads behind a NUL. */
bool text_parse_hex(const char *text, size_t len, uint8_t *bytes);

/* Whether both are the same text, or both NULL. */
bool text_equal(const char *a, const char *b);

/* Puts a copy of text into the field, which owns what it holds. Returns 0, or -ENOMEM with the
 * field as it was. */
int text_keep(char **field, const char *text);

/* What a noun has behind it: "" for one, "s" for any other number. */
const char *text_plural(size_t count);

/* What stands after the first of count things: " (and 3 more)", "" for up to one. Returns text. */
#define TEXT_MORE_MAX 40
const char *text_and_more(size_t count, char text[TEXT_MORE_MAX]);

#define AGE_TEXT_MAX 24 /* "9999999999999 d" and its end */

/* Writes "40 s", "3 min", "2 h" or "5 d", the largest unit of which there are two; "-" where it is
 * negative or no age. Returns text. */
const char *text_format_age(double seconds, char text[AGE_TEXT_MAX]);

/* "0x1/0xff": value and mask of a packet mark; without a mask all 32 bits count.
 * Returns 0, -EINVAL or -ERANGE; value bits outside the mask are -EINVAL: such a mark never
 * matches. */
int text_parse_mark(const char *text, uint32_t *ret_value, uint32_t *ret_mask);

/* The well-formed UTF-8 character (RFC 3629) that text begins with: returns its length, 1 to 4
 * bytes, and writes its number to ret_code, which may be NULL. Returns 0 where there is none. Never
 * reads behind a NUL; the empty text begins with the character 0, of length 1. */
size_t text_utf8_decode(const char *text, uint32_t *ret_code);

/* Cuts a text of len bytes to at most max without splitting a UTF-8 character; returns the bytes
 * left. Reads no byte from len on. In bytes that are no UTF-8 the cut may be anywhere. */
size_t text_utf8_cut(const char *text, size_t len, size_t max);

/* The word of the NULL-terminated list nearest to `word` (at most a third of its letters, or two,
 * wrong), or NULL where none is near. For "did you mean". */
const char *text_suggest(const char *word, const char *const *list);

/* The text as one word of a shell's command line: as it is, or in quotes where it must be. Owned,
 * or NULL (out of memory). */
char *text_quote_shell(const char *text);

/* Sets *ret_error to the text, owned by the caller (NULL without memory), and returns r. */
int text_fail(char **ret_error, int r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
