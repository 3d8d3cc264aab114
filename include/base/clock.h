/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time that never jumps back and goes on while the machine is suspended; and that of people. */
#pragma once

#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

static inline double clock_seconds(uint64_t ns)
{
	return (double)ns / (double)NS_PER_SECOND;
}

static inline uint64_t clock_read_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* CLOCK_BOOTTIME in nanoseconds: ages and deadlines of the control thread. */
static inline uint64_t clock_boottime_ns(void)
{
	return clock_read_ns(CLOCK_BOOTTIME);
}

/* CLOCK_MONOTONIC in nanoseconds: short durations of a worker (a vDSO call, no system call). */
static inline uint64_t clock_monotonic_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

/* CLOCK_REALTIME in nanoseconds since 1970: when something was, for people (a vDSO call). */
static inline uint64_t clock_realtime_ns(void)
{
	return clock_read_ns(CLOCK_REALTIME);
}

/* What the calling thread has used of a processor, in nanoseconds. */
static inline uint64_t clock_thread_ns(void)
{
	return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}
