/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/screen/local_time.h"

#include <time.h>

/* Returns false for what is no time. */
static bool read_time(const char *text, struct tm *ret_local)
{
	struct tm utc = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
	time_t when = timegm(&utc);

	return rest && localtime_r(&when, ret_local);
}

struct format_text local_time_clock(const char *text)
{
	struct format_text clock = { "-" };
	struct tm local;

	if (read_time(text, &local))
		strftime(clock.s, sizeof(clock.s), "%H:%M:%S", &local);
	return clock;
}

struct format_text local_time_day(const char *text)
{
	struct format_text day = local_time_clock(text);
	time_t now = time(NULL);
	struct tm local, today;

	if (!read_time(text, &local) || !localtime_r(&now, &today))
		return day;
	if (local.tm_yday != today.tm_yday || local.tm_year != today.tm_year)
		strftime(day.s, sizeof(day.s), "%Y-%m-%d %H:%M:%S", &local);
	return day;
}
