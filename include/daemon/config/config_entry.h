/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One entry of rules or tunnels, its keys read and each good in itself. */
#pragma once

#include "daemon/config/config_build.h"

struct config_entry {
	const struct config_list *list;
	const config_setting_t *setting;
	const config_setting_t *keys[CONFIG_KEYS_MAX]; /* NULL: not given */
	struct config_value values[CONFIG_KEYS_MAX];
	char path[CONFIG_PATH_TEXT_MAX];               /* "rules[2]", counted inside the file */
};

/* Check the keys against each other, report what is wrong, append the entry to the configuration.
 * Return whether it was appended. */
bool config_entry_add_rule(struct config_build *build, const struct config_entry *entry);
bool config_entry_add_tunnel(struct config_build *build, const struct config_entry *entry);
