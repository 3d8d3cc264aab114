/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a configuration file made into the text that libconfig gets.
 *
 * libconfig 1.5 takes 99999999999 for 1215752191, an unclosed comment for the end of the file, and
 * ends the process where an @include names a folder. So a scan of ours comes first: it drops
 * comments, puts an L behind integers wider than 31 bits and refuses @include. */
#pragma once

#include <stddef.h>

#include "daemon/config/config_report.h"

/* Scans the len bytes, behind which stands a NUL. The owned text has the file's lines. Returns 0; 1
 * where a syntax error, which is in the report, ends the text early; or -ENOMEM. A refused @include
 * is an error in the report and otherwise an empty line. */
int config_scan(const char *file, const char *bytes, size_t len, struct config_report *report,
		char **ret_text);
