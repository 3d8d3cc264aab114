/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a stack as JSON in each line of standard input and prints what `calc --json-lines --stack`
 * would: many stacks in one process. A refused stack gives {"refused":"why"}. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/calc/calc_sum.h"

static json_t *answer(const json_t *object)
{
	struct calc_error error = { 0 };
	struct calc_stack stack;
	struct calc_sum *sum = NULL;
	json_t *reply = NULL;
	int r = calc_stack_from_json(object, &stack, &error);

	if (r == 0)
		r = calc_sum_make(&stack, &sum, &error);
	if (r == 0)
		reply = calc_sum_to_json(sum, &stack);
	else if (error.message)
		reply = json_pack("{s:s}", "refused", error.message);
	calc_sum_free(sum);
	calc_stack_done(&stack);
	calc_error_done(&error);
	return reply;
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		json_t *reply = answer(object);

		if (!reply)
			return 1;
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(reply);
		json_decref(object);
	}
	free(line);
	return 0;
}
