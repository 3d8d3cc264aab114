/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In a folder of its own. Needs root: files of others are made. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "edge/state_file.h"

#define MOST 100 /* bytes that are read */

static char folder[] = "/tmp/mssclamp-state-XXXXXX";

static const char *at(const char *name)
{
	static char path[2][PATH_MAX];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static int make_folder(void **state)
{
	(void)state;
	/* What is mounted here goes with this process. */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[PATH_MAX];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) == 0 ? 0 : -1;
}

/* Runs a command of the shell in the folder. */
static void run(const char *command)
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "cd %s && { %s; }", folder, command);
	assert_int_equal(system(text), 0);
}

/* Leaves nothing of earlier tests. */
static void clear(void)
{
	run("rm -rf ./* && chmod 700 . && chown 0 .");
}

static size_t count_files(void)
{
	DIR *list = opendir(folder);
	const struct dirent *entry;
	size_t count = 0;

	assert_non_null(list);
	while ((entry = readdir(list)))
		count += entry->d_name[0] != '.';
	closedir(list);
	return count;
}

static void check_content(const char *name, const char *content)
{
	char *text;
	size_t len;

	assert_int_equal(state_file_read(at(name), MOST, &text, &len), 0);
	assert_int_equal(len, strlen(content));
	assert_string_equal(text, content);
	free(text);
}

static void test_written_and_read(void **state)
{
	struct stat found;

	(void)state;
	clear();
	assert_int_equal(state_file_write(at("paths"), "one", 3), 0);
	check_content("paths", "one");
	assert_int_equal(stat(at("paths"), &found), 0);
	assert_int_equal(found.st_mode & 07777, 0600);
	assert_int_equal(state_file_write(at("paths"), "another", 7), 0);
	check_content("paths", "another");
	assert_int_equal(state_file_write(at("paths"), "", 0), 0);
	check_content("paths", "");
	assert_int_equal(count_files(), 1);
}

static void test_what_a_killed_one_left(void **state)
{
	(void)state;
	clear();
	run("echo half >paths.new && ln -s /etc/passwd other.new");
	assert_int_equal(state_file_write(at("paths"), "one", 3), 0);
	assert_int_equal(state_file_write(at("other"), "two", 3), 0);
	check_content("paths", "one");
	check_content("other", "two");
	assert_int_equal(count_files(), 2);
}

static const struct {
	const char *name, *make;
	int read, write; /* what they return */
} cases[] = {
	/* name              how it is made                               read      write    */
	{ "missing",         "true",                                      -ENOENT,  0        },
	{ "a link",          "echo x >y && ln -s y paths",                -ELOOP,   -ELOOP   },
	{ "a dead link",     "ln -s y paths",                             -ELOOP,   -ELOOP   },
	{ "a folder",        "mkdir paths",                               -EISDIR,  -EISDIR  },
	{ "a pipe",          "mkfifo paths",                              -EISDIR,  -EISDIR  },
	{ "a device",        "mknod paths c 1 3",                         -EISDIR,  -EISDIR  },
	{ "somebody else's", "echo x >paths && chown 4711 paths",         -EPERM,   -EPERM   },
	{ "too large",       "head -c 101 /dev/zero >paths",              -EFBIG,   0        },
	{ "as large as may be", "head -c 100 /dev/zero >paths",           0,        0        },
	{ "a folder in the way", "echo x >paths && mkdir paths.new",      0,        -EISDIR  },
};

static void test_what_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = NULL;
		size_t len;
		int read, write;

		clear();
		run(cases[i].make);
		read = state_file_read(at("paths"), MOST, &text, &len);
		write = state_file_write(at("paths"), "new", 3);
		free(text);
		if (read != cases[i].read || write != cases[i].write)
			fail_msg("%s: %d, %d", cases[i].name, read, write);
		if (write == 0)
			check_content("paths", "new");
	}
}

static void test_no_folder(void **state)
{
	static const char *const paths[] = { "gone/paths", "file/paths", "file/", "" };
	static const int errors[] = { -ENOENT, -ENOTDIR, -EINVAL, -EINVAL };

	(void)state;
	clear();
	run("echo x >file");
	for (size_t i = 0; i < COUNT(paths); i++)
		assert_int_equal(state_file_write(at(paths[i]), "x", 1), errors[i]);
	assert_int_equal(state_file_write("paths", "x", 1), -EINVAL);
	assert_int_equal(count_files(), 1);
}

/* A full disk, and one that cannot be written, leave what was there. */
static void test_full_and_read_only(void **state)
{
	char large[1 << 17];

	(void)state;
	clear();
	memset(large, 'x', sizeof(large));
	run("mkdir disk");
	assert_int_equal(mount("none", at("disk"), "tmpfs", 0, "size=65536"), 0);
	assert_int_equal(state_file_write(at("disk/paths"), "old", 3), 0);
	assert_int_equal(state_file_write(at("disk/paths"), large, sizeof(large)), -ENOSPC);
	check_content("disk/paths", "old");
	assert_int_equal(access(at("disk/paths.new"), F_OK), -1);
	assert_int_equal(mount("none", at("disk"), "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(state_file_write(at("disk/paths"), "new", 3), -EROFS);
	assert_int_equal(state_file_set_aside(at("disk/paths")), -EROFS);
	check_content("disk/paths", "old");
	assert_int_equal(umount(at("disk")), 0);
}

static void test_set_aside(void **state)
{
	(void)state;
	clear();
	run("echo bad >paths && echo older >paths.damaged");
	assert_int_equal(state_file_set_aside(at("paths")), 0);
	check_content("paths.damaged", "bad\n");
	assert_int_equal(count_files(), 1);
	assert_int_equal(state_file_set_aside(at("paths")), -ENOENT);
	run("ln -s paths.damaged paths");
	assert_int_equal(state_file_set_aside(at("paths")), -ELOOP);
	run("rm paths && echo bad >paths && rm paths.damaged && mkdir paths.damaged");
	assert_int_equal(state_file_set_aside(at("paths")), -EISDIR);
}

/* As the user that the daemon runs as: root's file may be read, another's folder not be written. */
static int as_a_user(void)
{
	char *text = NULL;
	size_t len;

	if (setgid(4711) < 0 || setuid(4711) < 0)
		return 1;
	if (state_file_read(at("root"), MOST, &text, &len) != 0)
		return 2;
	free(text);
	if (state_file_read(at("other"), MOST, &text, &len) != -EPERM)
		return 3;
	if (state_file_write(at("root"), "x", 1) != -EACCES)
		return 4;
	return 0;
}

static void test_as_a_user(void **state)
{
	int status;
	pid_t child;

	(void)state;
	clear();
	run("echo x >root && echo x >other && chown 4712 other && chmod 644 * && chmod 755 .");
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(as_a_user());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_and_read),
		cmocka_unit_test(test_what_a_killed_one_left),
		cmocka_unit_test(test_what_is_there),
		cmocka_unit_test(test_no_folder),
		cmocka_unit_test(test_full_and_read_only),
		cmocka_unit_test(test_set_aside),
		cmocka_unit_test(test_as_a_user),
	};

	return cmocka_run_group_tests_name("state_file", tests, make_folder, remove_folder);
}
