/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scan of one file's bytes into the text of a source: why, config_source.h says. */
#pragma once

#include "daemon/config_source.h"

/* Appends the bytes of source->files[file]; one NUL stands behind them. depth counts the files that
 * include each other, from 1. Returns 0, -EINVAL (reported) or -ENOMEM. */
int config_scan(struct config_source *source, size_t file, const char *bytes, size_t len,
		unsigned int depth, struct config_report *report);

/* Reads one more file into the source. Returns as config_source_read does. */
int config_source_add(struct config_source *source, const char *file, unsigned int depth,
		      struct config_report *report);
