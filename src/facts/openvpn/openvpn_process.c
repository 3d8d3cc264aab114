/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/openvpn/openvpn_process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "facts/file.h"
#include "facts/openvpn/openvpn_config.h"
#include "facts/process.h"

#define PROC_NAME_MAX 64
#define CONFIG_BYTES_MAX (4u << 20) /* with certificates and lists of revoked ones inside */

struct place {
	pid_t pid;
	char folders[2][PROCESS_PATH_MAX]; /* that relative paths may mean; "" unknown */
};

/* The program's own title is a string by itself that goes on with what it was built with. */
char *openvpn_find_version(const char *image, size_t len)
{
	static const char mark[] = "\0OpenVPN ";
	const size_t mark_len = sizeof(mark) - 1;
	const char *at = image, *end = image + len;

	while ((at = memmem(at, (size_t)(end - at), mark, mark_len))) {
		const char *version = at + mark_len, *dot, *stop;
		const char *last = memchr(version, '\0', (size_t)(end - version));

		at = version;
		if (!last || !memmem(version, (size_t)(last - version), " [", 2))
			continue;
		for (dot = version; isdigit((unsigned char)*dot); dot++)
			;
		if (dot == version || *dot != '.')
			continue;
		for (stop = dot + 1; isdigit((unsigned char)*stop); stop++)
			;
		if (stop > dot + 1 && stop - version < 16)
			return strndup(version, (size_t)(stop - version));
	}
	return NULL;
}

static char *read_version(pid_t pid)
{
	char path[PROC_NAME_MAX], *image, *version;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (file_read(-1, path, FILE_BYTES_MAX, &image, &len, NULL) < 0)
		return NULL;
	version = openvpn_find_version(image, len);
	free(image);
	return version;
}

/* Whether two processes see the same files, their roots aside. */
static bool same_mounts(pid_t a, pid_t b)
{
	char path[PROC_NAME_MAX];
	struct stat x, y;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", a);
	if (stat(path, &x) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", b);
	return stat(path, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int read_below(pid_t pid, const char *path, char **ret_text, size_t *ret_len)
{
	int root = file_open_root(pid), r;

	if (root < 0)
		return root;
	r = file_read(root, path, CONFIG_BYTES_MAX, ret_text, ret_len, NULL);
	close(root);
	return r;
}

/* After a chroot the files it began with lie outside: whoever started it sees them, or we do, or
 * the first process. */
static int read_absolute(pid_t pid, const char *path, char **ret_text, size_t *ret_len)
{
	const pid_t others[] = { process_parent(pid), getpid(), 1 };
	int r = read_below(pid, path, ret_text, ret_len);

	for (size_t i = 0; r < 0 && i < COUNT(others); i++) {
		if (others[i] > 0 && same_mounts(pid, others[i]))
			r = read_below(others[i], path, ret_text, ret_len);
	}
	return r;
}

static int read_config(void *userdata, const char *cd, const char *path, char **ret_text,
		       size_t *ret_len)
{
	const struct place *place = userdata;
	char full[3 * PROCESS_PATH_MAX];
	int r = -ENOENT;

	if (*path == '/')
		return read_absolute(place->pid, path, ret_text, ret_len);
	if (cd && *cd == '/') {
		snprintf(full, sizeof(full), "%s/%s", cd, path);
		return read_absolute(place->pid, full, ret_text, ret_len);
	}
	for (size_t i = 0; r < 0 && i < COUNT(place->folders); i++) {
		if (!place->folders[i][0])
			continue;
		snprintf(full, sizeof(full), "%s/%s/%s", place->folders[i], cd ? cd : "", path);
		r = read_absolute(place->pid, full, ret_text, ret_len);
	}
	return r;
}

int openvpn_process_read(pid_t pid, struct openvpn_process *ret_process)
{
	struct place place = { .pid = pid };
	struct openvpn_config config;
	char *arguments, *version;
	size_t len;
	int r = process_arguments(pid, &arguments, &len);

	if (r < 0)
		return r;
	if (process_folder(pid, place.folders[0]) < 0)
		place.folders[0][0] = '\0';
	if (process_shell_folder(pid, place.folders[1]) < 0)
		place.folders[1][0] = '\0';
	r = openvpn_config_parse(arguments, len, read_config, &place, &config);
	file_wipe(arguments, len);
	if (r < 0)
		return r;
	version = read_version(pid);
	r = openvpn_config_conclude(&config, version, &ret_process->facts);
	if (r == 0) {
		ret_process->status_file = config.status_file;
		ret_process->device = config.dev;
		config.status_file = config.dev = NULL;
	}
	free(version);
	openvpn_config_done(&config);
	return r;
}

void openvpn_process_done(struct openvpn_process *process)
{
	record_done(&facts_openvpn_shape, &process->facts);
	free(process->status_file);
	free(process->device);
	*process = (struct openvpn_process){ 0 };
}

/* The link of a descriptor is the file's whole path; the directive may be relative. */
static bool names_file(const char *link, const char *file)
{
	const size_t link_len = strlen(link);
	size_t len;

	while (file[0] == '.' && file[1] == '/')
		file += 2;
	len = strlen(file);
	if (len == 0 || len > link_len || strcmp(link + link_len - len, file) != 0)
		return false;
	return *file == '/' || len == link_len || link[link_len - len - 1] == '/';
}

int openvpn_process_status(pid_t pid, const char *status_file, char path[OPENVPN_STATUS_PATH_MAX])
{
	char folder[PROC_NAME_MAX], link[PROCESS_PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	DIR *descriptors;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", pid);
	descriptors = opendir(folder);
	if (!descriptors)
		return -ENOENT;
	while (!found && (entry = readdir(descriptors))) {
		ssize_t len = readlinkat(dirfd(descriptors), entry->d_name, link,
					 sizeof(link) - 1);

		if (len <= 0 || entry->d_name[0] == '.')
			continue;
		link[len] = '\0';
		found = names_file(link, status_file);
		if (found)
			snprintf(path, OPENVPN_STATUS_PATH_MAX, "/proc/%d/fd/%.10s", pid,
				 entry->d_name);
	}
	closedir(descriptors);
	return found ? 0 : -ENOENT;
}
