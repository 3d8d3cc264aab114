/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config/config_entry.h"
#include "daemon/config/config_row.h"

/* group NULL: outside all groups; list NULL: no key of an entry. */
static void note_unknown(struct config_build *build, const config_setting_t *setting,
			 const char *path, const char *group, const struct config_list *list)
{
	const char *name = config_setting_name(setting);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out) {
		build->failed = -ENOMEM;
		return;
	}
	if (list)
		config_row_print_unknown_key(out, list, name);
	else
		config_row_print_unknown(out, group, name);
	if (fclose(out) == 0)
		config_build_note(build, CONFIG_ERROR, setting, path, "%s", text);
	else
		build->failed = -ENOMEM;
	free(text);
}

static void read_key(struct config_build *build, struct config_entry *entry,
		     const config_setting_t *setting, bool *good)
{
	const char *name = config_setting_name(setting);
	const struct config_row *row = config_key_find(entry->list, name);
	char path[CONFIG_PATH_TEXT_MAX];
	size_t at;

	snprintf(path, sizeof(path), "%.40s.%.40s", entry->path, name);
	if (config_setting_type(setting) == CONFIG_TYPE_NONE)
		return;
	if (!row) {
		note_unknown(build, setting, path, NULL, entry->list);
		*good = false;
		return;
	}
	at = (size_t)(row - entry->list->keys);
	if (config_build_read(build, row, setting, path, &entry->values[at]))
		entry->keys[at] = setting;
	else
		*good = false;
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

/* open: the last entry may go on behind what was read. */
static void apply_list(struct config_build *build, const struct config_list *list,
		       const config_setting_t *setting, bool open)
{
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
		const char *name = config_setting_name(member);
		const struct config_row *row = config_row_find(group, name);
		char path[CONFIG_PATH_TEXT_MAX];

		if (config_setting_type(member) == CONFIG_TYPE_NONE)
			continue;
		snprintf(path, sizeof(path), "%.40s.%.60s", group, name);
		if (row)
			apply_row(build, row, member);
		else
			note_unknown(build, member, path, group, NULL);
	}
}

void config_walk(struct config_build *build, const config_setting_t *root, bool partial)
{
	int count = config_setting_length(root);

	for (int i = 0; i < count; i++) {
		const config_setting_t *setting = config_setting_get_elem(root, (unsigned int)i);
		const char *name = config_setting_name(setting);
		const struct config_row *row = config_row_find(NULL, name);
		const struct config_list *list = config_list_find(name);
		char path[CONFIG_PATH_TEXT_MAX];

		snprintf(path, sizeof(path), "%.60s", name);
		if (config_setting_type(setting) == CONFIG_TYPE_NONE)
			continue;
		if (list)
			apply_list(build, list, setting, partial && i + 1 == count);
		else if (row)
			apply_row(build, row, setting);
		else if (config_group_exists(name))
			apply_group(build, name, setting);
		else
			note_unknown(build, setting, path, NULL, NULL);
	}
}
