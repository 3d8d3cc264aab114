/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A setting that names a group, and the number that was found for it. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define CONTROL_NO_GROUP ((gid_t)-1)

struct control_group_found {
	char *name; /* owned; "": none is wanted, NULL: it was not looked for */
	gid_t gid;  /* CONTROL_NO_GROUP: there is none */
	bool is_missing; /* this host has none of that name */
};

struct control_group {
	const char *setting;     /* "control.group" */
	const char *consequence; /* of there being none, for people */
	bool required;           /* where nobody can be asked the first one is not done without, for
				  * a running daemon has found it and goes on */
	struct control_group_found now, before; /* what is in force, and what was */
};

/* Looks name up (NULL is none). That there is none of that name is a warning, once. Where nobody
 * can be asked, as the sandbox forbids what this host would load for it, a name that is or was in
 * force stays what it was, with a warning, and the first one is none unless it is required; any
 * other is refused. Returns 0 and what control_group_found_done frees; or -errno and an owned text
 * for people. */
int control_group_find(const struct control_group *group, const char *name,
		       struct control_group_found *ret_found, char **ret_error);
/* Takes what was found: it is in force now. */
void control_group_set(struct control_group *group, struct control_group_found *found);

void control_group_found_done(struct control_group_found *found);
void control_group_done(struct control_group *group);
