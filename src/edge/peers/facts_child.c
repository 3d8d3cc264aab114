/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/peers/facts_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "edge/child.h"

#define PROGRAM "mssclamp-facts"
#define CHILD_FD 3
#define CHILD_FD_TEXT "3"
#define PATIENCE_MS 200

/* Beside our own file; after an upgrade that is gone ("... (deleted)") but its folder is not. */
static int find_program(char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - sizeof(PROGRAM));
	char *slash;

	if (len < 0)
		return -errno;
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return -ENOENT;
	strcpy(slash + 1, PROGRAM);
	return access(path, X_OK) < 0 ? -errno : 0;
}

static int spawn(char *path, int fd, pid_t *ret_child)
{
	char option[] = "--fd", number[] = CHILD_FD_TEXT, locale[] = "LC_ALL=C";
	char *const argv[] = { path, option, number, NULL };
	char *const environment[] = { locale, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attributes);
	if (r != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	r = posix_spawn_file_actions_adddup2(&actions, fd, CHILD_FD);
	if (r == 0)
		r = -child_set_signals(&attributes);
	if (r == 0)
		r = posix_spawn(ret_child, path, &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

int facts_child_start(pid_t *ret_child, int *ret_fd)
{
	char path[PATH_MAX];
	int pair[2], r = find_program(path);

	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	r = fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : spawn(path, pair[1], ret_child);
	close(pair[1]);
	if (r < 0) {
		close(pair[0]);
		return r;
	}
	*ret_fd = pair[0];
	return 0;
}

void facts_child_reap(pid_t *child)
{
	const struct timespec pause = { .tv_nsec = (long)NS_PER_MS };
	bool killed = false;

	for (int waited_ms = 0; *child > 0; waited_ms++) {
		pid_t ended = waitpid(*child, NULL, killed ? 0 : WNOHANG);

		if (ended == *child || (ended < 0 && errno != EINTR)) {
			*child = 0;
		} else if (!killed && waited_ms >= PATIENCE_MS) {
			kill(*child, SIGKILL);
			killed = true;
		} else if (!killed) {
			nanosleep(&pause, NULL);
		}
	}
}
