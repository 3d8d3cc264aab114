/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define NEW ".new" /* what a file that is being written has behind its name */

/* A file by its folder, so that all steps are about the same one. */
struct place {
	int folder;       /* descriptor */
	const char *name; /* in the folder; inside of the path */
};

static int place_open(const char *path, struct place *ret_place)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	size_t len;

	if (!slash || slash[1] == '\0')
		return -EINVAL;
	len = (size_t)(slash - path) + 1; /* with the slash: "/" is a folder too */
	if (len >= sizeof(folder))
		return -ENAMETOOLONG;
	memcpy(folder, path, len);
	folder[len] = '\0';
	ret_place->name = slash + 1;
	ret_place->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return ret_place->folder < 0 ? -errno : 0;
}

/* Whether what is there may be read or replaced. */
static int check(const struct stat *found)
{
	if (S_ISLNK(found->st_mode))
		return -ELOOP;
	if (!S_ISREG(found->st_mode))
		return -EISDIR;
	if (found->st_uid != geteuid() && found->st_uid != 0)
		return -EPERM;
	return 0;
}

/* The same of a name, which is not opened: a device or a pipe would notice. */
static int check_name(const struct place *place, const char *name)
{
	struct stat found;

	if (fstatat(place->folder, name, &found, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return check(&found);
}

static int read_all(int fd, char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, text + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) /* it shrank meanwhile: it is ours, so somebody else is at work */
			return -EAGAIN;
		at += (size_t)n;
	}
	text[len] = '\0';
	return 0;
}

static int read_open(int fd, size_t max, char **ret_text, size_t *ret_len)
{
	struct stat found;
	char *text;
	int r;

	if (fstat(fd, &found) < 0)
		return -errno;
	r = check(&found);
	if (r < 0)
		return r;
	if (found.st_size < 0 || (size_t)found.st_size > max)
		return -EFBIG;
	text = malloc((size_t)found.st_size + 1);
	if (!text)
		return -ENOMEM;
	r = read_all(fd, text, (size_t)found.st_size);
	if (r < 0) {
		free(text);
		return r;
	}
	*ret_text = text;
	*ret_len = (size_t)found.st_size;
	return 0;
}

int state_file_read(const char *path, size_t max, char **ret_text, size_t *ret_len)
{
	struct place place;
	int fd, r = place_open(path, &place);

	if (r < 0)
		return r;
	r = check_name(&place, place.name);
	if (r == 0) {
		fd = openat(place.folder, place.name,
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		r = fd < 0 ? -errno : read_open(fd, max, ret_text, ret_len);
		if (fd >= 0)
			close(fd);
	}
	close(place.folder);
	return r;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return fdatasync(fd) < 0 ? -errno : 0;
}

/* Puts name with that ending into text. Returns 0 or -ENAMETOOLONG. */
static int name_with(const char *name, const char *ending, char text[NAME_MAX + 1])
{
	int len = snprintf(text, NAME_MAX + 1, "%s%s", name, ending);

	return len > NAME_MAX ? -ENAMETOOLONG : 0;
}

/* Writes the new file. On an error none is left. */
static int write_new(const struct place *place, const char *name, const void *data, size_t len)
{
	int fd, r;

	/* A process that was killed may have left one. */
	if (unlinkat(place->folder, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(place->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, data, len);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(place->folder, name, 0);
	return r;
}

static int replace(const struct place *place, const void *data, size_t len)
{
	char new[NAME_MAX + 1];
	int r = check_name(place, place->name);

	if (r < 0 && r != -ENOENT)
		return r;
	r = name_with(place->name, NEW, new);
	if (r == 0)
		r = write_new(place, new, data, len);
	if (r < 0)
		return r;
	if (renameat(place->folder, new, place->folder, place->name) < 0) {
		r = -errno;
		(void)unlinkat(place->folder, new, 0);
		return r;
	}
	return 0;
}

int state_file_write(const char *path, const void *data, size_t len)
{
	struct place place;
	int r = place_open(path, &place);

	if (r < 0)
		return r;
	r = replace(&place, data, len);
	close(place.folder);
	return r;
}

int state_file_set_aside(const char *path)
{
	char damaged[NAME_MAX + 1];
	struct place place;
	int r = place_open(path, &place);

	if (r < 0)
		return r;
	r = check_name(&place, place.name);
	if (r == 0)
		r = name_with(place.name, STATE_FILE_DAMAGED, damaged);
	if (r == 0 && renameat(place.folder, place.name, place.folder, damaged) < 0)
		r = -errno;
	close(place.folder);
	return r;
}

void state_file_give_up(const char *path, const char *why, const char *loss)
{
	int r = state_file_set_aside(path);

	if (r < 0)
		log_error(r, "%s: %s, so %s; it cannot be set aside", path, why, loss);
	else
		log_warning("%s: %s, so %s; it was set aside as %s" STATE_FILE_DAMAGED, path, why,
			    loss, path);
}
