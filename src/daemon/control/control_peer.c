/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control_peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

bool control_peer_is_admin(uid_t uid, gid_t gid, const gid_t *groups, size_t count,
			   gid_t admin_gid)
{
	if (uid == 0)
		return true;
	if (admin_gid == CONTROL_NO_GROUP)
		return false;
	if (gid == admin_gid)
		return true;
	for (size_t i = 0; i < count; i++)
		if (groups[i] == admin_gid)
			return true;
	return false;
}

/* Supplementary groups of the client. The kernel allows 65536, so their size is asked for first;
 * where it doesn't tell them, there are none, and so no right by them. Returns 0 and an owned
 * array (NULL where there are none), or -errno. */
static int read_groups(int fd, gid_t **ret_groups, size_t *ret_count)
{
	socklen_t size = 0;
	gid_t *groups;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE) {
		*ret_groups = NULL;
		*ret_count = 0;
		return 0;
	}
	groups = malloc(size);
	if (!groups)
		return -ENOMEM;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0) {
		int r = -errno;

		free(groups);
		return r;
	}
	*ret_groups = groups;
	*ret_count = size / sizeof(*groups);
	return 0;
}

int control_peer_read(int fd, gid_t admin_gid, struct control_peer *ret_peer)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);
	gid_t *groups = NULL;
	size_t count = 0;
	int r;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -errno;
	r = read_groups(fd, &groups, &count);
	if (r < 0)
		return r;
	*ret_peer = (struct control_peer){
		.pid = credentials.pid,
		.uid = credentials.uid,
		.admin = control_peer_is_admin(credentials.uid, credentials.gid, groups, count,
					       admin_gid),
	};
	free(groups);
	return 0;
}
