/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From root, where somebody started mssclampd by hand, to a user of its own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What the user must be able to do, or root stays: a way of access(2) to a path. A path that does
 * not exist is no obstacle. */
struct user_need {
	const char *path;
	int access;
};

/* Becomes that user, with its groups and no others, and keeps the permitted capabilities. Before,
 * the files of shared (NULL ends it) that exist are given to the user's group, as far as may be
 * done. Only for who is root; says in the log where root stays, and why.
 * Returns 0 where it became that user or stayed who it was, or -errno. */
int user_become(const char *name, const char *const shared[], const struct user_need *needs,
		size_t count);

/* For root: whether that user could do it. For anybody else, and where there is no such user or it
 * cannot be tried: true. */
bool user_may(const char *name, const struct user_need *need);
