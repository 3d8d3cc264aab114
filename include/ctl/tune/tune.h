/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search for the largest MSS by real transfers, and how it is shown. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "ctl/options/ctl.h"
#include "ctl/tune/tune_report.h"

/* Runs all of it. Returns an enum ctl_exit; an error is said already. */
int tune_measure(const struct ctl *ctl, const struct tune_options *options,
		 struct tune_report *report);

/* Returns owned, or NULL (out of memory). */
json_t *tune_to_json(const struct tune_options *options, const struct tune_report *report);

/* Prints what tune_to_json made. Returns 0 or -ENOMEM. */
int tune_print(const struct ctl *ctl, const json_t *reply);

/* Writes it as a page. Returns 0 or -errno. */
int tune_html_write(const char *path, const json_t *reply, bool addresses);
