/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "base/remedy.h"
#include "daemon/control/control_peer.h"
#include "edge/capability.h"

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

struct directory {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* The last one of the path; "" where it has none but the root. */
static struct directory directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct directory directory = { "" };

	if (slash)
		memcpy(directory.path, path, (size_t)(slash - path));
	return directory;
}

/* What was refused by -errno; who typed our name without rights is told what to do. Returns r. */
static int refuse(int r, const char *path, const char *what)
{
	if (r != -EACCES || geteuid() == 0 || capability_net_admin())
		return log_error(r, "control socket %s: %s", path, what);
	log_print(LOG_ERR, "control socket %s: %s: %s; start mssclampd as root or from its systemd "
		  "unit", path, what, strerrordesc_np(-r));
	return r;
}

/* Makes the last directory of the path where it is missing. Returns whether it was, or -errno,
 * logged. */
static int make_directory(const char *path)
{
	struct directory directory = directory_of(path);
	mode_t mask;
	int r = 1;

	if (!*directory.path)
		return 0;
	mask = umask(022);
	if (mkdir(directory.path, 0755) < 0)
		r = errno == EEXIST ? 0 : -errno;
	umask(mask);
	return r < 0 ? refuse(r, path, "cannot make its directory") : r;
}

/* The sandbox refuses that, and where files lie in it so does the kernel. */
static void remove_directory(const char *path)
{
	struct directory directory = directory_of(path);

	(void)unlinkat(AT_FDCWD, directory.path, AT_REMOVEDIR);
}

/* Who called listen(2) last, as connect(2) has just been told. */
static int refuse_listener(const struct sockaddr_un *address, int fd)
{
	struct ucred listener = { 0 };
	socklen_t size = sizeof(listener);
	char who[48];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &size) < 0 || listener.pid <= 0)
		snprintf(who, sizeof(who), "another process");
	else if (listener.pid == 1 && sd_booted() > 0)
		snprintf(who, sizeof(who), "systemd, by a socket unit,");
	else
		snprintf(who, sizeof(who), "process %d", listener.pid);
	return log_error(-EADDRINUSE,
			 "control socket %s: %s listens there already; stop it, go on from it "
			 "with --takeover, or set another control.socket",
			 address->sun_path, who);
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
		r = refuse_listener(address, fd);
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
		return refuse(-errno, address->sun_path, "cannot look at it");
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
	return refuse(r, address->sun_path, "cannot bind");
}

void control_socket_set_group(const struct control_socket *socket, gid_t group)
{
	if (socket->passed || group == CONTROL_NO_GROUP)
		return;
	if (fchownat(AT_FDCWD, socket->path, (uid_t)-1, group, AT_SYMLINK_NOFOLLOW) < 0)
		log_warning("control socket %s: cannot give it to group %u (%s), it keeps its own",
			    socket->path, group, strerror(errno));
}

/* Returns 0 or -errno, logged. The file is there and ours. */
static int open_up(struct control_socket *socket, gid_t group)
{
	struct stat made;

	if (lstat(socket->path, &made) < 0) {
		int r = log_error(-errno, "control socket %s: cannot look at the one just made",
				  socket->path);

		unlink(socket->path);
		return r;
	}
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
	made.path = strdup(path);
	if (!made.path)
		return log_error(-ENOMEM, "control socket %s: cannot listen", path);
	r = make_directory(path);
	made.made_folder = r > 0;
	if (r >= 0)
		r = clear_path(&address);
	if (r >= 0)
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

/* Takes one that listens already, with its path and the file there. Returns 0 or -errno, logged. */
static int take(int fd, bool passed, struct control_socket *ret_socket)
{
	struct control_socket taken = { .fd = fd, .passed = passed };
	struct sockaddr_un address;
	struct stat found;
	int r = set_up_passed(fd, &address);

	if (r < 0)
		return r;
	if (lstat(address.sun_path, &found) == 0) {
		taken.device = found.st_dev;
		taken.inode = found.st_ino;
	}
	taken.path = strdup(address.sun_path);
	if (!taken.path)
		return log_error(-ENOMEM, "control: cannot go on with the socket %s",
				 address.sun_path);
	*ret_socket = taken;
	return 0;
}

int control_socket_adopt(int fd, const char *path, struct control_socket *ret_socket)
{
	int r = take(fd, true, ret_socket);

	if (r < 0)
		return r;
	if (strcmp(ret_socket->path, path) != 0)
		log_notice("control: systemd passed the socket %s, control.socket = \"%s\" is not "
			   "used",
			   ret_socket->path, path);
	if (ret_socket->path[0] == '/' && ret_socket->inode == 0)
		log_warning("control socket %s: its file is not to be seen from here; if somebody "
			    "has removed it, no client finds mssclampd: " REMEDY_SOCKET
			    " recreates it",
			    ret_socket->path);
	return 0;
}

int control_socket_inherit(int fd, struct control_socket *ret_socket)
{
	return take(fd, false, ret_socket);
}

enum control_file control_socket_look(const struct control_socket *socket)
{
	struct stat found;

	if (socket->inode == 0)
		return CONTROL_FILE_THERE;
	if (lstat(socket->path, &found) < 0)
		return errno == ENOENT || errno == ENOTDIR ? CONTROL_FILE_GONE : CONTROL_FILE_THERE;
	return found.st_dev == socket->device && found.st_ino == socket->inode ?
		       CONTROL_FILE_THERE : CONTROL_FILE_OTHER;
}

void control_socket_own(const struct control_socket *socket)
{
	if (listen(socket->fd, BACKLOG) < 0)
		log_warning("control socket %s: who connects is told of the process before this "
			    "one (%s)",
			    socket->path, strerror(errno));
}

void control_socket_leave_file(struct control_socket *socket)
{
	socket->inode = 0;
}

void control_socket_close(struct control_socket *socket)
{
	struct stat found;

	if (!socket->passed && socket->inode != 0 && lstat(socket->path, &found) == 0 &&
	    found.st_dev == socket->device && found.st_ino == socket->inode)
		unlink(socket->path);
	if (socket->made_folder)
		remove_directory(socket->path);
	if (socket->fd >= 0)
		close(socket->fd);
	free(socket->path);
	*socket = (struct control_socket){ .fd = -1 };
}
