/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that appears as a whole or not at all, whatever ends the program: written aside, then put
 * into its place. Standard output, pipes and devices are written to directly.
 *
 * Aside is a file without a name, which the kernel forgets with the program; it gets a name beside
 * its place for the moment before it is renamed. Where the filesystem has no such files it has that
 * name from the start, and SIGHUP, SIGINT and SIGTERM remove it on their way: so at most one file
 * is open at a time. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct outfile {
	FILE *file;   /* where to write */
	char *path;   /* owned; the place, behind symbolic links */
	char *beside; /* owned; the name beside it, NULL where it has none (yet) */
	bool aside;   /* not written directly */
};

/* Opens the output for path, "-" being standard output. An existing regular file keeps its mode
 * and, until outfile_commit, its content. Returns 0 or -errno with nothing opened. */
int outfile_open(struct outfile *out, const char *path);

/* Whether bytes written before can be changed: not where it is written directly. */
bool outfile_can_seek(const struct outfile *out);

/* Flushes and puts the file into its place, on the disk before it gets there: after a power cut
 * there is the old file or the new one, whole. out is done either way. Returns 0, or -errno with
 * nothing left of it but what was written directly. */
int outfile_commit(struct outfile *out);

/* Closes and removes what was written aside. */
void outfile_discard(struct outfile *out);
