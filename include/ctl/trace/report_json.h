/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report on a capture as JSON (share/schema/pcap.json), which the screens are made of too. */
#pragma once

#include <jansson.h>

#include "ctl/trace/trace_report.h"

/* Where a report comes from, and how reading ended. */
struct report_source {
	const char *file;   /* as it was named */
	const char *format; /* "pcap" or "pcapng" */
	const char *error;  /* why not all of it could be read, or NULL */
};

/* Returns owned, or NULL (out of memory). */
json_t *report_to_json(const struct report *report, const struct report_source *source);
