/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One configuration file on the disk. */
#pragma once

#include "daemon/config/config_report.h"

/* Reads a regular file of at most 1 MiB, or /dev/null, and scans it. Returns 0 or 1 and the owned
 * text as config_scan does, -ENOENT (no such file, nothing reported), -EINVAL (it cannot be read,
 * reported) or -ENOMEM. */
int config_source_read(const char *file, struct config_report *report, char **ret_text);

/* Why a file or folder could not be read that way (of access(2)), and what to do: error is -errno.
 * Permissions that allow it mean that a sandbox refused, ours or that of a security module. */
const char *config_source_why(const char *path, int access, int error);
