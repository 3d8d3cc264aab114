/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/memory.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

int memory_lock_all(void)
{
	const struct rlimit endless = { RLIM_INFINITY, RLIM_INFINITY };

	(void)setrlimit(RLIMIT_MEMLOCK, &endless); /* for who may */
	if (memory_lock_limit() != SIZE_MAX)
		return -EPERM;
	return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0 ? -errno : 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the builtin writes */
static void touch(uint8_t *start, size_t len)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t at = 0; at < len; at += page)
		__atomic_fetch_or(&start[at], 0, __ATOMIC_RELAXED); /* written, and the same */
	if (len > 0)
		__atomic_fetch_or(&start[len - 1], 0, __ATOMIC_RELAXED);
}

int memory_lock(void *start, size_t len)
{
	int r = mlock(start, len) < 0 ? -errno : 0;

	touch(start, len);
	return r;
}

size_t memory_lock_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return 0;
	return limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : (size_t)limit.rlim_cur;
}
