/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config_value_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "daemon/config/config_report.h"
#include "daemon/config/config_row.h"

static bool has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	}
	return false;
}

int config_value_read_text(const struct config_row *row, const config_setting_t *setting,
			   struct config_value *value, FILE *problem)
{
	const char *text = config_setting_get_string(setting);
	size_t len;

	if (config_setting_type(setting) != CONFIG_TYPE_STRING)
		return config_value_wrong_type(row, setting, problem);
	len = strlen(text);
	value->json = has_control(text) ? NULL : json_string(text);
	if (!value->json) {
		config_print_quoted(problem, text);
		fputs(" has control characters or is no UTF-8, must be readable text", problem);
		return -EINVAL;
	}
	if (len >= row->min && len <= row->max && (row->kind != KIND_FILE || text[0] == '/')) {
		value->text = text;
		return 0;
	}
	config_print_quoted(problem, text);
	fputs(len < row->min ? " is empty, must be " :
	      len > row->max ? " is too long, must be " : " is relative, must be ", problem);
	config_row_print_range(problem, row);
	return -EINVAL;
}

static int find_word(const struct config_row *row, const config_setting_t *setting,
		     size_t *ret_place, FILE *problem)
{
	const char *text = config_setting_get_string(setting);
	const char *near;

	if (config_setting_type(setting) != CONFIG_TYPE_STRING)
		return config_value_wrong_type(row, setting, problem);
	for (size_t i = 0; row->words[i]; i++) {
		if (strcmp(row->words[i], text) == 0) {
			*ret_place = i;
			return 0;
		}
	}
	config_print_quoted(problem, text);
	near = text_suggest(text, row->words);
	if (near)
		fprintf(problem, " is unknown, did you mean '%s'? Known are ", near);
	else
		fputs(" is unknown, known are ", problem);
	config_row_print_words(problem, row);
	return -EINVAL;
}

int config_value_read_word(const struct config_row *row, const config_setting_t *setting,
			   struct config_value *value, FILE *problem)
{
	size_t place;
	int r = find_word(row, setting, &place, problem);

	if (r < 0)
		return r;
	value->number = place;
	value->text = row->words[place];
	value->json = json_string(value->text);
	return 0;
}

/* The JSON is in the table's order, whatever order was written. */
static json_t *words_json(const struct config_row *row, uint64_t bits)
{
	json_t *array = json_array();

	for (size_t i = 0; row->words[i]; i++) {
		if (bits & UINT64_C(1) << i &&
		    json_array_append_new(array, json_string(row->words[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* Adds the word's bit. before: the outcome of those before it, whose problems stand already. */
static int add_word(const struct config_row *row, const config_setting_t *setting, uint64_t *bits,
		    int before, FILE *problem)
{
	const char *text = config_setting_get_string(setting);
	size_t place = 0;

	while (text && row->words[place] && strcmp(row->words[place], text) != 0)
		place++;
	if (text && row->words[place] && !(*bits & UINT64_C(1) << place)) {
		*bits |= UINT64_C(1) << place;
		return 0;
	}
	if (before < 0)
		fputs("; ", problem);
	if (!text || !row->words[place])
		return find_word(row, setting, &place, problem);
	fprintf(problem, "\"%s\" stands twice, must stand once", text);
	return -EINVAL;
}

int config_value_read_words(const struct config_row *row, const config_setting_t *setting,
			    struct config_value *value, FILE *problem)
{
	uint64_t bits = 0;
	int count = config_setting_length(setting);
	int r = 0;

	if (config_setting_type(setting) != CONFIG_TYPE_ARRAY)
		return config_value_wrong_type(row, setting, problem);
	for (unsigned int i = 0; i < (unsigned int)count; i++) {
		if (add_word(row, config_setting_get_elem(setting, i), &bits, r, problem) < 0)
			r = -EINVAL;
	}
	if (r < 0)
		return r;
	if (!bits) {
		fputs("[ ] is empty, must name at least one; "
		      "for none at all write firewall = \"none\"", problem);
		return -EINVAL;
	}
	value->number = bits;
	value->json = words_json(row, bits);
	return 0;
}

int config_value_read_mark(const struct config_row *row, const config_setting_t *setting,
			   struct config_value *value, FILE *problem)
{
	uint32_t mark = 0, mask = UINT32_MAX;
	const char *text = config_setting_get_string(setting);
	long long number = config_setting_get_int64(setting);

	if (config_value_is_integer(setting)) {
		if (number < 0 || number > UINT32_MAX)
			return config_value_out_of_range(row, setting, problem);
		mark = (uint32_t)number;
	} else if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
		return config_value_wrong_type(row, setting, problem);
	} else if (text_parse_mark(text, &mark, &mask) < 0) {
		config_print_quoted(problem, text);
		fputs(" matches no mark, must be ", problem);
		config_row_print_range(problem, row);
		fputs(", the value inside the mask", problem);
		return -EINVAL;
	}
	value->number = mark;
	value->mask = mask;
	value->json = json_sprintf("0x%" PRIx32 "/0x%" PRIx32, mark, mask);
	return 0;
}

/* For "10.9.0.1/16": the prefix that was meant. */
static void print_prefix_hint(FILE *problem, const char *text)
{
	const char *slash = strchr(text, '/');
	char head[PREFIX_TEXT_MAX], meant_text[PREFIX_TEXT_MAX];
	struct address address;
	struct prefix meant;
	uint64_t length;

	if (!slash || (size_t)(slash - text) >= sizeof(head))
		return;
	memcpy(head, text, (size_t)(slash - text));
	head[slash - text] = '\0';
	if (address_parse(head, &address) < 0 ||
	    text_parse_u64(slash + 1, 0, address_bits(address.family), &length) < 0)
		return;
	meant = prefix_make(&address, (uint8_t)length);
	fprintf(problem, "; bits are set after the length, did you mean '%s'?",
		prefix_format(&meant, meant_text));
}

int config_value_read_prefix(const struct config_row *row, const config_setting_t *setting,
			     struct config_value *value, FILE *problem)
{
	const char *text = config_setting_get_string(setting);
	char canonical[PREFIX_TEXT_MAX];

	if (config_setting_type(setting) != CONFIG_TYPE_STRING)
		return config_value_wrong_type(row, setting, problem);
	if (prefix_parse(text, &value->prefix) < 0) {
		config_print_quoted(problem, text);
		fputs(" is no prefix, must be ", problem);
		config_row_print_range(problem, row);
		print_prefix_hint(problem, text);
		return -EINVAL;
	}
	value->json = json_string(prefix_format(&value->prefix, canonical));
	return 0;
}
