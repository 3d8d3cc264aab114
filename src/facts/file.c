/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROC_PATH_MAX 64

void file_wipe(char *text, size_t len)
{
	if (text)
		explicit_bzero(text, len);
	free(text);
}

int file_open_root(pid_t pid)
{
	char path[PROC_PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Names the file without opening it. */
static int find(int root, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int fd;

	if (root < 0)
		fd = open(path, O_PATH | O_CLOEXEC);
	else
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

/* Reads up to max bytes into a buffer that has one more. Returns the bytes, or -errno. */
static ssize_t read_all(int fd, char *text, size_t max)
{
	size_t len = 0;

	while (len < max) {
		ssize_t n = read(fd, text + len, max - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	return (ssize_t)len;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The file behind an O_PATH descriptor. */
static int read_found(int found, const struct stat *before, char **ret_text, size_t *ret_len)
{
	const size_t size = (size_t)before->st_size;
	char name[PROC_PATH_MAX], *text;
	struct stat after;
	ssize_t len;
	int fd;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", found);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	text = malloc(size + 2);
	len = text ? read_all(fd, text, size + 1) : -ENOMEM;
	if (len >= 0 &&
	    (fstat(fd, &after) < 0 || (size_t)len != size || !same_file(before, &after)))
		len = -EAGAIN;
	close(fd);
	if (len < 0) {
		file_wipe(text, size + 2);
		return (int)len;
	}
	*ret_text = text;
	*ret_len = size;
	return 0;
}

int file_read(int root, const char *path, size_t max, char **ret_text, size_t *ret_len,
	      struct stat *ret_stat)
{
	int found = find(root, path), r = 0;
	struct stat before;

	if (found < 0)
		return found;
	if (fstat(found, &before) < 0)
		r = -errno;
	else if (!S_ISREG(before.st_mode))
		r = -EISDIR;
	else if (before.st_size < 0 || (size_t)before.st_size > max)
		r = -EFBIG;
	else
		r = read_found(found, &before, ret_text, ret_len);
	close(found);
	if (r == 0 && ret_stat)
		*ret_stat = before;
	return r;
}

int file_read_proc(const char *path, size_t max, char **ret_text, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;
	ssize_t len;

	if (fd < 0)
		return -errno;
	text = malloc(max + 1);
	len = text ? read_all(fd, text, max) : -ENOMEM;
	close(fd);
	if (len < 0) {
		file_wipe(text, max);
		return (int)len;
	}
	*ret_text = text;
	*ret_len = (size_t)len;
	return 0;
}
