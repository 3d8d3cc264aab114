/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the report on the configuration goes. */
#pragma once

#include <stdbool.h>

#include "daemon/config/config_report.h"

/* Each line to the log under its priority. */
void config_report_log(const struct config_report *report);

/* mssclampd -t: each line and a sum on stdout. strict: warnings count too.
 * Returns whether the configuration is usable. */
bool config_report_print(const struct config_report *report, bool strict);
