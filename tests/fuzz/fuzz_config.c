/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: daemon
 *
 * Any bytes as a configuration file: read whole or refused with a reason, nothing between. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/config/config.h"

#define require(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "fuzz_config: broken: %s\n", #condition); \
			abort(); \
		} \
	} while (0)

/* libconfig 1.5 itself loses some bytes where a file has a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}

static void check_lines(char **lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		require(strstr(lines[i], ": ") != NULL);
		require(strchr(lines[i], '\n') == NULL);
	}
}

static void check_config(const struct config *config)
{
	json_t *changes = config_diff(config, config);
	json_t *paths = config_needs_restart(config, config);

	require(changes && json_array_size(changes) == 0);
	require(paths && json_array_size(paths) == 0);
	require(config->hooks != 0 && config->queue_max_packets >= 16);
	require(config->queue_first + (config->queue_count ? config->queue_count : 1U) <= 65536);
	for (size_t i = 0; i < config->rules->count; i++) {
		const struct rule *rule = &config->rules->list[i];

		require(rule->text);
		require(rule->action == RULE_IGNORE || (rule->value >= 88 && rule->value <= 65535));
		require(!rule->has_mark || !(rule->mark_value & ~rule->mark_mask));
	}
	for (size_t i = 0; i < config->tunnel_count; i++)
		require(config->tunnels[i].match);
	json_decref(changes);
	json_decref(paths);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	struct config *config = NULL;
	struct config_report report;
	char file[64];
	int r;

	require(fd >= 0);
	require(write(fd, data, size) == (ssize_t)size);
	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	r = config_load(file, CONFIG_ABSENT_WARNS, &config, &report);
	require((r == 0) == (config != NULL));
	require((r == 0) != (report.error_count > 0));
	check_lines(report.errors, report.error_count);
	check_lines(report.warnings, report.warning_count);
	check_lines(report.notices, report.notice_count);
	if (config)
		check_config(config);
	config_free(config);
	config_report_done(&report);
	close(fd);
	return 0;
}
