/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config_build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_entry.h"

static struct config_where where_of(const struct config_build *build,
				    const config_setting_t *setting)
{
	return config_source_where(build->source, config_setting_source_line(setting));
}

void config_build_note(struct config_build *build, enum config_severity severity,
		       const config_setting_t *setting, const char *path, const char *format, ...)
{
	char *text;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		build->failed = -ENOMEM;
		return;
	}
	if (config_report_add(build->report, severity, where_of(build, setting), path, "%s",
			      text) < 0)
		build->failed = -ENOMEM;
	free(text);
}

static void note_inactive(struct config_build *build, const struct config_row *row,
			  const config_setting_t *setting, const char *path,
			  const struct config_value *value)
{
	if (row->inactive == ROW_INACTIVE)
		config_build_note(build, CONFIG_NOTICE, setting, path,
				  "not active in this version%s%s", row->instead ? ", " : "",
				  row->instead ? row->instead : "");
	else if (row->inactive && row->inactive & 1U << value->number)
		config_build_note(build, CONFIG_NOTICE, setting, path,
				  "\"%s\" is not active in this version, %s", value->text,
				  row->instead);
}

bool config_build_read(struct config_build *build, const struct config_row *row,
		       const config_setting_t *setting, const char *path,
		       struct config_value *ret_value)
{
	char *problem = NULL;
	size_t len;
	FILE *out = open_memstream(&problem, &len);
	int r = -ENOMEM;

	if (out) {
		r = config_value_read(row, setting, ret_value, out);
		if (fclose(out) != 0 && r == -EINVAL)
			r = -ENOMEM;
	}
	if (r == -EINVAL)
		config_build_note(build, CONFIG_ERROR, setting, path, "%s", problem);
	else if (r < 0)
		build->failed = r;
	else
		note_inactive(build, row, setting, path, ret_value);
	free(problem);
	return r == 0;
}

/* A file's name may be no UTF-8, JSON must be. */
static json_t *name_json(const char *name)
{
	json_t *json = json_string(name);
	char *copy;

	if (json)
		return json;
	copy = strdup(name);
	for (char *at = copy; at && *at; at++) {
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	}
	json = copy ? json_string(copy) : NULL;
	free(copy);
	return json;
}

void config_build_record(struct config_build *build, const config_setting_t *setting,
			 const char *path, const struct config_value *value)
{
	struct config_where where = where_of(build, setting);
	json_t *found = json_pack("{s:O, s:o, s:I}", "value", value->json, "file",
				  name_json(where.file), "line", (json_int_t)where.line);

	if (json_object_set_new(build->config->effective, path, found) < 0)
		build->failed = -ENOMEM;
}

static void read_key(struct config_build *build, struct config_entry *entry,
		     const config_setting_t *setting, bool *good)
{
	const char *name = config_setting_name(setting);
	const struct config_row *row = config_key_find(entry->list, name);
	char path[CONFIG_PATH_TEXT_MAX];
	char *unknown = NULL;
	size_t at, len;
	FILE *out;

	snprintf(path, sizeof(path), "%.40s.%.40s", entry->path, name);
	if (config_setting_type(setting) == CONFIG_TYPE_NONE)
		return;
	if (row) {
		at = (size_t)(row - entry->list->keys);
		if (config_build_read(build, row, setting, path, &entry->values[at]))
			entry->keys[at] = setting;
		else
			*good = false;
		return;
	}
	*good = false;
	out = open_memstream(&unknown, &len);
	if (out) {
		config_print_unknown_key(out, entry->list, name);
		fclose(out);
	}
	config_build_note(build, CONFIG_ERROR, setting, path, "%s",
			  unknown ? unknown : "unknown name");
	free(unknown);
}

static void record_entry(struct config_build *build, const struct config_entry *entry, size_t place)
{
	char path[CONFIG_PATH_TEXT_MAX];

	for (size_t i = 0; i < entry->list->key_count; i++) {
		if (!entry->keys[i])
			continue;
		snprintf(path, sizeof(path), "%s[%zu].%s", entry->list->name, place,
			 entry->list->keys[i].path);
		config_build_record(build, entry->keys[i], path, &entry->values[i]);
	}
}

static void add_entry(struct config_build *build, const struct config_entry *entry)
{
	bool added;

	if (entry->list->inactive)
		config_build_note(build, CONFIG_NOTICE, entry->setting, entry->path,
				  "not active in this version");
	if (entry->list == &config_rules) {
		added = config_entry_add_rule(build, entry);
		if (added)
			record_entry(build, entry, build->config->rules->count - 1);
	} else {
		added = config_entry_add_tunnel(build, entry);
		if (added)
			record_entry(build, entry, build->config->tunnel_count - 1);
	}
}

/* complete: the whole entry was read. A key that is bad in itself is reported alone: what its entry
 * seems to lack may be just that key. */
static void apply_entry(struct config_build *build, struct config_entry *entry, bool complete)
{
	int count = config_setting_length(entry->setting);
	bool good = complete;

	if (config_setting_type(entry->setting) != CONFIG_TYPE_GROUP) {
		config_build_note(build, CONFIG_ERROR, entry->setting, entry->path,
				  "is no group, must be { KEY = VALUE; ... }");
		return;
	}
	for (unsigned int i = 0; i < (unsigned int)count; i++)
		read_key(build, entry, config_setting_get_elem(entry->setting, i), &good);
	if (good)
		add_entry(build, entry);
	for (size_t i = 0; i < entry->list->key_count; i++)
		config_value_done(&entry->values[i]);
}

void config_build_list(struct config_build *build, const struct config_list *list,
		       const config_setting_t *setting)
{
	const config_setting_t *root = config_setting_parent(setting);
	bool last = config_setting_index(setting) + 1 == config_setting_length(root);
	bool open = last && build->partial; /* its last entry may go on behind the error */
	int count = config_setting_length(setting);

	if (config_setting_type(setting) != CONFIG_TYPE_LIST) {
		config_build_note(build, CONFIG_ERROR, setting, list->name,
				  "is no list, must be ( { KEY = VALUE; ... }, { ... } )");
		return;
	}
	for (int i = 0; i < count; i++) {
		struct config_entry entry = {
			.list = list, .setting = config_setting_get_elem(setting, (unsigned int)i),
		};

		snprintf(entry.path, sizeof(entry.path), "%s[%d]", list->name, i);
		apply_entry(build, &entry, !open || i + 1 < count);
	}
}
