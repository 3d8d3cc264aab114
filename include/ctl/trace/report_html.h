/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report on a capture as one page. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* Writes the page to a file, "-" being standard output; the file is there whole or not at all.
 * report: what report_to_json made. addresses: in full, else so that nobody can be looked up.
 * Returns 0 or -errno. */
int report_html_write(const char *path, const json_t *report, bool addresses);
