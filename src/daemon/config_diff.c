/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between two configurations. */
#include <string.h>

#include "daemon/config_build.h"

/* Borrowed; NULL where no file sets it. */
static const json_t *found_at(const struct config *config, const char *path)
{
	return json_object_get(config->effective, path);
}

/* Borrowed; a JSON null where neither a file nor the table has a value. */
static json_t *value_at(const struct config *config, const json_t *presets, const char *path)
{
	json_t *value = json_object_get(found_at(config, path), "value");

	if (!value)
		value = json_object_get(presets, path);
	return value ? value : json_null();
}

/* Appends the path to changes if its values differ. */
static int compare(const struct config *old_config, const struct config *new_config,
		   const json_t *presets, const char *path, json_t *changes)
{
	json_t *old_value = value_at(old_config, presets, path);
	json_t *new_value = value_at(new_config, presets, path);
	const json_t *found = found_at(new_config, path);
	json_t *file = json_object_get(found, "file");
	json_t *line = json_object_get(found, "line");

	if (json_equal(old_value, new_value))
		return 0;
	return json_array_append_new(changes,
		json_pack("{s:s, s:O, s:O, s:O, s:O}", "path", path, "old", old_value,
			  "new", new_value, "file", file ? file : json_null(),
			  "line", line ? line : json_null()));
}

/* Keys of list entries; those that both have are compared once, for the new side. */
static int compare_entries(const struct config *old_config, const struct config *new_config,
			   bool only_old, const json_t *presets, json_t *changes)
{
	json_t *entries = only_old ? old_config->effective : new_config->effective;
	const char *path;
	json_t *found;

	json_object_foreach(entries, path, found) {
		if (!strchr(path, '[') || (only_old && found_at(new_config, path)))
			continue;
		if (compare(old_config, new_config, presets, path, changes) < 0)
			return -1;
	}
	return 0;
}

json_t *config_diff(const struct config *old_config, const struct config *new_config)
{
	json_t *presets = config_presets(NULL);
	json_t *changes = json_array();
	int r = presets && changes ? 0 : -1;

	for (size_t i = 0; r == 0 && i < config_row_count; i++)
		r = compare(old_config, new_config, presets, config_rows[i].path, changes);
	if (r == 0)
		r = compare_entries(old_config, new_config, false, presets, changes);
	if (r == 0)
		r = compare_entries(old_config, new_config, true, presets, changes);
	json_decref(presets);
	if (r < 0) {
		json_decref(changes);
		return NULL;
	}
	return changes;
}

json_t *config_needs_restart(const struct config *old_config, const struct config *new_config)
{
	json_t *presets = config_presets(NULL);
	json_t *paths = json_array();
	int r = presets && paths ? 0 : -1;

	for (size_t i = 0; r == 0 && i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];

		if (row->needs_restart && !json_equal(value_at(old_config, presets, row->path),
						      value_at(new_config, presets, row->path)))
			r = json_array_append_new(paths, json_string(row->path));
	}
	json_decref(presets);
	if (r < 0) {
		json_decref(paths);
		return NULL;
	}
	return paths;
}
