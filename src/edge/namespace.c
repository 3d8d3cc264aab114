/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/namespace.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define INITIAL_USER_NS_INODE 0xeffffffdu /* include/uapi/linux/nsfs.h USER_NS_INIT_INO */

bool namespace_takes_changes(void)
{
	int net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int owner = net >= 0 ? ioctl(net, NS_GET_USERNS) : -1;
	bool initial = true;
	struct stat status;

	/* An owner above our own user namespace is hidden from us: EPERM. That is not the initial
	 * one's view either, but then we could not bind a queue at all. */
	if (owner >= 0 && fstat(owner, &status) == 0)
		initial = status.st_ino == INITIAL_USER_NS_INODE;
	if (owner >= 0)
		close(owner);
	if (net >= 0)
		close(net);
	return initial;
}

uint64_t namespace_cookie_of(int socket_fd)
{
	uint64_t cookie;
	socklen_t len = sizeof(cookie);

	return getsockopt(socket_fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0 ? 0 : cookie;
}

uint64_t namespace_cookie(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	uint64_t cookie;

	if (fd < 0)
		return 0;
	cookie = namespace_cookie_of(fd);
	close(fd);
	return cookie;
}
