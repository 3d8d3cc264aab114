/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID of any process, which names and describes itself: stat, status, cmdline, environ and
 * where its program lies, and the image of an OpenVPN.
 * layer: facts
 * The first byte chooses what is read; the rest is its content. open and readlink of the target take
 * the place of the C library's for that process. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "facts/openvpn/openvpn_process.h"
#include "facts/process.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())
#define PID 4711

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *content; /* of the file that is read */
static size_t content_len;

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list more;
	int fd;

	if (strncmp(path, "/proc/4711/", 11) != 0) {
		va_start(more, flags);
		if (flags & O_CREAT)
			mode = va_arg(more, mode_t);
		va_end(more);
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	}
	fd = memfd_create("file", MFD_CLOEXEC);
	CHECK(fd >= 0 && write(fd, content, content_len) == (ssize_t)content_len);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

ssize_t readlink(const char *path, char *text, size_t size)
{
	size_t len = content_len < size ? content_len : size;

	if (strncmp(path, "/proc/4711/", 11) != 0)
		return (ssize_t)syscall(SYS_readlinkat, AT_FDCWD, path, text, size);
	if (len == 0) {
		errno = ENOENT;
		return -1;
	}
	memcpy(text, content, len);
	return (ssize_t)len;
}

static void read_stat(void)
{
	struct process process = { 0 };

	if (process_find(PID, &process) == 0) {
		CHECK(process.pid == PID && process_lives(&process));
		process.started++;
		CHECK(!process_lives(&process));
	}
	(void)process_parent(PID);
}

static void read_status(void)
{
	uid_t uid = 12345;

	CHECK(process_uid(PID, &uid) == 0 || uid == 12345);
}

static void read_name(void)
{
	char name[PROCESS_NAME_MAX];

	if (process_name(PID, name) == 0)
		CHECK(memchr(name, '\0', sizeof(name)));
}

static void read_arguments(void)
{
	char *text;
	size_t len;

	if (process_arguments(PID, &text, &len) == 0) {
		CHECK(text[len] == '\0');
		free(text);
	}
}

static void read_folders(void)
{
	char *path = malloc(PROCESS_PATH_MAX);

	CHECK(path);
	if (process_shell_folder(PID, path) == 0)
		CHECK(*path == '/' && memchr(path, '\0', PROCESS_PATH_MAX));
	if (process_folder(PID, path) == 0)
		CHECK(memchr(path, '\0', PROCESS_PATH_MAX));
	free(path);
}

static void read_image(void)
{
	char *image = malloc(content_len + 1), *version;

	/* As it is mapped: nothing of ours stands behind it. */
	CHECK(image);
	memcpy(image + 1, content, content_len);
	version = openvpn_find_version(image + 1, content_len);
	CHECK(!version || (strchr(version, '.') && strlen(version) < 16 &&
			   strspn(version, "0123456789.") == strlen(version)));
	free(version);
	free(image);
}

static void (*const readers[])(void) = { read_stat, read_status, read_name, read_arguments,
					 read_folders, read_image };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	content = data + 1;
	content_len = size - 1;
	readers[data[0] % (sizeof(readers) / sizeof(readers[0]))]();
	return 0;
}
