/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/discovery/look_time.h"

#include "base/clock.h"
#include "base/log.h"

#define GAP_NS (20 * NS_PER_MS)
#define GAP_FACTOR 10

struct look_time look_time_begin(void)
{
	return (struct look_time){ .begin_ns = clock_boottime_ns(),
				   .begin_cpu_ns = clock_thread_ns() };
}

void look_time_say(const struct look_time *time, const struct knowledge *knowledge, size_t peers,
		   bool built)
{
	unsigned long long looked_us = (time->looked_ns - time->begin_ns) / 1000;
	unsigned long long built_us = (clock_boottime_ns() - time->looked_ns) / 1000;

	if (built)
		log_debug("%zu links, %zu routes, %zu peers: looked in %llu us, built in %llu us",
			  knowledge->links.count, knowledge->routes.count, peers, looked_us,
			  built_us);
	else
		log_debug("%zu links, %zu routes, %zu peers: looked in %llu us, nothing is new",
			  knowledge->links.count, knowledge->routes.count, peers, looked_us);
}

uint64_t look_time_next(const struct look_time *time)
{
	uint64_t gap_ns = (clock_thread_ns() - time->begin_cpu_ns) * GAP_FACTOR;

	return clock_boottime_ns() + (gap_ns > GAP_NS ? gap_ns : GAP_NS);
}
