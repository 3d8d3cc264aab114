/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/sandbox/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/account.h"
#include "base/log.h"

#define GROUPS_MAX 64

struct user {
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	int group_count;
};

/* Returns as account_find_user. */
static int find(const char *name, struct user *ret_user)
{
	struct user user = { .group_count = GROUPS_MAX };
	int r = account_find_user(name, &user.uid, &user.gid);

	if (r < 0)
		return r;
	if (getgrouplist(name, user.gid, user.groups, &user.group_count) < 0)
		user.group_count = 0; /* in more groups than anybody needs: in none then */
	*ret_user = user;
	return 0;
}

/* The first need that the user could not satisfy, or NULL; `untried` where that cannot be tried.
 * For as long as it takes this thread sees files as the user does. */
static const struct user_need *find_obstacle(const struct user *user,
					     const struct user_need *needs, size_t count,
					     const struct user_need *untried)
{
	const struct user_need *obstacle = NULL;
	gid_t groups[GROUPS_MAX];
	int had = getgroups(GROUPS_MAX, groups);

	if (had < 0 || setgroups((size_t)user->group_count, user->groups) < 0)
		return untried;
	setfsgid(user->gid);
	setfsuid(user->uid);
	for (size_t i = 0; i < count && !obstacle; i++) {
		if (faccessat(AT_FDCWD, needs[i].path, needs[i].access, AT_EACCESS) < 0 &&
		    errno != ENOENT)
			obstacle = &needs[i];
	}
	setfsuid(geteuid());
	setfsgid(getegid());
	(void)setgroups((size_t)had, groups);
	return obstacle;
}

static int become(const struct user *user)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    setgroups((size_t)user->group_count, user->groups) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0 ||
	    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

static void give(const char *const files[], const struct user *user)
{
	for (size_t i = 0; files[i]; i++) {
		if (chown(files[i], (uid_t)-1, user->gid) < 0 && errno != ENOENT)
			log_warning("%s cannot be given to group %u: %s", files[i], user->gid,
				    strerrordesc_np(errno));
	}
}

int user_become(const char *name, const char *const shared[], const struct user_need *needs,
		size_t count)
{
	const struct user_need *obstacle;
	struct user user;
	int r;

	if (geteuid() != 0)
		return 0;
	r = find(name, &user);
	if (r < 0 && r != -ENOENT) {
		log_warning("started as root: stays user 0, for user \"%s\" cannot be looked up: "
			    "%s",
			    name, strerror(-r));
		return 0;
	}
	if (r < 0) {
		log_info("started as root: stays user 0, for there is no user \"%s\" "
			 "(systemd-sysusers or \"useradd --system %s\" makes it)", name, name);
		return 0;
	}
	obstacle = find_obstacle(&user, needs, count, count > 0 ? &needs[0] : NULL);
	if (obstacle) {
		log_notice("started as root: stays user 0, for user \"%s\" may not %s %s", name,
			   obstacle->access & W_OK ? "write to" : "read", obstacle->path);
		return 0;
	}
	give(shared, &user);
	r = become(&user);
	if (r < 0)
		return log_error(r, "started as root: cannot become user \"%s\"", name);
	log_info("started as root: is user \"%s\" now", name);
	return 0;
}

bool user_may(const char *name, const struct user_need *need)
{
	struct user user;

	return geteuid() != 0 || find(name, &user) < 0 || !find_obstacle(&user, need, 1, NULL);
}
