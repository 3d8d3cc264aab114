/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One small file of ours that outlives a restart: read whole, replaced whole. One thread at a time
 * for one path.
 *
 * path is absolute and names a file; its folder is not made. What is there must be a regular file
 * of this process's user or of root: anything else is left as it is. Errors of all three:
 *   -ENOENT   no such file, or for a write no such folder
 *   -ELOOP    a symbolic link
 *   -EISDIR   a folder, a device, a pipe
 *   -EPERM    somebody else's file
 *   and those of open(2), write(2), fdatasync(2) and rename(2): -ENOSPC, -EROFS, -EACCES, ... */
#pragma once

#include <stddef.h>

#define STATE_FILE_DAMAGED ".damaged" /* what a file that was set aside has behind its name */

/* Reads it. Returns 0 and what the caller owns, with a NUL behind its len bytes; or -errno: -EFBIG
 * where it has more than max bytes. */
int state_file_read(const char *path, size_t max, char **ret_text, size_t *ret_len);

/* Replaces it, or makes it (mode 0600), so that whoever reads it, also after a power cut, finds the
 * old bytes or the new ones, all of them. Returns 0, or -errno with the old file in its place. */
int state_file_write(const char *path, const void *data, size_t len);

/* Renames it to NAME.damaged, over an older one of that name. Returns 0 or -errno. */
int state_file_set_aside(const char *path);

/* The same for a file that is of no use, and says so in the log: why, and what is lost by that. It
 * stays for whoever wants to know what happened, and the next write finds its place free. */
void state_file_give_up(const char *path, const char *why, const char *loss);
