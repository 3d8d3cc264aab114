/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main file and its drop-ins, one after the other. */
#pragma once

#include <libconfig.h>

#include "daemon/config/config_build.h"

/* Reads a text as libconfig does. libconfig 1.5 ends the process by a null pointer where memory is
 * short, so it is not begun where what it takes cannot be had. Returns 0, -EBADMSG (partly read,
 * see config_error_text), or -ENOMEM with nothing made; else config_destroy frees it. */
int config_files_parse(config_t *parsed, const char *text);

/* The drop-ins that a folder holds, with its name in front, in C order. Returns 0 and the list that
 * config_files_free frees, or -errno. */
int config_files_scan(const char *folder, char ***ret_files, size_t *ret_count);
void config_files_free(char **files, size_t count);

/* Applies the file, then FILE.d/ *.conf in C order. absent: what a missing main file is. A drop-in
 * that cannot be read is an error. */
void config_files_read(struct config_build *build, const char *file,
		       enum config_absent absent);
