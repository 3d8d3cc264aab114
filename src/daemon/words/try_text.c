/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/words/try_text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

struct try_now try_now(void)
{
	struct timespec real;

	clock_gettime(CLOCK_REALTIME, &real);
	return (struct try_now){
		.boottime_ns = clock_boottime_ns(),
		.realtime_ns = (uint64_t)real.tv_sec * NS_PER_SECOND + (uint64_t)real.tv_nsec,
	};
}

/* Units by how long it is: what is less than `below` is told in them. */
static const struct {
	uint64_t below_ns, unit_ns;
	const char *unit;
} units[] = {
	{ 120 * NS_PER_SECOND,   NS_PER_SECOND,        "s"   },
	{ 7200 * NS_PER_SECOND,  60 * NS_PER_SECOND,   "min" },
	{ UINT64_MAX,            3600 * NS_PER_SECOND, "h"   },
};

/* The differences of unsigned numbers may wrap: a limit that has ended is undone a moment later. */
const char *try_text_time(uint64_t until_ns, const struct try_now *now, char text[TRY_TIME_MAX])
{
	uint64_t real_ns = now->realtime_ns + (until_ns - now->boottime_ns);
	time_t seconds = (time_t)((real_ns + NS_PER_SECOND / 2) / NS_PER_SECOND);
	struct tm parts;

	gmtime_r(&seconds, &parts);
	if (strftime(text, TRY_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		text[0] = '\0';
	return text;
}

/* "until 12:40:05 UTC"; returns its length. */
static int print_clock(uint64_t until_ns, const struct try_now *now, char text[TRY_TIME_MAX])
{
	char time[TRY_TIME_MAX];
	const char *clock = strchr(try_text_time(until_ns, now, time), 'T');

	return snprintf(text, TRY_TIME_MAX, "until %.8s UTC", clock ? clock + 1 : "?");
}

const char *try_text_end(uint64_t until_ns, const struct try_now *now, char text[TRY_TIME_MAX])
{
	print_clock(until_ns, now, text);
	return text;
}

const char *try_text_until(uint64_t until_ns, const struct try_now *now, char text[TRY_TIME_MAX])
{
	uint64_t left_ns = until_ns > now->boottime_ns ? until_ns - now->boottime_ns : 0;
	int len = print_clock(until_ns, now, text);
	size_t i = 0;

	while (left_ns >= units[i].below_ns)
		i++;
	snprintf(text + len, TRY_TIME_MAX - (size_t)len, " (%llu %s left)",
		 (unsigned long long)((left_ns + units[i].unit_ns / 2) / units[i].unit_ns),
		 units[i].unit);
	return text;
}
