/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main file and its drop-ins, one after the other. */
#pragma once

#include "daemon/config_build.h"

/* Applies the file, then FILE.d/ *.conf in C order. required: a missing main file is a warning. A
 * drop-in that cannot be read is an error. */
void config_files_read(struct config_build *build, const char *file, bool required);
