/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_FIRST 1024 /* bytes for the words of an entry; a group's are all its members */
#define ENTRY_MAX (4u << 20)
#define NOBODY_LEN 300 /* more than services ask a directory for, and no name has a colon */

union entry {
	struct passwd user;
	struct group group;
};

/* Asks once. Returns 0 and whether it was found, or an errno. */
typedef int (*ask_fn)(const char *name, union entry *entry, char *words, size_t size, void **found);

static int ask_for_user(const char *name, union entry *entry, char *words, size_t size,
		void **found)
{
	struct passwd *user = NULL;
	int error = getpwnam_r(name, &entry->user, words, size, &user);

	*found = user;
	return error;
}

static int ask_for_group(const char *name, union entry *entry, char *words, size_t size,
		void **found)
{
	struct group *group = NULL;
	int error = getgrnam_r(name, &entry->group, words, size, &group);

	*found = group;
	return error;
}

/* What some services answer for a name that they do not have (getpwnam(3)); not EPERM, which is
 * what a filter of system calls answers who would load such a service. */
static bool means_none(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH || error == EBADF;
}

/* Only the numbers of *ret_entry stay valid. */
static int find(const char *name, ask_fn ask, union entry *ret_entry)
{
	int error = ERANGE;
	void *found = NULL;

	for (size_t size = ENTRY_FIRST; error == ERANGE && size <= ENTRY_MAX; size *= 2) {
		char *words = malloc(size);

		if (!words)
			return -ENOMEM;
		do
			error = ask(name, ret_entry, words, size, &found);
		while (error == EINTR);
		free(words);
	}
	if (found)
		return 0;
	return means_none(error) ? -ENOENT : -error;
}

int account_find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	union entry entry;
	int r = find(name, ask_for_user, &entry);

	if (r < 0)
		return r;
	*ret_uid = entry.user.pw_uid;
	*ret_gid = entry.user.pw_gid;
	return 0;
}

int account_find_group(const char *name, gid_t *ret_gid)
{
	union entry entry;
	int r = find(name, ask_for_group, &entry);

	if (r < 0)
		return r;
	*ret_gid = entry.group.gr_gid;
	return 0;
}

void account_load_groups(void)
{
	char nobody[NOBODY_LEN + 1];
	gid_t gid;

	memset(nobody, ':', NOBODY_LEN);
	nobody[NOBODY_LEN] = '\0';
	(void)account_find_group(nobody, &gid);
}
