/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "core/mss.h"
#include "daemon/config/config_files.h"
#include "proto/json_memory.h"

/* Where the files set it last; false: nowhere. */
static bool find_where(const struct config_build *build, const char *path,
		       struct config_where *ret_where)
{
	const json_t *found = json_object_get(build->config->effective, path);

	if (!found)
		return false;
	ret_where->file = json_string_value(json_object_get(found, "file"));
	ret_where->line = (unsigned int)json_integer_value(json_object_get(found, "line"));
	return true;
}

/* Wherever count stands, first is what has to give way. Its preset leaves room for any count. */
static void check_queues(struct config_build *build)
{
	const struct config *config = build->config;
	unsigned int count = config->queue_count ? config->queue_count : CPU_QUEUES_MAX;
	unsigned int last = config->queue_first + count - 1;
	struct config_where where;

	if (last <= UINT16_MAX || !find_where(build, "queues.first", &where))
		return;
	if (config_report_add(build->report, CONFIG_ERROR, where, "queues.first",
			      "the last of %u queues from %u on is %u, must be at most 65535",
			      count, config->queue_first, last) < 0)
		build->failed = -ENOMEM;
}

/* Offload writes rules of its own. */
static void check_offload(struct config_build *build)
{
	const struct config *config = build->config;
	struct config_where where;

	if (config->mode != MODE_OFFLOAD || config->firewall != FIREWALL_NONE ||
	    !find_where(build, "mode", &where))
		return;
	if (config_report_add(build->report, CONFIG_WARNING, where, "mode",
			      "\"offload\" needs rules of our own, which firewall = \"none\" "
			      "leaves to you") < 0)
		build->failed = -ENOMEM;
}

/* A host that says nothing means 536 or 1220: whoever says so is none of those. */
static void check_low_mss(struct config_build *build, const char *path, uint32_t below,
			  uint32_t usual)
{
	struct config_where where;

	if (below <= usual || build->config->low_mss.action == LOW_MSS_PASS ||
	    !find_where(build, path, &where))
		return;
	if (config_report_add(build->report, CONFIG_WARNING, where, path,
			      "%u is above %u, which is what a host means that says nothing: "
			      "that is no attack", below, usual) < 0)
		build->failed = -ENOMEM;
}

/* What is to be done with tiny values, while none is tiny. */
static void check_low_mss_action(struct config_build *build)
{
	const struct config *config = build->config;
	struct config_where where;

	if (config->low_mss.action == LOW_MSS_PASS || config->low_mss.below4 ||
	    config->low_mss.below6 || !find_where(build, "low_mss.action", &where))
		return;
	if (config_report_add(build->report, CONFIG_WARNING, where, "low_mss.action",
			      "nothing is done: low_mss.below4 and low_mss.below6 are 0, so no "
			      "MSS is below them; set one of them, 216 for example") < 0)
		build->failed = -ENOMEM;
}

/* The presets of all rows as a text for libconfig, in order: they take the way that values of files
 * take. Owned, or NULL. */
static char *presets_text(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < config_row_count; i++)
		fprintf(out, "v%zu = %s;\n", i, config_rows[i].preset);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int preset_apply(const struct config_row *row, const config_setting_t *setting,
			struct config *config, json_t *values)
{
	struct config_value value;
	int r = config_value_read(row, setting, &value, stderr);

	if (r < 0)
		return r;
	r = config_value_store(row, &value, config);
	if (r == 0)
		r = json_object_set(values, row->path, value.json);
	config_value_done(&value);
	return r;
}

/* Sets every field of config to its preset, and returns the presets as {path: value}: owned, or
 * NULL (out of memory). */
static json_t *apply_presets(struct config *config)
{
	json_t *values = json_object();
	char *text = presets_text();
	config_t parsed;
	int r = values && text ? config_files_parse(&parsed, text) : -ENOMEM;

	if (r == 0) {
		for (unsigned int i = 0; r == 0 && i < config_row_count; i++)
			r = preset_apply(&config_rows[i],
					 config_setting_get_elem(config_root_setting(&parsed), i),
					 config, values);
		config_destroy(&parsed);
	}
	free(text);
	if (r < 0) {
		json_decref(values);
		return NULL;
	}
	return values;
}

static struct config *config_new(void)
{
	struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return NULL;
	config->rules = calloc(1, sizeof(*config->rules));
	config->effective = json_object();
	config->presets = apply_presets(config);
	if (!config->rules || !config->effective || !config->presets) {
		config_free(config);
		return NULL;
	}
	return config;
}

int config_load(const char *file, enum config_absent absent, struct config **ret_config,
		struct config_report *ret_report)
{
	struct config_build build = { .report = ret_report };
	unsigned long failures = json_memory_failures();
	int r;

	*ret_report = (struct config_report){ 0 };
	build.config = config_new();
	if (!build.config)
		return -ENOMEM;
	config_files_read(&build, file, absent);
	check_queues(&build);
	check_offload(&build);
	check_low_mss(&build, "low_mss.below4", build.config->low_mss.below4, MSS_DEFAULT_IPV4);
	check_low_mss(&build, "low_mss.below6", build.config->low_mss.below6, MSS_DEFAULT_IPV6);
	check_low_mss_action(&build);
	if (json_memory_failures() != failures)
		build.failed = -ENOMEM;
	r = build.failed ? build.failed : ret_report->error_count ? -EINVAL : 0;
	if (r < 0) {
		config_free(build.config);
		return r;
	}
	*ret_config = build.config;
	return 0;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config_row_count; i++)
		config_value_drop(&config_rows[i], config);
	for (size_t i = 0; i < config->tunnel_count; i++) {
		for (size_t k = 0; k < config_tunnels.key_count; k++)
			config_value_drop(&config_tunnels.keys[k], &config->tunnels[i]);
	}
	free(config->tunnels);
	rules_free(config->rules);
	json_decref(config->effective);
	json_decref(config->presets);
	free(config);
}

/* Borrowed; NULL where no file sets it. */
static const json_t *found_at(const struct config *config, const char *path)
{
	return json_object_get(config->effective, path);
}

/* Borrowed; a JSON null where neither a file nor the table has a value. */
static json_t *value_at(const struct config *config, const char *path)
{
	json_t *value = json_object_get(found_at(config, path), "value");

	if (!value)
		value = json_object_get(config->presets, path);
	return value ? value : json_null();
}

/* Appends the path to changes if its values differ. */
static int compare(const struct config *old_config, const struct config *new_config,
		   const char *path, json_t *changes)
{
	json_t *old_value = value_at(old_config, path);
	json_t *new_value = value_at(new_config, path);
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
			   bool only_old, json_t *changes)
{
	json_t *entries = only_old ? old_config->effective : new_config->effective;
	const char *path;
	json_t *found;

	json_object_foreach(entries, path, found) {
		if (!strchr(path, '[') || (only_old && found_at(new_config, path)))
			continue;
		if (compare(old_config, new_config, path, changes) < 0)
			return -1;
	}
	return 0;
}

json_t *config_diff(const struct config *old_config, const struct config *new_config)
{
	json_t *changes = json_array();
	int r = changes ? 0 : -1;

	for (size_t i = 0; r == 0 && i < config_row_count; i++)
		r = compare(old_config, new_config, config_rows[i].path, changes);
	if (r == 0)
		r = compare_entries(old_config, new_config, false, changes);
	if (r == 0)
		r = compare_entries(old_config, new_config, true, changes);
	if (r < 0) {
		json_decref(changes);
		return NULL;
	}
	return changes;
}

json_t *config_needs_restart(const struct config *old_config, const struct config *new_config)
{
	json_t *paths = json_array();
	int r = paths ? 0 : -1;

	for (size_t i = 0; r == 0 && i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];

		if (row->needs_restart && !json_equal(value_at(old_config, row->path),
						      value_at(new_config, row->path)))
			r = json_array_append_new(paths, json_string(row->path));
	}
	if (r < 0) {
		json_decref(paths);
		return NULL;
	}
	return paths;
}
