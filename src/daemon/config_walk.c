/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One parsed file against the table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_build.h"

static void apply_row(struct config_build *build, const struct config_row *row,
		      const config_setting_t *setting)
{
	struct config_value value;

	if (!config_build_read(build, row, setting, row->path, &value))
		return;
	if (config_value_store(row, &value, build->config) < 0)
		build->failed = -ENOMEM;
	config_build_record(build, setting, row->path, &value);
	config_value_done(&value);
}

static void note_unknown(struct config_build *build, const char *group,
			 const config_setting_t *setting)
{
	const char *name = config_setting_name(setting);
	char path[CONFIG_PATH_TEXT_MAX];
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	snprintf(path, sizeof(path), "%s%s%.60s", group ? group : "", group ? "." : "", name);
	if (out) {
		config_print_unknown(out, group, name);
		fclose(out);
	}
	config_build_note(build, CONFIG_ERROR, setting, path, "%s", text ? text : "unknown name");
	free(text);
}

static void apply_group(struct config_build *build, const char *group,
			const config_setting_t *setting)
{
	int count = config_setting_length(setting);

	if (config_setting_type(setting) != CONFIG_TYPE_GROUP) {
		config_build_note(build, CONFIG_ERROR, setting, group,
				  "is no group, must be { NAME = VALUE; ... }");
		return;
	}
	for (int i = 0; i < count; i++) {
		const config_setting_t *member = config_setting_get_elem(setting, (unsigned int)i);
		const struct config_row *row = config_row_find(group, config_setting_name(member));

		if (config_setting_type(member) == CONFIG_TYPE_NONE)
			continue;
		if (row)
			apply_row(build, row, member);
		else
			note_unknown(build, group, member);
	}
}

static void apply_root(struct config_build *build, const config_setting_t *root)
{
	int count = config_setting_length(root);

	for (int i = 0; i < count; i++) {
		const config_setting_t *setting = config_setting_get_elem(root, (unsigned int)i);
		const char *name = config_setting_name(setting);
		const struct config_row *row = config_row_find(NULL, name);
		const struct config_list *list = config_list_find(name);

		if (config_setting_type(setting) == CONFIG_TYPE_NONE)
			continue;
		if (list)
			config_build_list(build, list, setting);
		else if (row)
			apply_row(build, row, setting);
		else if (config_group_exists(name))
			apply_group(build, name, setting);
		else
			note_unknown(build, NULL, setting);
	}
}

static const char *syntax_advice(const char *error)
{
	static const struct { const char *error, *advice; } list[] = {
		{ "duplicate setting name", "it stands further up in the same group, keep one" },
		{ "mismatched element type in array", "all elements of [ ] must be of one type" },
		{ "memory exhausted", "groups and lists are nested too deep" },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (strcmp(list[i].error, error) == 0)
			return list[i].advice;
	}
	return "look here and one line up for a missing ; \" ) ] or }, or a text without quotes";
}

static void print_line(FILE *out, const struct config_source *source, unsigned int line)
{
	const char *begin = source->text ? source->text : "";
	char *copy;

	while (--line > 0 && strchr(begin, '\n'))
		begin = strchr(begin, '\n') + 1;
	begin += strspn(begin, " \t");
	copy = strndup(begin, strcspn(begin, "\r\n"));
	config_print_quoted(out, copy ? copy : "");
	free(copy);
}

/* The last line that is not blank, from 1. */
static unsigned int last_line(const struct config_source *source)
{
	const char *text = source->text ? source->text : "";
	unsigned int line = 1;
	size_t len = strlen(text);

	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	for (size_t i = 0; i < len; i++)
		line += text[i] == '\n';
	return line;
}

/* Where the text stops too early, libconfig's line is the end of the file: the last line that says
 * something is more to the point. */
static void note_syntax(struct config_build *build, const config_t *parsed)
{
	unsigned int line = (unsigned int)config_error_line(parsed);
	unsigned int last = last_line(build->source);
	const char *error = config_error_text(parsed);
	char *shown = NULL;
	size_t len;
	FILE *out = open_memstream(&shown, &len);

	if (!out) {
		build->failed = -ENOMEM;
		return;
	}
	if (line > last)
		line = last;
	print_line(out, build->source, line);
	if (fclose(out) != 0 ||
	    config_report_add(build->report, CONFIG_ERROR, config_source_where(build->source, line),
			      error, "in %s, %s", shown, syntax_advice(error)) < 0)
		build->failed = -ENOMEM;
	free(shown);
}

/* What libconfig had read before an error is checked too: one run shows all there is to mend. */
void config_build_source(struct config_build *build)
{
	const char *text = build->source->text;
	config_t parsed;

	config_init(&parsed);
	build->partial = !config_read_string(&parsed, text ? text : "");
	if (build->partial)
		note_syntax(build, &parsed);
	apply_root(build, config_root_setting(&parsed));
	config_destroy(&parsed);
}
