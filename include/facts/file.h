/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads files that others name. Only regular ones are opened, so that no device or pipe notices. */
#pragma once

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define FILE_BYTES_MAX (16u << 20) /* of any file that is read */

/* Opens /proc/PID/root: what that process sees as "/". Returns owned, or -errno. */
int file_open_root(pid_t pid);

/* Reads a whole file. root: a folder that links and ".." cannot leave (openat2 RESOLVE_IN_ROOT), or
 * -1: path as it is. text has a NUL behind its len bytes. Returns 0 and what it owns, and how the
 * file was before (ret_stat may be NULL); or -errno: -EISDIR no regular file, -EFBIG above max,
 * -EAGAIN: it changed meanwhile. */
int file_read(int root, const char *path, size_t max, char **ret_text, size_t *ret_len,
	      struct stat *ret_stat);

/* Reads a file of /proc, which does not tell its length, to its end or up to max bytes. */
int file_read_proc(const char *path, size_t max, char **ret_text, size_t *ret_len);

/* Wipes and frees. text may be NULL. */
void file_wipe(char *text, size_t len);
