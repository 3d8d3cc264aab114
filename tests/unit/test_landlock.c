/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In children, for nothing takes the limits off again. On a kernel without Landlock one test says
 * so, and that is right. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/landlock.h"

static char folder[] = "/tmp/test_landlock.XXXXXX";

enum how { READ, MAKE, REMOVE, LIST, BIND, RENAME };

static const struct {
	const char *name;
	enum how how;
	const char *path; /* in the folder, unless it begins with a slash */
	int error;
} cases[] = {
	{ "a file that is to be read", READ, "read/file", 0 },
	{ "is not made anew", MAKE, "read/new", EACCES },
	{ "nor removed", REMOVE, "read/file", EACCES },
	{ "its folder is listed", LIST, "read", 0 },
	{ "another folder is not", LIST, "other", EACCES },
	{ "a file of no path", READ, "other/file", EACCES },
	{ "one beside the folder", READ, "file", EACCES },
	{ "files are made where they are kept", MAKE, "keep/new", 0 },
	{ "and sockets", BIND, "keep/socket", 0 },
	{ "and renamed", RENAME, "keep/file", 0 },
	{ "and removed", REMOVE, "keep/file", 0 },
	{ "sockets elsewhere are not", BIND, "read/socket", EACCES },
	{ "one file alone", READ, "single", 0 },
	{ "/proc of oneself", READ, "/proc/self/status", 0 },
	{ "/proc of others", READ, "/proc/1/status", EACCES },
	{ "below a path that is none", READ, "missing/file", ENOENT },
};

static int attempt_bind(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return ENAMETOOLONG;
	strcpy(address.sun_path, path);
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

static int attempt(enum how how, const char *path)
{
	char other[256];

	switch (how) {
	case READ:
		return open(path, O_RDONLY) < 0 ? errno : 0;
	case MAKE:
		return open(path, O_WRONLY | O_CREAT, 0600) < 0 ? errno : 0;
	case REMOVE:
		return unlink(path) < 0 ? errno : 0;
	case LIST:
		return open(path, O_RDONLY | O_DIRECTORY) < 0 ? errno : 0;
	case BIND:
		return attempt_bind(path);
	case RENAME:
		snprintf(other, sizeof(other), "%s.new", path);
		return rename(path, other) < 0 || rename(other, path) < 0 ? errno : 0;
	}
	return -1;
}

static void make(const char *name, bool is_folder)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (is_folder) {
		assert_int_equal(mkdir(path, 0755), 0);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	close(fd);
}

static int setup(void **state)
{
	static const char *const folders[] = { "read", "keep", "other" };
	static const char *const files[] = { "read/file", "keep/file", "other/file", "file",
					     "single" };

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < COUNT(folders); i++)
		make(folders[i], true);
	for (size_t i = 0; i < COUNT(files); i++)
		make(files[i], false);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static int enter(void)
{
	char read_path[128], keep_path[128], single[128], missing[128];
	const struct landlock_path paths[] = {
		{ read_path, LANDLOCK_READ }, { keep_path, LANDLOCK_KEEP },
		{ single, LANDLOCK_READ },    { missing, LANDLOCK_KEEP },
		{ "/proc/self", LANDLOCK_READ },
	};

	snprintf(read_path, sizeof(read_path), "%s/read", folder);
	snprintf(keep_path, sizeof(keep_path), "%s/keep", folder);
	snprintf(single, sizeof(single), "%s/single", folder);
	snprintf(missing, sizeof(missing), "%s/missing", folder);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return landlock_enter(paths, COUNT(paths));
}

static int in_child(int (*body)(size_t i), size_t i)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(body(i));
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int judge(size_t i)
{
	char path[128];

	if (enter() != landlock_abi())
		return 200;
	snprintf(path, sizeof(path), "%s%s%s", cases[i].path[0] == '/' ? "" : folder,
		 cases[i].path[0] == '/' ? "" : "/", cases[i].path);
	return attempt(cases[i].how, path) == cases[i].error ? 0 : 1;
}

static void only_the_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases) && landlock_abi() > 0; i++) {
		int wrong = in_child(judge, i);

		if (wrong != 0)
			fail_msg("%s: %d", cases[i].name, wrong);
	}
}

static int judge_signals(size_t i)
{
	(void)i;
	if (enter() < 0)
		return 200;
	return kill(getppid(), 0) < 0 && errno == EPERM && kill(getpid(), 0) == 0 ? 0 : 1;
}

static void no_signal_to_others(void **state)
{
	(void)state;
	if (landlock_abi() >= 6)
		assert_int_equal(in_child(judge_signals, 0), 0);
}

static int judge_absence(size_t i)
{
	(void)i;
	return enter() == (landlock_abi() ? landlock_abi() : -EOPNOTSUPP) ? 0 : 1;
}

static void the_abi_is_told(void **state)
{
	(void)state;
	assert_int_equal(in_child(judge_absence, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_paths),
		cmocka_unit_test(no_signal_to_others),
		cmocka_unit_test(the_abi_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
