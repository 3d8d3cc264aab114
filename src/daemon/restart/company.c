/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/restart/company.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/restart/kept.h"
#include "edge/queue/queue.h"
#include "edge/queue/queue_proc.h"

#define GONE_MS 2000

static bool is_ours(const struct daemon *daemon, uint16_t queue)
{
	const struct workers *workers = daemon->workers;

	return queue >= workers_number(workers, 0) &&
	       queue <= workers_number(workers, workers_count(workers) - 1);
}

/* The rules of a namespace are one daemon's: two would undo each other's without end. Where it has
 * a queue that we want, too, binding will say so. */
int company_refuse(const struct daemon *daemon)
{
	uint16_t queue;
	int pid;

	if (daemon->config->firewall == FIREWALL_NONE ||
	    queue_find_process("mssclampd", &queue, &pid) <= 0)
		return 0;
	if (is_ours(daemon, queue))
		return 0;
	log_print(LOG_ERR,
		  "another mssclampd (process %d, queue %u) already serves this network namespace; "
		  "stop it, or set firewall = \"none\" for this one",
		  pid, queue);
	return -EBUSY;
}

void company_wait_gone(const struct daemon *daemon)
{
	const size_t count = workers_count(daemon->workers);
	uint16_t numbers[SLOT_READERS_MAX];

	for (size_t i = 0; i < count; i++)
		numbers[i] = workers_number(daemon->workers, i);
	queue_wait_free(numbers, count, GONE_MS);
}

/* Somebody else's queue is found while we may still see whose it is. */
int company_refuse_owned(const struct daemon *daemon)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < workers_count(daemon->workers); i++) {
		uint16_t number = workers_number(daemon->workers, i);

		if (!kept_has_queue(daemon->kept, number))
			r = queue_check_free(number);
	}
	return r;
}
