/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cpu.h"

#include <sched.h>

/* The call fails only where the kernel knows more CPUs than the mask has room for (1024). */
unsigned int cpu_queue_count(void)
{
	cpu_set_t cpus;
	int count = CPU_QUEUES_MAX;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		count = CPU_COUNT(&cpus);
	if (count > CPU_QUEUES_MAX)
		count = CPU_QUEUES_MAX;
	return count > 0 ? (unsigned int)count : 1;
}
