/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a temporary limit ends, in words. Pure but for try_now. */
#pragma once

#include <stdint.h>

#define TRY_TIME_MAX 48 /* bytes that each text has room for, its NUL included */

/* One moment by both clocks, so that a deadline can be told as a time of day. */
struct try_now {
	uint64_t boottime_ns, realtime_ns;
};
struct try_now try_now(void);

/* RFC 3339 in UTC: "2026-11-25T12:40:05Z". Returns text. */
const char *try_text_time(uint64_t until_ns, const struct try_now *now, char text[TRY_TIME_MAX]);
/* "until 12:40:05 UTC": what is kept and read later. Returns text. */
const char *try_text_end(uint64_t until_ns, const struct try_now *now, char text[TRY_TIME_MAX]);
/* "until 12:40:05 UTC (8 min left)". Returns text. */
const char *try_text_until(uint64_t until_ns, const struct try_now *now, char text[TRY_TIME_MAX]);
