/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the filters refused (base/filter): the call answers EPERM, and which one it was, how often
 * and in which thread last is remembered until somebody logs it. The record is of the whole
 * process, as the handler of a signal is. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define DENIED_NAME_MAX 32

struct denied {
	char call[DENIED_NAME_MAX]; /* "openat", or "call 423" */
	pid_t thread;               /* that tried it last */
	uint64_t times;             /* since it was told last */
	uint64_t total;
};

/* Handles SIGSYS from now on. Returns 0 or -errno. */
int denied_watch(void);

/* What was refused and not told yet, one call at a time, from *place (0 at first) on: at once, and
 * then no sooner than a minute (now_ns: CLOCK_BOOTTIME; UINT64_MAX: at once) after it was told
 * last. Calls with numbers that no kernel gives are told as one, by the last of them. Returns
 * whether there was one. For one thread. */
bool denied_next(unsigned int *place, uint64_t now_ns, struct denied *ret_denied);
