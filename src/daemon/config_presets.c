/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stdlib.h>

#include "daemon/config_build.h"

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
	if (config)
		r = config_value_store(row, &value, config);
	if (r == 0)
		r = json_object_set(values, row->path, value.json);
	config_value_done(&value);
	return r;
}

json_t *config_presets(struct config *config)
{
	json_t *values = json_object();
	char *text = presets_text();
	config_t parsed;
	int r = -1;

	config_init(&parsed);
	if (values && text) {
		r = config_read_string(&parsed, text) ? 0 : -1;
		assert(r == 0);
	}
	for (unsigned int i = 0; r == 0 && i < config_row_count; i++)
		r = preset_apply(&config_rows[i],
				 config_setting_get_elem(config_root_setting(&parsed), i), config,
				 values);
	config_destroy(&parsed);
	free(text);
	if (r < 0) {
		json_decref(values);
		return NULL;
	}
	return values;
}
