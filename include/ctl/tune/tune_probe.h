/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mssclampd knows and finds of the same path, beside what transfers have found. */
#pragma once

#include <jansson.h>

#include "ctl/client/client_error.h"
#include "ctl/options/ctl.h"
#include "ctl/probe/probe_around.h"
#include "ctl/tune/tune_report.h"

/* Notes why mssclampd has not answered, for itself and for what probe would find. Pure. */
void tune_probe_note_error(const struct client_error *error, struct tune_report *report);

/* What mssclampd thinks of that host, and finds on the way to it, noted in the report. That it does
 * not answer is no error: why is noted. One that knows nothing of that host may well measure it. */
void tune_probe_ask_daemon(const struct ctl *ctl, const struct tune_options *options,
			   struct tune_report *report);

/* Reads the last answer to Probe. Pure. */
void tune_probe_read(const json_t *reply, const char *address, struct tune_probe *ret_probe);

/* Notes the tunnel that leads there: what came in pieces through it does not fit. Pure. */
void tune_probe_note_way(const struct probe_around *around, struct tune_probe *probe);

/* Whether the two agree (1, 0, or -1: cannot tell), and why. Pure. */
int tune_probe_compare(const struct tune_options *options, const struct tune_report *report,
		       const char **ret_why);
