/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening Unix socket of the control server, and its file. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define CONTROL_SOCKET_MODE 0660

struct control_socket {
	int fd;
	char *path;  /* owned */
	bool passed; /* by systemd, whose file it is */
	bool made_folder; /* of the file: there was none */
	dev_t device;
	ino_t inode; /* of its file; 0: not known, or no business of ours any more */
};

/* What stands where clients look for us. */
enum control_file {
	CONTROL_FILE_THERE, /* the socket's own, as far as anybody knows */
	CONTROL_FILE_GONE,
	CONTROL_FILE_OTHER, /* something else */
};

/* Makes the file with mode 0660 and this group ((gid_t)-1: whatever it gets) and listens; nobody
 * but its owner can connect before group and mode are right. Makes the last directory of the
 * path (0755) where only that one is missing. A socket on which nobody listens is replaced.
 * Returns 0, or -errno, logged: -ENAMETOOLONG, -EADDRINUSE (a process listens there), -EEXIST
 * (no socket; left alone), or what the kernel says. */
int control_socket_listen(const char *path, gid_t group, struct control_socket *ret_socket);

/* Takes a socket that systemd listens on. path: what the configuration says, for the log, which
 * also tells of a file that is not to be seen. Returns 0, -EINVAL (no listening Unix stream socket)
 * or -ENOMEM; logged, not taken. */
int control_socket_adopt(int fd, const char *path, struct control_socket *ret_socket);

/* Takes a socket that another mssclampd listened on, and the file at its path, which
 * control_socket_close then removes. Returns 0, -EINVAL as above, or -errno; logged, not taken. */
int control_socket_inherit(int fd, struct control_socket *ret_socket);
/* From now on the kernel names this process to who connects, not the one that listened first. */
void control_socket_own(const struct control_socket *socket);

enum control_file control_socket_look(const struct control_socket *socket);

/* Gives our file another group. What the kernel refuses is a warning. */
void control_socket_set_group(const struct control_socket *socket, gid_t group);

/* Removes the file if it is still the one we made, and the folder that was made for it, where that
 * is empty and may be removed; and closes. */
void control_socket_close(struct control_socket *socket);
/* The file is another process's from now on, who listens on the same socket. */
void control_socket_leave_file(struct control_socket *socket);
