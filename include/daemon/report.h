/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the report on the configuration goes. */
#pragma once

#include "daemon/config.h"

/* Each line to the log under its priority. */
void report_log(const struct config_report *report);

/* mssclampd -t: each line and a sum on stdout. strict: warnings count too.
 * Returns the exit code: 0, or 6 where the configuration is not usable. */
int report_print(const struct config_report *report, bool strict);
