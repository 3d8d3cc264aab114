/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/capture/capture_words.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/packet.h"
#include "ctl/screen/format.h"
#include "policy/capture/capture_filter.h"

#define REASONS_COLUMNS 76

/* Bytes of a name without the parentheses behind it that close none of its own. */
static size_t name_length(const char *word)
{
	size_t len = strlen(word), open = 0, closed = 0;

	for (size_t i = 0; i < len; i++) {
		open += word[i] == '(';
		closed += word[i] == ')';
	}
	while (len > 0 && word[len - 1] == ')' && closed > open) {
		len--;
		closed--;
	}
	return len;
}

static bool is_to_be_quoted(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (strchr(" \t\n()", name[i]))
			return !strchr(name, '"');
	}
	return false;
}

static void put_name(FILE *out, const char *word)
{
	size_t len = name_length(word);

	if (is_to_be_quoted(word, len))
		fprintf(out, "\"%.*s\"%s", (int)len, word, word + len);
	else
		fputs(word, out);
}

char *capture_words_join(char *const *words)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool several = words[0] && words[1], name = false;

	if (!out)
		return NULL;
	for (size_t i = 0; words[i]; i++) {
		fputs(i ? " " : "", out);
		if (name && several)
			put_name(out, words[i]);
		else
			fputs(words[i], out);
		name = !name && capture_filter_takes_name(words[i] + strspn(words[i], "("));
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

void capture_help(FILE *out)
{
	char line[1024] = "left_alone (any from not_ip on)";
	const char *rest = line;

	for (enum syn_result result = 0; result < SYN_RESULT_COUNT; result++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), ", %s",
			 syn_result_name(result));
	fputs("\nRESULT is one of:\n", out);
	while (*rest) {
		size_t len = format_break(rest, REASONS_COLUMNS);

		fprintf(out, "  %.*s\n", (int)len, rest);
		rest += len;
		rest += strspn(rest, " ");
	}
}
