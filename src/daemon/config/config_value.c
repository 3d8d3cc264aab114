/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config_value.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "daemon/config/config_report.h"
#include "daemon/config/config_row.h"
#include "daemon/config/config_value_text.h"

/* Prints a value as it was written, and a hint at its shape where it has members. */
static void print_shown(FILE *out, const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		if (config_setting_get_format(setting) == CONFIG_FORMAT_HEX)
			fprintf(out, "0x%llx", config_setting_get_int64(setting));
		else
			fprintf(out, "%lld", config_setting_get_int64(setting));
		break;
	case CONFIG_TYPE_FLOAT:
		fprintf(out, "%g", config_setting_get_float(setting));
		break;
	case CONFIG_TYPE_BOOL:
		fputs(config_setting_get_bool(setting) ? "true" : "false", out);
		break;
	case CONFIG_TYPE_STRING:
		config_print_quoted(out, config_setting_get_string(setting));
		break;
	case CONFIG_TYPE_GROUP:
		fputs("{ ... }", out);
		break;
	case CONFIG_TYPE_ARRAY:
		fputs("[ ... ]", out);
		break;
	default:
		fputs("( ... )", out);
	}
}

int config_value_wrong_type(const struct config_row *row, const config_setting_t *setting,
			    FILE *problem)
{
	static const char *const types[] = {
		[CONFIG_TYPE_GROUP] = "a group",
		[CONFIG_TYPE_INT] = "an integer",
		[CONFIG_TYPE_INT64] = "an integer",
		[CONFIG_TYPE_FLOAT] = "a number with a fraction",
		[CONFIG_TYPE_STRING] = "a string",
		[CONFIG_TYPE_BOOL] = "a truth value",
		[CONFIG_TYPE_ARRAY] = "an array",
		[CONFIG_TYPE_LIST] = "a list",
	};

	print_shown(problem, setting);
	fprintf(problem, " is %s, must be ", types[config_setting_type(setting)]);
	config_row_print_wanted(problem, row);
	return -EINVAL;
}

int config_value_out_of_range(const struct config_row *row, const config_setting_t *setting,
			      FILE *problem)
{
	print_shown(problem, setting);
	fputs(" is out of range, must be ", problem);
	config_row_print_range(problem, row);
	return -EINVAL;
}

bool config_value_is_integer(const config_setting_t *setting)
{
	return config_setting_type(setting) == CONFIG_TYPE_INT ||
	       config_setting_type(setting) == CONFIG_TYPE_INT64;
}

static int read_bool(const struct config_row *row, const config_setting_t *setting,
		     struct config_value *value, FILE *problem)
{
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		return config_value_wrong_type(row, setting, problem);
	value->number = config_setting_get_bool(setting) != 0;
	value->json = json_boolean(value->number);
	return 0;
}

static int read_uint(const struct config_row *row, const config_setting_t *setting,
		     struct config_value *value, FILE *problem)
{
	long long number = config_setting_get_int64(setting);

	if (!config_value_is_integer(setting))
		return config_value_wrong_type(row, setting, problem);
	if (number < 0 || (uint64_t)number < row->min || (uint64_t)number > row->max)
		return config_value_out_of_range(row, setting, problem);
	value->number = (uint64_t)number;
	value->json = json_integer(number);
	return 0;
}

static int read_bits(const struct config_row *row, const config_setting_t *setting,
		     struct config_value *value, FILE *problem)
{
	int r = read_uint(row, setting, value, problem);

	if (r < 0)
		return r;
	json_decref(value->json);
	value->json = json_sprintf("0x%08" PRIx64, value->number);
	return 0;
}

/* An integer is a number too. Not a number is never inside the range. */
static int read_real(const struct config_row *row, const config_setting_t *setting,
		     struct config_value *value, FILE *problem)
{
	double real;

	if (config_value_is_integer(setting))
		real = (double)config_setting_get_int64(setting);
	else if (config_setting_type(setting) == CONFIG_TYPE_FLOAT)
		real = config_setting_get_float(setting);
	else
		return config_value_wrong_type(row, setting, problem);
	if (!(real >= (double)row->min && real <= (double)row->max))
		return config_value_out_of_range(row, setting, problem);
	value->real = real;
	value->json = json_real(real);
	return 0;
}

static json_t *duration_json(uint64_t ns)
{
	static const struct { uint64_t ns; const char *name; } units[] = {
		{ 86400 * NS_PER_SECOND, "d" }, { 3600 * NS_PER_SECOND, "h" },
		{ 60 * NS_PER_SECOND, "m" },    { NS_PER_SECOND, "s" },
		{ NS_PER_MS, "ms" },
	};

	for (size_t i = 0; ns && i < COUNT(units); i++) {
		if (ns % units[i].ns == 0)
			return json_sprintf("%" PRIu64 "%s", ns / units[i].ns, units[i].name);
	}
	return json_string("0s");
}

static int read_duration(const struct config_row *row, const config_setting_t *setting,
			 struct config_value *value, FILE *problem)
{
	uint64_t ns = 0;
	int r = 0;

	if (config_value_is_integer(setting)) {
		long long seconds = config_setting_get_int64(setting);

		if (seconds < 0 || __builtin_mul_overflow((uint64_t)seconds, NS_PER_SECOND, &ns))
			r = -ERANGE;
	} else if (config_setting_type(setting) == CONFIG_TYPE_STRING) {
		r = text_parse_duration(config_setting_get_string(setting), &ns);
	} else {
		return config_value_wrong_type(row, setting, problem);
	}
	if (r == -EINVAL) {
		config_print_quoted(problem, config_setting_get_string(setting));
		fputs(" is no duration, must be digits and ms, s, m, h or d: ", problem);
		config_row_print_range(problem, row);
		return r;
	}
	if (r < 0 || ns < row->min * NS_PER_SECOND || ns > row->max * NS_PER_SECOND)
		return config_value_out_of_range(row, setting, problem);
	value->number = ns;
	value->json = duration_json(ns);
	return 0;
}

int config_value_read(const struct config_row *row, const config_setting_t *setting,
		      struct config_value *ret_value, FILE *problem)
{
	static config_value_reader *const readers[] = {
		[KIND_BOOL] = read_bool,
		[KIND_UINT] = read_uint,
		[KIND_REAL] = read_real,
		[KIND_BITS] = read_bits,
		[KIND_DURATION] = read_duration,
		[KIND_TEXT] = config_value_read_text,
		[KIND_FILE] = config_value_read_text,
		[KIND_WORD] = config_value_read_word,
		[KIND_WORDS] = config_value_read_words,
		[KIND_MARK] = config_value_read_mark,
		[KIND_PREFIX] = config_value_read_prefix,
	};
	struct config_value value = { 0 };
	int r = readers[row->kind](row, setting, &value, problem);

	if (r < 0) {
		config_value_done(&value);
		return r;
	}
	if (!value.json)
		return -ENOMEM;
	*ret_value = value;
	return 0;
}

void config_value_done(struct config_value *value)
{
	json_decref(value->json);
	value->json = NULL;
}

static bool keeps_text(const struct config_row *row)
{
	switch (row->kind) {
	case KIND_TEXT:
	case KIND_FILE:
		return true;
	case KIND_WORD:
		return row->size == sizeof(char *);
	case KIND_BOOL:
	case KIND_UINT:
	case KIND_REAL:
	case KIND_BITS:
	case KIND_DURATION:
	case KIND_WORDS:
	case KIND_MARK:
	case KIND_PREFIX:
		break;
	}
	return false;
}

/* The row's range keeps the number within the field. */
static void store_number(uint64_t number, void *field, size_t size)
{
	switch (size) {
	case sizeof(uint8_t):
		*(uint8_t *)field = (uint8_t)number;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)field = (uint16_t)number;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)field = (uint32_t)number;
		break;
	default:
		assert(size == sizeof(uint64_t));
		*(uint64_t *)field = number;
	}
}

int config_value_store(const struct config_row *row, const struct config_value *value, void *base)
{
	void *field = (char *)base + row->offset;

	if (keeps_text(row))
		return text_keep(field, value->text);
	if (row->kind == KIND_REAL)
		*(double *)field = value->real;
	else
		store_number(value->number, field, row->size);
	return 0;
}

void config_value_drop(const struct config_row *row, void *base)
{
	void *field = (char *)base + row->offset;

	if (keeps_text(row))
		free(*(char **)field);
}
