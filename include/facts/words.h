/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of an OpenVPN configuration, cut into words (OpenVPN src/openvpn/options_parse.c
 * parse_line). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define WORDS_MAX 16 /* of a line, as OpenVPN has it */
#define WORD_BYTES 256 /* bytes of a word with its NUL, likewise */

struct words {
	char list[WORDS_MAX][WORD_BYTES];
	size_t count;
};

/* Words stand between white space; "..." and '...' hold it together, a backslash (not inside '...')
 * takes the next character as it is, and a word that begins with # or ; ends the line. A line that
 * OpenVPN would refuse has no words. */
void words_split(const char *at, const char *end, struct words *ret_words);

/* Appends one word as it is; what does not fit is left out. */
void words_add(struct words *words, const char *word);

/* Whether the line begins a file inside the file ("<ca>"), and what ends it ("</ca>").
 * <connection> holds directives and is none. */
bool words_inline(const struct words *words, char ret_end[WORD_BYTES + 1]);

/* What is behind the line that begins with mark, or end where there is none. */
const char *words_skip_inline(const char *at, const char *end, const char *mark);
