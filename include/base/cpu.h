/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of the machine is ours. */
#pragma once

/* A core takes more SYNs than most hosts ever see: more queues are for who asks for them. */
#define CPU_QUEUES_MAX 4

/* Queues, each with its thread, where nobody said how many: the CPUs that this process may run on
 * (its affinity mask), at least 1, at most CPU_QUEUES_MAX. */
unsigned int cpu_queue_count(void);
