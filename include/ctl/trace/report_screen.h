/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report on a capture for people; report is what report_to_json made. */
#pragma once

#include "ctl/options/ctl.h"

/* Prints it on stdout. Returns 0 or -ENOMEM. */
int report_screen_print(const struct ctl *ctl, const json_t *report);

/* "suspected PMTU black hole": a flow's verdict as people read it. Borrowed. */
const char *report_verdict_words(const json_t *flow);
/* Whether SYNs left with another MSS than they came with, or did not leave. */
bool report_left_otherwise(const json_t *report);
