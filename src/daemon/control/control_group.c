/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control_group.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/account.h"
#include "base/log.h"
#include "base/text.h"

static bool is_named(const struct control_group_found *found, const char *name)
{
	return found->name && strcmp(found->name, name) == 0;
}

/* What is said where nobody can be asked, because of r. *ret_gid: what holds nevertheless. */
static int do_without(const struct control_group *group, const char *name, int r, gid_t *ret_gid,
		      char **ret_error)
{
	const struct control_group_found *known =
		is_named(&group->now, name) ? &group->now : &group->before;

	if (is_named(known, name)) {
		*ret_gid = known->gid;
		log_warning("%s: group \"%s\" cannot be looked up: %s; it stays %s", group->setting,
			    name, strerror(-r), known->gid == CONTROL_NO_GROUP ?
			    "unknown" : "the one that was found before");
	} else if (!group->now.name && !group->required) {
		*ret_gid = CONTROL_NO_GROUP;
		log_warning("%s: group \"%s\" cannot be looked up (%s): %s; a reload tries again",
			    group->setting, name, group->consequence, strerror(-r));
	} else {
		return text_fail(ret_error, r, "%s: group \"%s\" cannot be looked up: %s; %s",
				 group->setting, name, strerror(-r), group->now.name ?
				 "try again, or restart mssclampd, which asks before its sandbox" :
				 "try again, or stop the running mssclampd and start this one as "
				 "usual, which goes on without it");
	}
	return 0;
}

/* Nobody wants to hear of it at each reload. */
static void tell_missing(const struct control_group *group, const char *name)
{
	bool is_known = group->now.is_missing && is_named(&group->now, name);

	log_print(is_known ? LOG_DEBUG : LOG_WARNING,
		  "%s: there is no group \"%s\" (%s); \"groupadd --system %s\" makes it, and a "
		  "reload finds it", group->setting, name, group->consequence, name);
}

static int look_up(const struct control_group *group, const char *name,
		   struct control_group_found *found, char **ret_error)
{
	int r = account_find_group(name, &found->gid);

	found->is_missing = r == -ENOENT;
	if (!found->is_missing)
		return r < 0 ? do_without(group, name, r, &found->gid, ret_error) : 0;
	found->gid = CONTROL_NO_GROUP;
	tell_missing(group, name);
	return 0;
}

int control_group_find(const struct control_group *group, const char *name,
		       struct control_group_found *ret_found, char **ret_error)
{
	struct control_group_found found = { NULL, CONTROL_NO_GROUP, false };
	char *copy = strdup(name ? name : "");
	int r = 0;

	if (!copy)
		return text_fail(ret_error, -ENOMEM, "%s: out of memory", group->setting);
	if (*copy)
		r = look_up(group, copy, &found, ret_error);
	if (r < 0) {
		free(copy);
		return r;
	}
	found.name = copy;
	*ret_found = found;
	return 0;
}

void control_group_set(struct control_group *group, struct control_group_found *found)
{
	control_group_found_done(&group->before);
	group->before = group->now;
	group->now = *found;
	*found = (struct control_group_found){ NULL, CONTROL_NO_GROUP, false };
}

void control_group_found_done(struct control_group_found *found)
{
	free(found->name);
	*found = (struct control_group_found){ NULL, CONTROL_NO_GROUP, false };
}

void control_group_done(struct control_group *group)
{
	control_group_found_done(&group->now);
	control_group_found_done(&group->before);
}
