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
			assert_int_equal(stat(directory, &made), -1);
	}
}

/* What was there before, or is of use to others by now. */
static void test_folders_that_stay(void **state)
{
	char folder[64], path[72], other[72];
	struct fixture *f = *state;
	struct stat left;

	snprintf(folder, sizeof(folder), "%s/one", f->directory);
	snprintf(path, sizeof(path), "%s/s", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	f->config.socket = path;
	assert_int_equal(control_open(f->event, &f->config, &f->control), 0);
	put_file(other);
	control_close(f->control);
	f->control = NULL;
	assert_int_equal(lstat(path, &left), -1);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(control_open(f->event, &f->config, &f->control), 0);
	control_close(f->control);
	f->control = NULL;
	assert_int_equal(rmdir(folder), 0);
}

static void take_file(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static void replace_file(const char *path)
{
	take_file(path);
	put_file(path);
}

static void replace_socket(const char *path)
{
	take_file(path);
	put_stale_socket(path);
}

static const struct {
	const char *name;
	void (*harm)(const char *path);
	enum control_file seen;
	int anew; /* what making it anew comes to */
} harms[] = {
	{ "nothing", put_nothing, CONTROL_FILE_THERE, 0 },
	{ "removed", take_file, CONTROL_FILE_GONE, 0 },
	{ "replaced by a file", replace_file, CONTROL_FILE_OTHER, -EEXIST },
	{ "replaced by a socket without a process", replace_socket, CONTROL_FILE_OTHER, 0 },
};

static void test_what_becomes_of_the_file(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 1; i < COUNT(harms); i++) {
		int old, fresh;

		print_message("%s\n", harms[i].name);
		assert_int_equal(control_open(f->event, &f->config, &f->control), 0);
		assert_int_equal(control_look_at_file(f->control), CONTROL_FILE_THERE);
		old = connect_to(f->path);
		expect_served(f, old);
		harms[i].harm(f->path);
		assert_int_equal(control_look_at_file(f->control), harms[i].seen);
		assert_int_equal(control_listen_anew(f->control), harms[i].anew);
		expect_served(f, old);
		if (harms[i].anew == 0) {
			assert_int_equal(control_look_at_file(f->control), CONTROL_FILE_THERE);
			fresh = connect_to(f->path);
			expect_served(f, fresh);
			close(fresh);
		} else {
			assert_int_equal(control_look_at_file(f->control), harms[i].seen);
			take_file(f->path);
		}
		close(old);
		control_close(f->control);
		f->control = NULL;
		assert_int_equal(access(f->path, F_OK), -1);
	}
}

/* Its file is systemd's: looked at as ours is, and never removed. One that was not to be seen from
 * the beginning may be in a place that we do not see: nothing is said of it. */
static void test_file_of_systemd(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = address_of(f->path);

	for (size_t i = 0; i < COUNT(harms) + 1; i++) {
		bool unseen = i == COUNT(harms);
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
		assert_int_equal(listen(fd, 8), 0);
		if (unseen)
			take_file(f->path);
		f->config.listen_fd = fd;
		assert_int_equal(control_open(f->event, &f->config, &f->control), 0);
		assert_true(control_is_passed(f->control));
		assert_string_equal(control_path(f->control), f->path);
		if (!unseen)
			harms[i].harm(f->path);
		assert_int_equal(control_look_at_file(f->control),
				 unseen ? CONTROL_FILE_THERE : harms[i].seen);
		control_close(f->control);
		f->control = NULL;
		assert_int_equal(access(f->path, F_OK),
				 unseen || harms[i].seen == CONTROL_FILE_GONE ? -1 : 0);
		unlink(f->path);
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
		WITHOUT_SERVER(test_folders_that_stay),
		WITHOUT_SERVER(test_what_becomes_of_the_file),
		WITHOUT_SERVER(test_file_of_systemd),
		WITHOUT_SERVER(test_group_of_the_file),
	};

	log_set_max(LOG_CRIT);
	return cmocka_run_group_tests_name("control_socket", tests, NULL, NULL);
}
