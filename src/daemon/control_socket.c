/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/control_peer.h"

#define BACKLOG 64

/* Returns 0 or -ENAMETOOLONG, logged. */
static int make_address(const char *path, struct sockaddr_un *ret_address)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return log_error(-ENAMETOOLONG,
				 "control.socket: \"%s\" has %zu bytes and a Unix socket's path at "
				 "most %zu: choose a shorter one",
				 path, strlen(path), sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	*ret_address = address;
	return 0;
}

/* Makes the last directory of the path where it is missing. Returns 0 or -errno, logged. */
static int make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];
	mode_t mask;
	int r = 0;

	if (!slash || slash == path)
		return 0;
	memcpy(directory, path, (size_t)(slash - path));
	directory[slash - path] = '\0';
	mask = umask(022);
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		r = log_error(-errno, "control socket %s: cannot make its directory %s", path,
			      directory);
	umask(mask);
	return r;
}

/* The process that listens there, or 0. */
static pid_t listener_of(int fd)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return 0;
	return credentials.pid;
}

/* Asks by connecting whether anybody listens on a socket file. Returns 0 when nobody does,
 * -EADDRINUSE or another -errno, logged. */
static int check_deserted(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = 0;

	if (fd < 0)
		return log_error(-errno, "control socket %s: cannot make a socket",
				 address->sun_path);
	/* EAGAIN: its queue is full, so somebody has one. */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	    errno == EAGAIN || errno == EPROTOTYPE)
		r = log_error(-EADDRINUSE,
			      "control socket %s: process %d listens there already; stop it, or "
			      "set another control.socket",
			      address->sun_path, listener_of(fd));
	else if (errno != ECONNREFUSED && errno != ENOENT)
		r = log_error(-errno, "control socket %s: cannot tell whether somebody listens",
			      address->sun_path);
	close(fd);
	return r;
}

/* Removes what a dead daemon left; anything but a deserted socket stays. Returns 0 or -errno,
 * logged. */
static int clear_path(const struct sockaddr_un *address)
{
	struct stat found;
	int r;

	if (lstat(address->sun_path, &found) < 0) {
		if (errno == ENOENT)
			return 0;
		return log_error(-errno, "control socket %s: cannot look at it",
				 address->sun_path);
	}
	if (!S_ISSOCK(found.st_mode))
		return log_error(-EEXIST,
				 "control socket %s: a file lies there that is no socket; move it "
				 "away, or set another control.socket",
				 address->sun_path);
	r = check_deserted(address);
	if (r < 0)
		return r;
	if (unlink(address->sun_path) < 0 && errno != ENOENT)
		return log_error(-errno, "control socket %s: cannot remove the stale one",
				 address->sun_path);
	return 0;
}

/* Binds so that only the owner can connect until group and mode are set: umask works at once, a
 * chmod after bind would come late. Returns the owned descriptor or -errno, logged. */
static int bind_private(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int r;

	if (fd < 0)
		return log_error(-errno, "control socket %s: cannot make a socket",
				 address->sun_path);
	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
	umask(mask);
	if (r == 0)
		return fd;
	close(fd);
	return log_error(r, "control socket %s: cannot bind", address->sun_path);
}

void control_socket_set_group(const struct control_socket *socket, gid_t group)
{
	if (!socket->path || group == CONTROL_NO_GROUP)
		return;
	if (fchownat(AT_FDCWD, socket->path, (uid_t)-1, group, AT_SYMLINK_NOFOLLOW) < 0)
		log_warning("control socket %s: cannot give it to group %u (%s), it keeps its own",
			    socket->path, group, strerror(errno));
}

/* Returns 0 or -errno, logged. The file is there and ours. */
static int open_up(struct control_socket *socket, gid_t group)
{
	struct stat made;

	if (lstat(socket->path, &made) < 0)
		return log_error(-errno, "control socket %s: it vanished", socket->path);
	socket->device = made.st_dev;
	socket->inode = made.st_ino;
	if (listen(socket->fd, BACKLOG) < 0)
		return log_error(-errno, "control socket %s: cannot listen", socket->path);
	control_socket_set_group(socket, group);
	if (chmod(socket->path, CONTROL_SOCKET_MODE) < 0)
		return log_error(-errno, "control socket %s: cannot set mode %04o", socket->path,
				 CONTROL_SOCKET_MODE);
	return 0;
}

int control_socket_listen(const char *path, gid_t group, struct control_socket *ret_socket)
{
	struct control_socket made = { .fd = -1 };
	struct sockaddr_un address;
	int r;

	r = make_address(path, &address);
	if (r < 0)
		return r;
	r = make_directory(path);
	if (r < 0)
		return r;
	r = clear_path(&address);
	if (r < 0)
		return r;
	made.path = strdup(path);
	if (!made.path)
		return -ENOMEM;
	r = made.fd = bind_private(&address);
	if (r >= 0)
		r = open_up(&made, group);
	if (r < 0) {
		control_socket_close(&made);
		return r;
	}
	*ret_socket = made;
	return 0;
}

/* The address of a listening socket, which is made ready for the event loop. Returns 0 or -errno,
 * logged. */
static int set_up_passed(int fd, struct sockaddr_un *ret_address)
{
	struct sockaddr_un address = { 0 };
	socklen_t size = sizeof(address) - 1;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) <= 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return log_error(-EINVAL,
				 "control: descriptor %d that was passed is no listening Unix "
				 "stream socket; look at ListenStream= of the socket unit",
				 fd);
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return log_error(-errno, "control: cannot set up descriptor %d", fd);
	*ret_address = address;
	return 0;
}

int control_socket_adopt(int fd, const char *path, struct control_socket *ret_socket)
{
	struct sockaddr_un address;
	int r = set_up_passed(fd, &address);

	if (r < 0)
		return r;
	if (strcmp(address.sun_path, path) != 0)
		log_notice("control: systemd passed the socket %s, control.socket = \"%s\" is not "
			   "used",
			   address.sun_path, path);
	*ret_socket = (struct control_socket){ .fd = fd };
	return 0;
}

int control_socket_inherit(int fd, struct control_socket *ret_socket)
{
	struct control_socket inherited = { .fd = fd };
	struct sockaddr_un address;
	struct stat found;
	int r = set_up_passed(fd, &address);

	if (r < 0)
		return r;
	if (lstat(address.sun_path, &found) == 0) {
		inherited.device = found.st_dev;
		inherited.inode = found.st_ino;
	}
	inherited.path = strdup(address.sun_path);
	if (!inherited.path)
		return log_error(-ENOMEM, "control: cannot go on with the socket %s",
				 address.sun_path);
	*ret_socket = inherited;
	return 0;
}

void control_socket_leave_file(struct control_socket *socket)
{
	socket->inode = 0;
}

void control_socket_close(struct control_socket *socket)
{
	struct stat found;

	if (socket->path && socket->inode != 0 && lstat(socket->path, &found) == 0 &&
	    found.st_dev == socket->device && found.st_ino == socket->inode)
		unlink(socket->path);
	if (socket->fd >= 0)
		close(socket->fd);
	free(socket->path);
	*socket = (struct control_socket){ .fd = -1 };
}
