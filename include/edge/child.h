/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs one program of the system to its end: text in, text out, no shell, bounded in time.
 * For tools that have no library. Blocks the calling thread; safe beside other threads. */
#pragma once

#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CHILD_PATH_MAX 64            /* bytes of a program's path, NUL included */
#define CHILD_OUTPUT_MAX (16u << 20) /* bytes kept of one stream; the rest is read and dropped */

struct child_result {
	pid_t pid;    /* of the ended child: nothing may be sent to it any more */
	int status;   /* its exit code, or 128 + the signal that ended it */
	char *output; /* what it wrote to stdout, NUL-terminated, owned */
	char *errors; /* the same of stderr, its closing white space taken off */
};

/* Looks for an executable file of that name in /usr/sbin, /sbin, /usr/bin and /bin, in that order,
 * and nowhere else: the caller's PATH does not count. Writes its path to `path`.
 * Returns whether it was found. */
bool child_find(const char *name, char path[CHILD_PATH_MAX]);

/* Runs argv[0], a full path, with input (NULL: none) as its stdin. The child gets a fixed
 * environment (PATH and LC_ALL=C), no blocked signal, default signal actions, and of our
 * descriptors only those without FD_CLOEXEC. When timeout_ms have passed it is killed.
 * Returns 0 whatever the exit code is, and *ret_result, which child_result_done frees; or -errno:
 * -ETIME killed, -ENOMEM, or what starting it said. */
int child_run(const char *const argv[], const char *input, int timeout_ms,
	      struct child_result *ret_result);

/* Frees what child_run gave and zeroes it; a zeroed one is fine. */
void child_result_done(struct child_result *result);

/* The caller may have signals blocked for a signalfd and handlers set; a child with these
 * attributes has neither. Returns 0 or -errno. */
int child_set_signals(posix_spawnattr_t *attributes);
