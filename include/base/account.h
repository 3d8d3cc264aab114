/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users and groups by name, from wherever this host has them (nsswitch.conf(5)). Safe beside other
 * threads. */
#pragma once

#include <sys/types.h>

/* Returns 0, -ENOENT (there is none of that name), or another -errno: nobody could be asked, or
 * there was no memory. */
int account_find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid);
int account_find_group(const char *name, gid_t *ret_gid);

/* Has libc load all that it looks groups up with, for who may not load anything later: asks for a
 * name that no group can have, which no directory is asked for over a network. */
void account_load_groups(void);
