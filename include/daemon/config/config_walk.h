/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree that libconfig made of one file, compared with the table. */
#pragma once

#include "daemon/config/config_build.h"

/* Applies all that stands under root; what is wrong with it goes to the report. partial: the file
 * has a syntax error, and what the last entry seems to lack may stand behind that. */
void config_walk(struct config_build *build, const config_setting_t *root, bool partial);
