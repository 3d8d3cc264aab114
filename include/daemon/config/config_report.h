/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How findings about the configuration are collected: each a line of its own, none lost. */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* Lines ready to print: "file:line: path: what, why". Zeroed before the first. */
struct config_report {
	char **errors, **warnings, **notices; /* notices: settings not active in this version */
	size_t error_count, warning_count, notice_count;
};

enum config_severity { CONFIG_ERROR, CONFIG_WARNING, CONFIG_NOTICE };

/* Where something stands. */
struct config_where {
	const char *file;
	unsigned int line; /* from 1; 0: the file as a whole */
};

/* Adds "file:line: path: text", or without path "file: text", of the file as a whole. path is
 * mostly a setting.
 * Returns 0 or -ENOMEM with the report as it was. */
int config_report_add(struct config_report *report, enum config_severity severity,
		      struct config_where where, const char *path, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Frees the lines and leaves the report empty. */
void config_report_done(struct config_report *report);

/* Prints a text of the user for an error line: in quotes, at most 60 bytes of whole characters and
 * "..." for more, '?' for control characters. */
void config_print_quoted(FILE *out, const char *text);
