/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How findings about the configuration are collected: each a line of its own, none lost. */
#pragma once

#include <stdio.h>

#include "daemon/config.h"

enum config_severity { CONFIG_ERROR, CONFIG_WARNING, CONFIG_NOTICE };

/* Where something stands. */
struct config_where {
	const char *file;
	unsigned int line; /* from 1 */
};

/* Adds "file:line: path: text". path is what comes before the second colon, mostly a setting.
 * Returns 0 or -ENOMEM with the report as it was. */
int config_report_add(struct config_report *report, enum config_severity severity,
		      struct config_where where, const char *path, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Prints a text of the user for an error line: in quotes, cut at 60 bytes, '?' for what is not
 * printable. */
void config_print_quoted(FILE *out, const char *text);
