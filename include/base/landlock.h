/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Landlock: which files a process may open from now on. What the kernel knows of it (its ABI) is
 * asked for, and what it does not know is left out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum landlock_use {
	LANDLOCK_READ,    /* files and folders are read */
	LANDLOCK_WRITE,   /* one file is written that exists */
	LANDLOCK_KEEP,    /* files and sockets are made, read, written, renamed and removed there */
	LANDLOCK_RUN,     /* read and executed */
	LANDLOCK_ANY,     /* no limit */
};

/* A path, and with it all that lies below. Where it does not exist there is nothing to allow. */
struct landlock_path {
	const char *path;
	enum landlock_use use;
};

/* Returns the ABI of this kernel, 0 without Landlock. */
int landlock_abi(void);

/* Of the calling thread and those that it starts from now on. Nothing but the paths may be opened,
 * and where the kernel can (ABI 6) no signal reaches a process that was there before. Needs
 * no_new_privs. Returns the ABI that was used, -EOPNOTSUPP without Landlock, or another -errno. */
int landlock_enter(const struct landlock_path *paths, size_t count);
