/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration while its files are being read. */
#pragma once

#include <jansson.h>
#include <libconfig.h>
#include <stdbool.h>

#include "daemon/config/config.h"
#include "daemon/config/config_report.h"
#include "daemon/config/config_value.h"

#define CONFIG_PATH_TEXT_MAX 128 /* "rules[1048576].interface"; longer names are cut */

struct config_build {
	struct config *config;
	struct config_report *report;
	const char *file; /* the one at hand */
	int failed;       /* -ENOMEM once something could not be kept */
};

/* Adds a finding about the setting to the report. */
void config_build_note(struct config_build *build, enum config_severity severity,
		       const config_setting_t *setting, const char *path, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Reads a value and reports what is wrong with it, or that its feature is not in this version.
 * Returns whether *ret_value was filled; config_value_done is due then. */
bool config_build_read(struct config_build *build, const struct config_row *row,
		       const config_setting_t *setting, const char *path,
		       struct config_value *ret_value);

/* Remembers in config->effective what stands where. Borrows the value. */
void config_build_record(struct config_build *build, const config_setting_t *setting,
			 const char *path, const struct config_value *value);
