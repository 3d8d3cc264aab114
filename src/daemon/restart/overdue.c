/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/restart/overdue.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rights.h"
#include "daemon/restart/kept.h"

/* In steps, for a machine that stood still for a while has not let us start meanwhile. */
#ifdef MSSCLAMP_SANITIZED
#define STEPS 40 /* which are slower */
#else
#define STEPS 10
#endif
#define STEP_NS (100 * NS_PER_MS)
#define STACK_BYTES (256 * 1024) /* all of it is locked once memory is */

struct overdue {
	const struct kept *kept; /* borrowed */
	pthread_t thread;
	sem_t end;
	uint64_t begin_ns;
	bool passed; /* written by the thread, read behind its end */
};

/* Returns whether the step is over, and the start is not. That the process becomes another user is
 * a signal to each thread. */
static bool step(struct overdue *overdue)
{
	uint64_t until_ns = clock_monotonic_ns() + STEP_NS;
	const struct timespec until = {
		.tv_sec = (time_t)(until_ns / NS_PER_SECOND),
		.tv_nsec = (long)(until_ns % NS_PER_SECOND),
	};

	while (sem_clockwait(&overdue->end, CLOCK_MONOTONIC, &until) < 0) {
		if (errno != EINTR)
			return true;
	}
	return false;
}

static void *run(void *userdata)
{
	struct overdue *overdue = userdata;

	for (int i = 0; i < STEPS; i++) {
		if (!step(overdue))
			return NULL;
	}
	kept_let_pass(overdue->kept);
	overdue->passed = true;
	return NULL;
}

static int start_thread(struct overdue *overdue)
{
	pthread_attr_t attributes;
	int error = pthread_attr_init(&attributes);

	if (error != 0)
		return -error;
	error = pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (error == 0)
		error = pthread_create(&overdue->thread, &attributes, run, overdue);
	pthread_attr_destroy(&attributes);
	return -error;
}

struct overdue *overdue_begin(const struct kept *kept)
{
	struct overdue *overdue;
	int r = -ENOMEM;

	if (!kept_has_queues(kept))
		return NULL;
	overdue = calloc(1, sizeof(*overdue));
	if (overdue) {
		*overdue = (struct overdue){ .kept = kept, .begin_ns = clock_monotonic_ns() };
		sem_init(&overdue->end, 0, 0);
		/* The start may become another user before a second is over. */
		rights_outlast_user(true);
		r = start_thread(overdue);
		rights_outlast_user(false);
	}
	if (r == 0)
		return overdue;
	log_error(r, "queues: nobody looks whether this start takes long; what waits there waits "
		     "for its end");
	free(overdue);
	return NULL;
}

void overdue_end(struct overdue *overdue)
{
	if (!overdue)
		return;
	sem_post(&overdue->end);
	pthread_join(overdue->thread, NULL);
	if (overdue->passed)
		log_warning("queues: the start has taken %llu ms so far; what waited for it longer "
			    "than a second, and what came then, has passed",
			    (unsigned long long)((clock_monotonic_ns() - overdue->begin_ns) /
						 NS_PER_MS));
	sem_destroy(&overdue->end);
	free(overdue);
}
