/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "daemon/config/config_scan.h"

#define FILE_BYTES_MAX (1024 * 1024)

/* /dev/null is what people name for "no settings". */
static bool is_readable(const struct stat *status)
{
	return S_ISREG(status->st_mode) ||
	       (S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3));
}

/* Reads up to one byte more than a file may have. bytes has room for that and a NUL. */
static int read_bytes(int fd, char *bytes, size_t *ret_len)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, bytes + len, FILE_BYTES_MAX + 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0)
		return -errno;
	*ret_len = len;
	return 0;
}

/* Not blocking, for a FIFO would hold a reload up for ever. Returns the descriptor, -errno, or
 * -EBADFD where it is neither a regular file nor a folder nor /dev/null. */
static int open_file(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		r = -errno;
	else if (S_ISDIR(status.st_mode))
		r = -EISDIR;
	else if (!is_readable(&status))
		r = -EBADFD;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* The whole file, owned and ended by NUL. Returns 0, -ENOMEM or as open_file does. */
static int load(const char *file, char **ret_bytes, size_t *ret_len)
{
	int fd = open_file(file);
	size_t len = 0;
	char *bytes;
	int r;

	if (fd < 0)
		return fd;
	bytes = malloc(FILE_BYTES_MAX + 2);
	r = bytes ? read_bytes(fd, bytes, &len) : -ENOMEM;
	close(fd);
	if (r < 0) {
		free(bytes);
		return r;
	}
	bytes[len] = '\0';
	*ret_bytes = bytes;
	*ret_len = len;
	return 0;
}

/* Permissions are looked at without opening anything, which is all that a sandbox refuses. */
const char *config_source_why(const char *path, int access, int error)
{
	if (error != -EACCES)
		return strerrordesc_np(-error);
	if (faccessat(AT_FDCWD, path, access, AT_EACCESS) < 0)
		return "permission denied to the user that mssclampd runs as; \"chgrp mssclamp\" "
		       "and \"chmod g+r\" give it";
	return "its permissions allow it, but the sandbox does not: mssclampd opens nothing "
	       "outside of the folders in which its configuration lay when it started, links "
	       "followed; put it there, or restart mssclampd (where that does not help, it is "
	       "SELinux or AppArmor)";
}

/* error 0: it was read, but has more bytes than are taken. */
static int report_unreadable(struct config_report *report, const char *file, int error)
{
	struct config_where where = { file, 0 };
	int r;

	if (error == -EBADFD || error == -EISDIR)
		r = config_report_add(report, CONFIG_ERROR, where, NULL,
				      "is no regular file, name one that is");
	else if (error == 0)
		r = config_report_add(report, CONFIG_ERROR, where, NULL,
				      "is larger than 1 MiB, make it smaller");
	else
		r = config_report_add(report, CONFIG_ERROR, where, NULL,
				      "cannot be read: %s", config_source_why(file, R_OK, error));
	return r < 0 ? r : -EINVAL;
}

int config_source_read(const char *file, struct config_report *report, char **ret_text)
{
	char *bytes = NULL;
	size_t len = 0;
	int r = load(file, &bytes, &len);

	if (r == -ENOENT || r == -ENOMEM)
		return r;
	if (r < 0 || len > FILE_BYTES_MAX)
		r = report_unreadable(report, file, r);
	else
		r = config_scan(file, bytes, len, report, ret_text);
	free(bytes);
	return r;
}
