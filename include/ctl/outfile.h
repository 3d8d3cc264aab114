/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that appears as a whole or not at all: written beside its place under another name, then
 * renamed. Standard output, pipes and devices are written to directly. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct outfile {
	FILE *file;   /* where to write */
	char *path;   /* owned; the place, behind symbolic links */
	char *beside; /* owned; written until it is renamed, NULL where it is written directly */
};

/* Opens the output for path, "-" being standard output. An existing regular file keeps its mode
 * and, until outfile_commit, its content. Returns 0 or -errno with nothing opened. */
int outfile_open(struct outfile *out, const char *path);

/* Whether bytes written before can be changed: not where it is written directly. */
bool outfile_can_seek(const struct outfile *out);

/* Flushes, closes and puts the file into its place; out is done either way. Returns 0, or -errno
 * with nothing left of it but what was written directly. */
int outfile_commit(struct outfile *out);

/* Closes and removes what was written beside the place. */
void outfile_discard(struct outfile *out);
