/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a control connection, and what it may do. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/control/control_group.h"

struct control_peer {
	pid_t pid; /* 0 where it is in a pid namespace we can't see */
	uid_t uid;
	bool admin;
};

/* uid 0, and who has the admin group as its own or as a supplementary one. admin_gid may be
 * CONTROL_NO_GROUP: then uid 0 alone. */
bool control_peer_is_admin(uid_t uid, gid_t gid, const gid_t *groups, size_t count,
			   gid_t admin_gid);

/* Reads what the kernel kept when the client connected (SO_PEERCRED, SO_PEERGROUPS).
 * Returns 0, or -errno. */
int control_peer_read(int fd, gid_t admin_gid, struct control_peer *ret_peer);
