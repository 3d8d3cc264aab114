/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/text.h"
#include "ctl/commands.h"

#define NAMES_MAX 32 /* commands looked at for "did you mean" */

const struct command *commands_find(const char *name)
{
	for (const struct command *command = commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

const char *commands_suggest(const char *name)
{
	const char *names[NAMES_MAX + 1];
	size_t count = 0;

	for (const struct command *command = commands; command->name; command++)
		if (count < NAMES_MAX)
			names[count++] = command->name;
	names[count] = NULL;
	return text_suggest(name, names);
}

const struct option_row *commands_options(const char *name)
{
	const struct command *command = commands_find(name);

	return command ? command->options : NULL;
}
