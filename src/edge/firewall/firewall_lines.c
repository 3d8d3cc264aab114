/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "edge/firewall/firewall_backend.h"

const struct firewall_hook_name firewall_hooks[FIREWALL_HOOKS] = {
	{ FIREWALL_FORWARD, "forward", "FORWARD" },
	{ FIREWALL_OUTPUT, "output", "OUTPUT" },
	{ FIREWALL_INPUT, "input", "INPUT" },
};

int firewall_lines_add(struct firewall_lines *lines, const struct firewall_line *model,
		       const char *format, ...)
{
	void *array = lines->line;
	struct firewall_line *line;
	va_list arguments;
	int r;

	r = array_reserve(&array, &lines->capacity, lines->count + 1, sizeof(*lines->line));
	if (r < 0)
		return r;
	lines->line = array;
	line = &lines->line[lines->count];
	*line = *model;
	va_start(arguments, format);
	r = vasprintf(&line->text, format, arguments);
	va_end(arguments);
	if (r < 0)
		return -ENOMEM;
	lines->count++;
	return 0;
}

void firewall_lines_done(struct firewall_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->line[i].text);
	free(lines->line);
	*lines = (struct firewall_lines){ 0 };
}

static void unmatch(struct firewall_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		lines->line[i].matched = false;
}

static void match_one(struct firewall_line *wanted, struct firewall_lines *live)
{
	for (size_t i = 0; i < live->count; i++) {
		struct firewall_line *line = &live->line[i];

		if (!line->matched && strcmp(line->text, wanted->text) == 0) {
			line->matched = wanted->matched = true;
			return;
		}
	}
}

enum firewall_state firewall_lines_match(struct firewall_lines *expected,
					 struct firewall_lines *live)
{
	enum firewall_state state = FIREWALL_STATE_OK;

	unmatch(expected);
	unmatch(live);
	for (size_t i = 0; i < expected->count; i++) {
		match_one(&expected->line[i], live);
		if (!expected->line[i].matched && !expected->line[i].optional)
			state = FIREWALL_STATE_DIFFERENT;
	}
	for (size_t i = 0; i < live->count; i++)
		if (!live->line[i].matched)
			state = FIREWALL_STATE_DIFFERENT;
	return state == FIREWALL_STATE_DIFFERENT && live->count == 0 ? FIREWALL_STATE_MISSING :
								       state;
}

char *firewall_lines_join(const char *text)
{
	char *joined = malloc(2 * strlen(text) + 1), *end = joined;

	if (!joined)
		return NULL;
	while (*(text += strspn(text, "\n"))) {
		size_t len = strcspn(text, "\n");

		if (end > joined)
			end = stpcpy(end, "; ");
		end = mempcpy(end, text, len);
		text += len;
	}
	*end = '\0';
	return joined;
}

void firewall_lines_diff(const struct firewall_lines *expected, const struct firewall_lines *live,
			 FILE *out)
{
	for (size_t i = 0; i < expected->count; i++)
		if (!expected->line[i].matched && !expected->line[i].optional)
			fprintf(out, "- %s\n", expected->line[i].text);
	for (size_t i = 0; i < live->count; i++)
		if (!live->line[i].matched)
			fprintf(out, "+ %s\n", live->line[i].text);
}
