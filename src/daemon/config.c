/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/config_build.h"

#define QUEUES_AUTO_MAX 4 /* queues.count = 0 gives at most so many */

/* Wherever count stands, first is what has to give way. Its preset leaves room for any count. */
static void check_queues(struct config_build *build)
{
	const struct config *config = build->config;
	unsigned int count = config->queue_count ? config->queue_count : QUEUES_AUTO_MAX;
	const json_t *first = json_object_get(config->effective, "queues.first");
	unsigned int last = config->queue_first + count - 1;
	struct config_where where;

	if (last <= UINT16_MAX || !first)
		return;
	where.file = json_string_value(json_object_get(first, "file"));
	where.line = (unsigned int)json_integer_value(json_object_get(first, "line"));
	if (config_report_add(build->report, CONFIG_ERROR, where, "queues.first",
			      "the last of %u queues from %u on is %u, must be at most 65535",
			      count, config->queue_first, last) < 0)
		build->failed = -ENOMEM;
}

static struct config *config_new(void)
{
	struct config *config = calloc(1, sizeof(*config));
	json_t *presets;

	if (!config)
		return NULL;
	config->rules = calloc(1, sizeof(*config->rules));
	config->effective = json_object();
	presets = config_presets(config);
	if (!config->rules || !config->effective || !presets) {
		config_free(config);
		config = NULL;
	}
	json_decref(presets);
	return config;
}

int config_load(const char *file, bool required, struct config **ret_config,
		struct config_report *ret_report)
{
	struct config_build build = { .report = ret_report };
	int r;

	*ret_report = (struct config_report){ 0 };
	build.config = config_new();
	if (!build.config)
		return -ENOMEM;
	config_build_files(&build, file, required);
	check_queues(&build);
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
	free(config);
}
