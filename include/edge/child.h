/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one program of the system to its end: text in, text out, no shell, bounded in time.
 * For tools that have no library, and for libraries that end the process where they know no better.
 * Blocks the calling thread, for whom it calls patience_pass meanwhile; safe beside other
 * threads. */
#pragma once

#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/clock.h"

#define CHILD_PATH_MAX 64            /* bytes of a program's path, NUL included */
#define CHILD_HUNG_NS (20 * NS_PER_SECOND) /* one that hangs would hang again: to be left alone */
#define CHILD_SIGNAL 128
#define CHILD_OUTPUT_MAX (16u << 20) /* bytes kept of one stream; the rest is read and dropped */

struct child_result {
	pid_t pid;    /* of the ended child: nothing may be sent to it any more */
	int status;   /* its exit code, or CHILD_SIGNAL + the signal that ended it */
	char *output; /* what it wrote to stdout, NUL-terminated, owned */
	char *errors; /* the same of stderr, its closing white space taken off */
};

/* Looks for an executable file of that name in /usr/sbin, /sbin, /usr/bin and /bin, in that order,
 * and nowhere else: the caller's PATH does not count. Writes its path to `path`.
 * Returns whether it was found. */
bool child_find(const char *name, char path[CHILD_PATH_MAX]);

/* Runs argv[0], a full path, with input (NULL: none) as its stdin. The child gets a fixed
 * environment (PATH and LC_ALL=C), no blocked signal, default signal actions, and of our
 * descriptors only those without FD_CLOEXEC. When timeout_ms have passed it is killed, and some
 * seconds later left to itself where the kernel does not let go of it; until it ends, nothing else
 * is run for this thread.
 * Returns 0 whatever the exit code is, and *ret_result, which child_result_done frees; or -errno:
 * -ETIME killed, -ECANCELED killed or not even run, as patience_pass wants it, -EALREADY one that
 * was killed before is still there and nothing was run, -ENOMEM, or what starting it said. */
int child_run(const char *const argv[], const char *input, int timeout_ms,
	      struct child_result *ret_result);

/* The same with a session of its own, which is killed as a whole, and with more variables in its
 * environment: "NAME=value" each, a NULL behind the last. At most CHILD_VARIABLES_MAX: -E2BIG. */
#define CHILD_VARIABLES_MAX 16
int child_run_with(const char *const argv[], const char *const variables[], const char *input,
		   int timeout_ms, struct child_result *ret_result);

#define CHILD_GAVE_UP 125 /* status of a child that had not even its streams */

/* Writes to descriptors 1 and 2, and returns the exit code. It has all of our memory as it is, none
 * of our other descriptors, and no thread but its own. */
typedef int (*child_work)(void *userdata);

/* The same with a function instead of a program. */
int child_call(child_work work, void *userdata, int timeout_ms, struct child_result *ret_result);

/* Whether r, of one of these, tells that nobody was heard, which says nothing of what was asked. */
static inline bool child_is_unheard(int r)
{
	return r == -ETIME || r == -ECANCELED || r == -EALREADY;
}

/* Frees what child_run gave and zeroes it; a zeroed one is fine. */
void child_result_done(struct child_result *result);

/* The caller may have signals blocked for a signalfd and handlers set; a child with these
 * attributes has neither. Returns 0 or -errno. */
int child_set_signals(posix_spawnattr_t *attributes);
