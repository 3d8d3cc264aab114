/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of the control socket. */
#include "control_fixture.h"

#include <fcntl.h>

/* Who could connect before the server had set the mode it wants. */
static mode_t mode_before_chmod;

/* Stands in for the C library's, for the server too. */
int chmod(const char *path, mode_t mode)
{
	struct stat now;

	if (lstat(path, &now) == 0)
		mode_before_chmod = now.st_mode;
	return fchmodat(AT_FDCWD, path, mode, 0);
}

static void put_file(const char *path)
{
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}

static void put_directory(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static void put_link(const char *path)
{
	assert_int_equal(symlink("/nonexistent/control", path), 0);
}

static void put_fifo(const char *path)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void put_stale_socket(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void put_nothing(const char *path)
{
	(void)path;
}

static const struct {
	const char *name;
	void (*put)(const char *path);
	int result;
} found[] = {
	{ "nothing", put_nothing, 0 },
	{ "a stale socket", put_stale_socket, 0 },
	{ "a file", put_file, -EEXIST },
	{ "a directory", put_directory, -EEXIST },
	{ "a symbolic link", put_link, -EEXIST },
	{ "a fifo", put_fifo, -EEXIST },
};

static void test_what_lies_at_the_path(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(found); i++) {
		struct stat before, after;

		print_message("%s\n", found[i].name);
		found[i].put(f->path);
		if (found[i].result < 0)
			assert_int_equal(lstat(f->path, &before), 0);
		assert_int_equal(control_open(f->event, &f->config, &f->control), found[i].result);
		if (found[i].result < 0) {
			assert_int_equal(lstat(f->path, &after), 0);
			assert_int_equal(before.st_ino, after.st_ino);
			assert_int_equal(remove(f->path), 0);
			assert_null(f->control);
			continue;
		}
		assert_int_equal(lstat(f->path, &after), 0);
		assert_int_equal(after.st_mode, S_IFSOCK | 0660);
		assert_int_equal(mode_before_chmod, S_IFSOCK | 0600);
		control_close(f->control);
		f->control = NULL;
		assert_int_equal(lstat(f->path, &after), -1);
	}
}

static void test_living_daemon_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct control *second = NULL;
	int fd;

	assert_int_equal(control_open(f->event, &f->config, &second), -EADDRINUSE);
	assert_null(second);
	fd = connect_to(f->path);
	expect_served(f, fd);
	close(fd);
}

static void test_file_of_somebody_else_stays(void **state)
{
	struct fixture *f = *state;
	struct stat left;

	assert_int_equal(unlink(f->path), 0);
	put_stale_socket(f->path);
	control_close(f->control);
	f->control = NULL;
	assert_int_equal(lstat(f->path, &left), 0);
	assert_int_equal(unlink(f->path), 0);
}

static void test_paths(void **state)
{
	static const struct {
		const char *name, *below;
		size_t fill_to;
		int result;
	} rows[] = {
		{ "its directory is missing", "one/s", 0, 0 },
		{ "two directories are missing", "one/two/s", 0, -ENOENT },
		{ "107 bytes", "", 107, 0 },
		{ "108 bytes", "", 108, -ENAMETOOLONG },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[128] = "", directory[64];
		struct stat made;

		print_message("%s\n", rows[i].name);
		snprintf(path, sizeof(path), "%s/%s", f->directory, rows[i].below);
		if (rows[i].fill_to)
			memset(path + strlen(path), 'p', rows[i].fill_to - strlen(path));
		f->config.socket = path;
		assert_int_equal(control_open(f->event, &f->config, &f->control), rows[i].result);
		snprintf(directory, sizeof(directory), "%s/one", f->directory);
		if (i == 0) {
			assert_int_equal(stat(directory, &made), 0);
			assert_int_equal(made.st_mode, S_IFDIR | 0755);
		}
		control_close(f->control);
		f->control = NULL;
		if (i == 0)
			assert_int_equal(rmdir(directory), 0);
	}
}

static void test_group_of_the_file(void **state)
{
	static const struct {
		const char *group;
		bool exists;
	} rows[] = { { "daemon", true }, { "no-such-group-here", false } };
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		gid_t gid = rows[i].exists ? getgrnam(rows[i].group)->gr_gid : getegid();
		struct stat made;

		f->config.group = rows[i].group;
		f->config.admin_group = rows[i].group;
		assert_int_equal(control_open(f->event, &f->config, &f->control), 0);
		assert_int_equal(stat(f->path, &made), 0);
		assert_int_equal(made.st_gid, gid);
		assert_int_equal(made.st_mode, S_IFSOCK | 0660);
		control_close(f->control);
		f->control = NULL;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITHOUT_SERVER(test_what_lies_at_the_path),
		WITH_SERVER(test_living_daemon_is_left_alone),
		WITH_SERVER(test_file_of_somebody_else_stays),
		WITHOUT_SERVER(test_paths),
		WITHOUT_SERVER(test_group_of_the_file),
	};

	log_set_max(LOG_CRIT);
	return cmocka_run_group_tests_name("control_socket", tests, NULL, NULL);
}
