/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100 /* names beside the place, before somebody must have a hand in it */

/* Where path leads, or path itself where there is nothing yet. Returns owned, or NULL. */
static char *resolve(const char *path)
{
	char *resolved = realpath(path, NULL);

	return resolved ? resolved : strdup(path);
}

/* Creates a file beside out->path with the mode a new file gets. Returns a descriptor or -errno. */
static int create_beside(struct outfile *out)
{
	int fd;

	for (int try = 0; try < TRIES; try++) {
		if (asprintf(&out->beside, "%s.%ld-%d.tmp", out->path, (long)getpid(), try) < 0) {
			out->beside = NULL;
			return -ENOMEM;
		}
		fd = open(out->beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0)
			return fd;
		free(out->beside);
		out->beside = NULL;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* Opens what stands at out->path directly, or a file beside it. Returns a descriptor or -errno. */
static int open_place(struct outfile *out)
{
	struct stat there;
	int fd;

	if (stat(out->path, &there) < 0)
		return errno == ENOENT ? create_beside(out) : -errno;
	if (S_ISDIR(there.st_mode))
		return -EISDIR;
	if (!S_ISREG(there.st_mode)) {
		fd = open(out->path, O_WRONLY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	if (access(out->path, W_OK) < 0)
		return -errno;
	fd = create_beside(out);
	if (fd >= 0 && fchmod(fd, there.st_mode & 07777) < 0) {
		int error = errno;

		close(fd);
		unlink(out->beside);
		return -error;
	}
	return fd;
}

static void release(struct outfile *out)
{
	free(out->beside);
	free(out->path);
	*out = (struct outfile){ .file = NULL };
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
	if (fd < 0) {
		release(out);
		return fd;
	}
	out->file = fdopen(fd, "w");
	if (!out->file) {
		close(fd);
		outfile_discard(out);
		return -ENOMEM;
	}
	return 0;
}

bool outfile_can_seek(const struct outfile *out)
{
	return out->beside != NULL;
}

/* Standard output stays open: others may still want it. */
static int finish(FILE *file)
{
	errno = 0;
	if (fflush(file) != 0 || ferror(file)) {
		int error = errno ? errno : EIO;

		if (file != stdout)
			fclose(file);
		return -error;
	}
	if (file != stdout && fclose(file) != 0)
		return errno ? -errno : -EIO;
	return 0;
}

int outfile_commit(struct outfile *out)
{
	int r = finish(out->file);

	out->file = NULL;
	if (r == 0 && out->beside && rename(out->beside, out->path) < 0)
		r = -errno;
	if (r < 0 && out->beside)
		unlink(out->beside);
	release(out);
	return r;
}

void outfile_discard(struct outfile *out)
{
	if (out->file && out->file != stdout)
		fclose(out->file);
	if (out->beside)
		unlink(out->beside);
	release(out);
}
