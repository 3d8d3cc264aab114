/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/sandbox/worker_thread.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/filter.h"
#include "base/log.h"
#include "base/memory.h"
#include "edge/queue/queue.h"

#define STACK_BYTES (64 * 1024) /* more than a worker ever uses */

void worker_thread_lock(struct queue *queue)
{
	int r = queue_lock_memory(queue);

	if (r < 0)
		log_notice("queue %u: its memory cannot be locked (%s); raise the limit of locked "
			   "memory (LimitMEMLOCK=, ulimit -l)",
			   queue_number(queue), strerrordesc_np(-r));
}

/* The part of the stack below here is used by every function that is called later. */
static __attribute__((noinline)) void lock_stack(void)
{
	uint8_t stack[STACK_BYTES];

	(void)memory_lock(stack, sizeof(stack)); /* the queue's own memory says what is wrong */
}

void worker_thread_prepare(const struct queue *queue, const struct filter *filter)
{
	char name[16]; /* what pthread_setname_np takes */
	int r;

	snprintf(name, sizeof(name), "queue-%u", queue_number(queue));
	pthread_setname_np(pthread_self(), name);
	lock_stack();
	r = filter ? filter_enter(filter) : 0;
	if (r < 0)
		log_error(r, "queue %u: its worker cannot be put under a filter of system calls",
			  queue_number(queue));
}
