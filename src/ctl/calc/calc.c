/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/calc/calc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/calc/calc_print.h"
#include "ctl/calc/calc_sum.h"
#include "ctl/commands.h"
#include "ctl/screen/format.h"
#include "ctl/screen/output.h"
#include "policy/overhead/overhead_table.h"

#define HELP_WIDTH 80 /* columns */
#define HINT_USAGE "mssclampctl help calc lists the kinds of layers and their keys."

/* Says a refused stack or sum; r as they returned it. */
static int fail(const struct ctl *ctl, int r, const struct calc_error *error)
{
	if (r == -ENOMEM || !error->message)
		return output_fail(ctl, CTL_FAILED, NULL, "out of memory");
	return output_fail(ctl, r == -EMSGSIZE ? CTL_FAILED : CTL_USAGE,
			   error->hint ? error->hint : HINT_USAGE, "calc: %s", error->message);
}

/* Reads FILE or standard input as one JSON value. Returns CTL_OK and the owned value, or says what
 * is wrong. */
static int read_file(const struct ctl *ctl, const char *path, json_t **ret_object)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	const char *name = standard ? "standard input" : path;
	json_error_t error;
	bool broken;
	int failed;

	if (!file)
		return output_fail(ctl, CTL_FAILED, NULL, "calc: cannot read %s: %s", path,
				   strerror(errno));
	errno = 0;
	*ret_object = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
	failed = errno;
	broken = ferror(file);
	if (!standard)
		fclose(file);
	if (*ret_object)
		return CTL_OK;
	if (broken)
		return output_fail(ctl, CTL_FAILED, NULL, "calc: cannot read %s: %s", name,
				   strerror(failed));
	return output_fail(ctl, CTL_USAGE, HINT_USAGE, "calc: %s:%d:%d: %s", name, error.line,
			   error.column, error.text);
}

/* The stack as words or from a file. Returns CTL_OK and the owned object, or says what is wrong. */
static int read_stack(const struct ctl *ctl, char **argv, json_t **ret_object)
{
	const char *file = options_value(argv, "--stack");
	struct calc_error error = { 0 };
	size_t count;
	char *const *words = options_words(argv, &count);
	int code = CTL_OK;

	if (file && count)
		return output_fail(ctl, CTL_USAGE, HINT_USAGE,
				   "calc: layers come from --stack or as words, not both");
	if (!file && !count)
		return output_fail(ctl, CTL_USAGE, HINT_USAGE,
				   "calc: something is missing: LAYER..., --stack FILE or --table");
	if (file)
		return read_file(ctl, file, ret_object);
	*ret_object = calc_stack_from_words(words, count, &error);
	if (!*ret_object)
		code = fail(ctl, error.message ? -EINVAL : -ENOMEM, &error);
	calc_error_done(&error);
	return code;
}

/* Prints what comes out of the stack. */
static int show(const struct ctl *ctl, const struct calc_stack *stack)
{
	struct calc_error error = { 0 };
	struct calc_sum *sum;
	json_t *object = NULL;
	int r = calc_sum_make(stack, &sum, &error), code = CTL_OK;

	if (r == 0 && sum->broken)
		output_warn(ctl, "calc: nothing gets through: %s", sum->broken);
	if (r == 0 && ctl->json) {
		object = calc_sum_to_json(sum, stack);
		r = object ? 0 : -ENOMEM;
		if (object)
			output_json(ctl, object);
	} else if (r == 0) {
		r = calc_print(ctl, sum);
	}
	if (r < 0)
		code = fail(ctl, r, &error);
	json_decref(object);
	calc_sum_free(sum);
	calc_error_done(&error);
	return code;
}

/* --path replaces what the stack says. */
static int calculate(const struct ctl *ctl, json_t *object, uint32_t path_mtu)
{
	struct calc_error error = { 0 };
	struct calc_stack stack;
	int r, code;

	if (path_mtu && json_is_object(object))
		json_object_set_new(object, "path_mtu", json_integer(path_mtu));
	r = calc_stack_from_json(object, &stack, &error);
	code = r < 0 ? fail(ctl, r, &error) : show(ctl, &stack);
	calc_error_done(&error);
	calc_stack_done(&stack);
	return code;
}

int command_calc(const struct ctl *ctl, int argc, char **argv)
{
	const char *path = options_value(argv, "--path");
	uint64_t path_mtu = 0;
	json_t *object = NULL;
	size_t count;
	int code;

	(void)argc;
	options_words(argv, &count);
	if (path && text_parse_u64(path, CALC_PATH_MIN, CALC_PATH_MAX, &path_mtu) < 0)
		return output_fail(ctl, CTL_USAGE, HINT_USAGE,
				   "calc: --path %s: must be %d to %d bytes", path, CALC_PATH_MIN,
				   CALC_PATH_MAX);
	if (options_value(argv, "--table")) {
		if (count || options_value(argv, "--stack"))
			return output_fail(ctl, CTL_USAGE, HINT_USAGE,
					   "calc: --table goes with --path alone");
		return calc_table(ctl, path ? (uint32_t)path_mtu : CALC_PATH_DEFAULT);
	}
	code = read_stack(ctl, argv, &object);
	if (code == CTL_OK)
		code = calculate(ctl, object, (uint32_t)path_mtu);
	json_decref(object);
	return code;
}

void calc_help(FILE *out)
{
	fputs("\nLayers and their keys:\n", out);
	for (size_t kind = ENCAP_NONE + 1; kind < ENCAP_KIND_COUNT; kind++) {
		const struct overhead_row *row = overhead_row((enum encap_kind)kind);

		char text[256];

		snprintf(text, sizeof(text), "%s: %s", row->title, row->summary);
		fprintf(out, "  %-13s", encap_kind_name((enum encap_kind)kind));
		format_wrap(out, text, 15, HELP_WIDTH);
		for (const struct overhead_use *use = row->uses; use->help; use++) {
			fprintf(out, "      %-12s", overhead_key(use->key)->name);
			format_wrap(out, use->help, 18, HELP_WIDTH);
		}
	}
}
