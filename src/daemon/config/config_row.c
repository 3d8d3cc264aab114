/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config_row.h"

#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

#define NAMES_MAX 32 /* names valid at one place, NULL included */

static const struct config_list *const lists[] = { &config_rules, &config_tunnels };

size_t config_row_group_len(const struct config_row *row)
{
	const char *dot = strchr(row->path, '.');

	return dot ? (size_t)(dot - row->path) : 0;
}

const char *config_row_name(const struct config_row *row)
{
	size_t len = config_row_group_len(row);

	return len ? row->path + len + 1 : row->path;
}

static bool row_is_in(const struct config_row *row, const char *group)
{
	size_t len = config_row_group_len(row);

	if (!group)
		return len == 0;
	return strlen(group) == len && strncmp(row->path, group, len) == 0;
}

const struct config_row *config_row_find(const char *group, const char *name)
{
	for (size_t i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];

		if (row_is_in(row, group) && strcmp(config_row_name(row), name) == 0)
			return row;
	}
	return NULL;
}

const struct config_row *config_key_find(const struct config_list *list, const char *name)
{
	for (size_t i = 0; i < list->key_count; i++) {
		if (strcmp(list->keys[i].path, name) == 0)
			return &list->keys[i];
	}
	return NULL;
}

const struct config_list *config_list_find(const char *name)
{
	for (size_t i = 0; i < COUNT(lists); i++) {
		if (strcmp(lists[i]->name, name) == 0)
			return lists[i];
	}
	return NULL;
}

bool config_group_exists(const char *name)
{
	for (size_t i = 0; i < config_row_count; i++) {
		if (row_is_in(&config_rows[i], name))
			return true;
	}
	return false;
}

/* Names of groups are copied here, for a row knows them only as the head of its path. */
struct names {
	const char *list[NAMES_MAX];
	size_t count;
	char groups[NAMES_MAX][16];
};

static void names_add(struct names *names, const char *name, size_t len)
{
	size_t at = names->count;

	if (at + 1 >= NAMES_MAX || len >= sizeof(names->groups[0]))
		return;
	if (at && strncmp(names->list[at - 1], name, len) == 0 && !names->list[at - 1][len])
		return;
	memcpy(names->groups[at], name, len);
	names->groups[at][len] = '\0';
	names->list[at] = names->groups[at];
	names->count++;
}

/* Outside all groups: settings, groups and lists; inside one: its members. */
static void names_collect(struct names *names, const char *group)
{
	for (size_t i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];
		size_t len = config_row_group_len(row);

		if (group && row_is_in(row, group))
			names->list[names->count++] = config_row_name(row);
		else if (!group && len)
			names_add(names, row->path, len);
		else if (!group)
			names->list[names->count++] = row->path;
	}
	for (size_t i = 0; !group && i < COUNT(lists); i++)
		names->list[names->count++] = lists[i]->name;
}

static void print_list(FILE *out, const char *const *list, const char *quote)
{
	for (size_t i = 0; list[i]; i++)
		fprintf(out, "%s%s%s%s", i ? ", " : "", quote, list[i], quote);
}

static void print_unknown(FILE *out, const char *const *list, const char *name)
{
	const char *near = text_suggest(name, list);

	fputs("unknown name, ", out);
	if (near) {
		fprintf(out, "did you mean '%s'?", near);
		return;
	}
	fputs("known here: ", out);
	print_list(out, list, "");
}

/* A member that was written outside its group is told where it belongs. */
static const struct config_row *find_anywhere(const char *name)
{
	for (size_t i = 0; i < config_row_count; i++) {
		if (strcmp(config_row_name(&config_rows[i]), name) == 0)
			return &config_rows[i];
	}
	return NULL;
}

void config_row_print_unknown(FILE *out, const char *group, const char *name)
{
	const struct config_row *row = find_anywhere(name);
	struct names names = { .count = 0 };

	if (row) {
		fprintf(out, "unknown name, did you mean '%s'?", row->path);
		return;
	}
	names_collect(&names, group);
	print_unknown(out, names.list, name);
}

void config_row_print_unknown_key(FILE *out, const struct config_list *list,
				  const char *name)
{
	const char *names[CONFIG_KEYS_MAX + 1] = { NULL };

	for (size_t i = 0; i < list->key_count; i++)
		names[i] = list->keys[i].path;
	print_unknown(out, names, name);
}

static void print_duration(FILE *out, uint64_t seconds)
{
	static const struct { uint64_t seconds; char name; } units[] = {
		{ 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	size_t i = 0;

	while (seconds % units[i].seconds || (!seconds && units[i].seconds > 1))
		i++;
	fprintf(out, "%" PRIu64 "%c", seconds / units[i].seconds, units[i].name);
}

void config_row_print_words(FILE *out, const struct config_row *row)
{
	print_list(out, row->words, "\"");
}

void config_row_print_range(FILE *out, const struct config_row *row)
{
	switch (row->kind) {
	case KIND_BOOL:
		fputs("true or false", out);
		break;
	case KIND_UINT:
	case KIND_REAL:
		fprintf(out, "%" PRIu64 " to %" PRIu64 "%s%s", row->min, row->max,
			row->unit && *row->unit ? " " : "", row->unit ? row->unit : "");
		break;
	case KIND_BITS:
		fprintf(out, "0x%" PRIx64 " to 0x%" PRIx64, row->min, row->max);
		break;
	case KIND_DURATION:
		print_duration(out, row->min);
		fputs(" to ", out);
		print_duration(out, row->max);
		break;
	case KIND_TEXT:
		fprintf(out, "%" PRIu64 " to %" PRIu64 " bytes of text", row->min, row->max);
		break;
	case KIND_FILE:
		fprintf(out, "an absolute path of at most %" PRIu64 " bytes", row->max);
		break;
	case KIND_WORD:
		fputs("one of ", out);
		config_row_print_words(out, row);
		break;
	case KIND_WORDS:
		fputs("an array of ", out);
		config_row_print_words(out, row);
		break;
	case KIND_MARK:
		fputs("a value of 32 bits, or value and mask like \"0x1/0xff\"", out);
		break;
	case KIND_PREFIX:
		fputs("an address or prefix like \"10.9.0.0/16\" or \"2001:db8::/32\"", out);
		break;
	}
}

void config_row_print_wanted(FILE *out, const struct config_row *row)
{
	static const char *const types[] = {
		[KIND_UINT] = "an integer, ",
		[KIND_REAL] = "a number, ",
		[KIND_BITS] = "an integer, ",
		[KIND_DURATION] = "a duration like \"10m\", ",
		[KIND_TEXT] = "a string, ",
		[KIND_PREFIX] = NULL,
	};

	if (types[row->kind])
		fputs(types[row->kind], out);
	config_row_print_range(out, row);
}
