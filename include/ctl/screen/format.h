/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values as people read them. Pure; each text comes back by value, "-" stands for unknown. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct format_text {
	char s[48];
};

/* "853,541". */
struct format_text format_count(uint64_t count);
/* A count from a reply; "-" for null, negative and what is no integer. */
struct format_text format_json_count(const json_t *value);
/* A length in bytes, without separators: "1420". */
struct format_text format_json_bytes(const json_t *value);
/* The same of a reply's field; "-" too if it has none of that name. */
struct format_text format_field_bytes(const json_t *reply, const char *name);
/* "11 us", "1.2 ms", "3.4 s"; value in seconds. */
struct format_text format_json_latency(const json_t *value);
/* "40 s", "3 min", "2 h", "5 d"; value in seconds. */
struct format_text format_json_age(const json_t *value);
/* Where a path MTU is known from, and since when; what is measured comes with the time of that:
 * "link", "link 5 s", "probe 40 s ago". The word is as it came. */
struct format_text format_json_source(const json_t *source, const json_t *age);
/* "42 s", "12:07 min", "3:15:42 h" or "3 d 04:12". */
struct format_text format_uptime(double seconds);
/* "212.0"; "-" where no rate is known (negative). */
struct format_text format_rate(double per_second);
/* "75%", "<1%" for what is there but rounds to nothing. */
struct format_text format_percent(uint64_t part, uint64_t whole);

/* A bar of `width` columns, filled by part / whole, into text (4 * width + 1 bytes): blocks
 * with eighths in UTF-8, '#' in ASCII; blanks fill it up. What is not nothing shows at least
 * one sign. */
void format_bar(char *text, unsigned int width, uint64_t part, uint64_t whole, bool utf8);

/* Copies text that came from outside so that a terminal shows it and obeys nothing in it:
 * control characters, direction overrides and broken UTF-8 become '?', a tab a blank; without
 * utf8 so does all that is not ASCII. newlines: keep '\n'. Returns owned, or NULL (out of
 * memory). */
char *format_clean(const char *text, bool utf8, bool newlines);

/* Where to break a line: bytes of text that go on a line of `columns`, which ends before a blank.
 * All of it where it fits; a word that is too long stays whole. */
size_t format_break(const char *text, unsigned int columns);

/* Prints text that starts at column `indent`, and its further lines there too, none wider than
 * `columns`. */
void format_wrap(FILE *out, const char *text, unsigned int indent, unsigned int columns);

/* A name or id that may be long, in at most `columns` columns (4 or more): its head and "...". */
void format_shorten(char *text, unsigned int columns);

/* Columns a UTF-8 text takes: one a character, which holds for all that we print ourselves. */
unsigned int format_columns(const char *text);
