/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/screen/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"

#define TRIES 100 /* names beside the place, before somebody must have a hand in it */
#define FD_PATH_MAX 32 /* bytes of "/proc/self/fd/N" */

static const int signals[] = { SIGHUP, SIGINT, SIGTERM };

/* What a signal has to remove. A handler is given nothing but a number, so this cannot be passed;
 * written only while the signals are blocked. */
static const char *doomed;

static void remove_and_die(int number)
{
	if (doomed)
		unlink(doomed);
	raise(number); /* SA_RESETHAND: ends the program once this returns */
}

/* Blocks the signals; returns what was blocked before, for allow_signals. */
static sigset_t hold_signals(void)
{
	sigset_t set, before;

	sigemptyset(&set);
	for (size_t i = 0; i < COUNT(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, &before);
	return before;
}

static void allow_signals(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

/* Lets the signals remove that name, or none, on their way; the signals are held. One that is
 * ignored stays so. */
static void remove_by_signal(const char *name)
{
	struct sigaction action = { .sa_handler = remove_and_die, .sa_flags = (int)SA_RESETHAND };
	struct sigaction old;

	doomed = name;
	for (size_t i = 0; name && i < COUNT(signals); i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
}

/* Where path leads, or path itself where there is nothing yet. Returns owned, or NULL. */
static char *resolve(const char *path)
{
	char *resolved = realpath(path, NULL);

	return resolved ? resolved : strdup(path);
}

/* Gives a name to the file fd, or to a new one where fd is below 0. Returns a descriptor or
 * -errno. */
static int use_name(const char *name, int fd)
{
	char self[FD_PATH_MAX];

	if (fd < 0) {
		fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		return fd < 0 ? -errno : fd;
	}
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : fd;
}

/* The same with the first name beside out->path that is free; it stands in out->beside then. */
static int take_name(struct outfile *out, int fd)
{
	int r = -EEXIST;

	for (int try = 0; r == -EEXIST && try < TRIES; try++) {
		if (asprintf(&out->beside, "%s.%ld-%d.tmp", out->path, (long)getpid(), try) < 0) {
			out->beside = NULL;
			return -ENOMEM;
		}
		r = use_name(out->beside, fd);
		if (r >= 0)
			return r;
		free(out->beside);
		out->beside = NULL;
	}
	return r;
}

/* Creates a file without a name in the folder of out->path, which /proc must show: a name is given
 * by that way alone. Returns a descriptor, or -1 where that does not work here. */
static int create_nameless(const struct outfile *out)
{
	char *folder = strdup(out->path), *slash = folder ? strrchr(folder, '/') : NULL;
	char self[FD_PATH_MAX];
	int fd = -1;

	if (slash)
		slash[slash == folder] = '\0'; /* "/file" lies in "/" */
	if (folder)
		fd = open(slash ? folder : ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
	free(folder);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (fd >= 0 && access(self, F_OK) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Creates the file to write, with the mode a new file gets. Returns a descriptor or -errno. */
static int create_aside(struct outfile *out)
{
	int fd = create_nameless(out);
	sigset_t before;

	out->aside = true;
	if (fd >= 0)
		return fd;
	before = hold_signals();
	fd = take_name(out, -1);
	if (fd >= 0)
		remove_by_signal(out->beside);
	allow_signals(&before);
	return fd;
}

/* Opens what stands at out->path directly, or a file aside. Returns a descriptor or -errno; what
 * stands in out then is the caller's to release. */
static int open_place(struct outfile *out)
{
	struct stat there;
	int fd;

	if (stat(out->path, &there) < 0)
		return errno == ENOENT ? create_aside(out) : -errno;
	if (S_ISDIR(there.st_mode))
		return -EISDIR;
	if (!S_ISREG(there.st_mode)) {
		fd = open(out->path, O_WRONLY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	if (access(out->path, W_OK) < 0)
		return -errno;
	fd = create_aside(out);
	if (fd >= 0 && fchmod(fd, there.st_mode & 07777) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

/* Takes the name beside the place away from the signals, and the file from it unless it moved. */
static void drop_name(struct outfile *out, bool moved)
{
	sigset_t before = hold_signals();

	if (!moved)
		unlink(out->beside);
	remove_by_signal(NULL);
	allow_signals(&before);
	free(out->beside);
	out->beside = NULL;
}

int outfile_open(struct outfile *out, const char *path)
{
	int fd;

	*out = (struct outfile){ .file = NULL };
	if (strcmp(path, "-") == 0) {
		out->file = stdout;
		return 0;
	}
	out->path = resolve(path);
	if (!out->path)
		return -ENOMEM;
	fd = open_place(out);
	if (fd >= 0) {
		out->file = fdopen(fd, "w");
		if (out->file)
			return 0;
		close(fd);
		fd = -ENOMEM;
	}
	outfile_discard(out);
	return fd;
}

bool outfile_can_seek(const struct outfile *out)
{
	return out->aside;
}

/* Names the file and moves it into its place, without a signal in between. */
static int put_into_place(struct outfile *out)
{
	sigset_t before = hold_signals();
	int r = out->beside ? 0 : take_name(out, fileno(out->file));

	if (r >= 0)
		r = rename(out->beside, out->path) < 0 ? -errno : 0;
	if (out->beside)
		drop_name(out, r == 0);
	allow_signals(&before);
	return r;
}

/* Hands everything to the kernel, and to the disk what was written aside. */
static int flush(const struct outfile *out)
{
	errno = 0;
	if (fflush(out->file) != 0 || ferror(out->file))
		return errno ? -errno : -EIO;
	return out->aside && fsync(fileno(out->file)) < 0 ? -errno : 0;
}

int outfile_commit(struct outfile *out)
{
	int r = flush(out);

	if (r == 0 && out->aside)
		r = put_into_place(out);
	if (r < 0 && out->file == stdout) { /* the caller says so: nobody else has to */
		clearerr(stdout);
		__fpurge(stdout);
	}
	outfile_discard(out);
	return r;
}

/* Standard output stays open: others may still want it. */
void outfile_discard(struct outfile *out)
{
	if (out->file && out->file != stdout)
		fclose(out->file);
	if (out->beside)
		drop_name(out, false);
	free(out->path);
	*out = (struct outfile){ .file = NULL };
}
