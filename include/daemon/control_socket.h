/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening Unix socket of the control server, and its file. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define CONTROL_SOCKET_MODE 0660

struct control_socket {
	int fd;
	char *path; /* owned; NULL: passed by systemd, whose file it is */
	dev_t device;
	ino_t inode; /* of the file we made */
};

/* Makes the file with mode 0660 and this group ((gid_t)-1: whatever it gets) and listens; nobody
 * but its owner can connect before group and mode are right. Makes the last directory of the
 * path (0755) where only that one is missing. A socket on which nobody listens is replaced.
 * Returns 0, or -errno, logged: -ENAMETOOLONG, -EADDRINUSE (a process listens there), -EEXIST
 * (no socket; left alone), or what the kernel says. */
int control_socket_listen(const char *path, gid_t group, struct control_socket *ret_socket);

/* Takes a socket that systemd listens on. path: what the configuration says, for the log.
 * Returns 0, or -EINVAL (no listening Unix stream socket; logged, not taken). */
int control_socket_adopt(int fd, const char *path, struct control_socket *ret_socket);

/* Takes a socket that another mssclampd listened on, and the file at its path, which
 * control_socket_close then removes. Returns 0, -EINVAL as above, or -errno; logged, not taken. */
int control_socket_inherit(int fd, struct control_socket *ret_socket);

/* Gives our file another group. What the kernel refuses is a warning. */
void control_socket_set_group(const struct control_socket *socket, gid_t group);

/* Removes the file if it is still the one we made, and closes. */
void control_socket_close(struct control_socket *socket);
/* The file is another process's from now on, who listens on the same socket. */
void control_socket_leave_file(struct control_socket *socket);
