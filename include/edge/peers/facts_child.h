/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mssclamp-facts as a child of ours, for hosts without its units. */
#pragma once

#include <sys/types.h>

/* Starts mssclamp-facts from the folder of our own program, connected by a socket pair. It ends
 * when our end is closed. Returns 0, the child and our owned end (non-blocking), or -errno:
 * -ENOENT where there is no such program. */
int facts_child_start(pid_t *ret_child, int *ret_fd);

/* Waits for the end of a child whose socket is closed; one that takes longer than a moment is
 * killed. 0 is none; *child is 0 behind it. */
void facts_child_reap(pid_t *child);
