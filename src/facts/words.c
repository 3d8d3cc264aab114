/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/words.h"

#include <ctype.h>
#include <string.h>

/* A word of a line, with its quotes and backslashes resolved. Returns what is behind it, or NULL
 * where it is no word that OpenVPN takes. */
static const char *take_word(const char *at, const char *end, char word[WORD_BYTES])
{
	const bool quoted = *at == '"' || *at == '\'';
	const char quote = *at;
	size_t len = 0;

	for (at += quoted; at < end; at++) {
		if (quoted ? *at == quote : isspace((unsigned char)*at) != 0)
			break;
		if (*at == '\\' && !(quoted && quote == '\'') && ++at == end)
			return NULL;
		if (len + 1 >= WORD_BYTES)
			return NULL;
		word[len++] = *at;
	}
	word[len] = '\0';
	if (!quoted)
		return at;
	return at < end ? at + 1 : NULL;
}

void words_split(const char *at, const char *end, struct words *ret_words)
{
	ret_words->count = 0;
	while (ret_words->count < WORDS_MAX) {
		while (at < end && isspace((unsigned char)*at))
			at++;
		if (at == end || *at == '#' || *at == ';')
			return;
		at = take_word(at, end, ret_words->list[ret_words->count]);
		if (!at) {
			ret_words->count = 0;
			return;
		}
		ret_words->count++;
	}
}

bool words_inline(const struct words *words, char ret_end[WORD_BYTES + 1])
{
	const char *name = words->list[0];
	size_t len;

	if (words->count != 1 || name[0] != '<' || name[1] == '/' || name[1] == '\0' ||
	    strcmp(name, "<connection>") == 0)
		return false;
	len = strlen(name);
	if (name[len - 1] != '>')
		return false;
	ret_end[0] = '<';
	ret_end[1] = '/';
	memcpy(ret_end + 2, name + 1, len);
	return true;
}

const char *words_skip_inline(const char *at, const char *end, const char *mark)
{
	const size_t len = strlen(mark);

	while (at < end) {
		const char *line = at, *stop = memchr(at, '\n', (size_t)(end - at));

		while (line < end && isspace((unsigned char)*line) && *line != '\n')
			line++;
		at = stop ? stop + 1 : end;
		if ((size_t)(end - line) >= len && memcmp(line, mark, len) == 0)
			break;
	}
	return at;
}

void words_add(struct words *words, const char *argument)
{
	if (words->count < WORDS_MAX && strlen(argument) < WORD_BYTES)
		strcpy(words->list[words->count++], argument);
}
