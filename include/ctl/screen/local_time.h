/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times of replies on the reader's clock. */
#pragma once

#include "ctl/screen/format.h"

/* The time of day here, "12:44:01", of an RFC 3339 time in UTC; "-" for what is none. */
struct format_text local_time_clock(const char *text);
/* The same with its day where that is not today: "2026-11-25 12:44:01". */
struct format_text local_time_day(const char *text);
