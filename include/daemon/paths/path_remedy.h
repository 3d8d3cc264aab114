/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What helps where the file of path.state cannot be written: commands as they are typed. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define PATH_REMEDY_MAX 4

/* Who writes the file. */
struct path_writer {
	uid_t uid;
	gid_t gid;
	const char *given; /* what systemd gives a unit to write in, folders with ':' between them;
			    * NULL where it is no unit, "" where it gives none */
};
/* This process. The text is borrowed from its environment. */
struct path_writer path_writer_self(void);

struct path_remedy {
	char *commands[PATH_REMEDY_MAX + 1]; /* owned, in their order, NULL behind the last one */
	bool shows;                          /* they mend nothing, and show what is to be mended */
};

/* Pure. file: an absolute path; error: -errno of writing it. Without memory some are missing. */
struct path_remedy path_remedy_make(const char *file, int error, const struct path_writer *writer);
void path_remedy_done(struct path_remedy *remedy);

/* "; to mend it: A && B", or "; see: A". Owned, or NULL (out of memory). */
char *path_remedy_text(const struct path_remedy *remedy);
