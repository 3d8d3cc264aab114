/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts/file.h"

#define PROC_NAME_MAX 64
#define SMALL_MAX 4096          /* bytes of stat and status */
#define ARGUMENTS_MAX 65536     /* bytes of a command line; the rest is not looked at */
#define ENVIRONMENT_MAX 131072
#define NAME_FIELD 2            /* of /proc/PID/stat, counted from 1 */
#define PARENT_FIELD 4
#define STARTED_FIELD 22

static char *proc_name(char name[PROC_NAME_MAX], pid_t pid, const char *what)
{
	snprintf(name, PROC_NAME_MAX, "/proc/%d/%s", pid, what);
	return name;
}

static int read_small(pid_t pid, const char *what, char text[SMALL_MAX])
{
	char name[PROC_NAME_MAX];
	ssize_t len;
	int fd = open(proc_name(name, pid, what), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	len = read(fd, text, SMALL_MAX - 1);
	close(fd);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	return 0;
}

/* A number of /proc/PID/stat behind the name, which stands in parentheses and may hold anything. */
static int read_field(pid_t pid, int wanted, uint64_t *ret_value)
{
	char text[SMALL_MAX], *at;
	int r = read_small(pid, "stat", text);

	if (r < 0)
		return r;
	at = strrchr(text, ')');
	for (int field = NAME_FIELD; at && field < wanted; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return -EBADMSG;
	*ret_value = strtoull(at + 1, NULL, 10);
	return 0;
}

int process_find(pid_t pid, struct process *ret_process)
{
	uint64_t started;
	int r = read_field(pid, STARTED_FIELD, &started);

	if (r == 0)
		*ret_process = (struct process){ .pid = pid, .started = started };
	return r;
}

pid_t process_parent(pid_t pid)
{
	uint64_t parent;

	return read_field(pid, PARENT_FIELD, &parent) == 0 ? (pid_t)parent : 0;
}

bool process_lives(const struct process *process)
{
	struct process now;

	return process_find(process->pid, &now) == 0 && now.started == process->started;
}

int process_netns(pid_t pid, struct netns *ret_netns)
{
	char name[PROC_NAME_MAX];
	struct stat found;

	if (stat(proc_name(name, pid, "ns/net"), &found) < 0)
		return -errno;
	*ret_netns = (struct netns){ found.st_dev, found.st_ino };
	return 0;
}

int process_uid(pid_t pid, uid_t *ret_uid)
{
	char text[SMALL_MAX];
	unsigned int real, effective;
	const char *line;
	int r = read_small(pid, "status", text);

	if (r < 0)
		return r;
	line = strstr(text, "\nUid:");
	if (!line || sscanf(line, "\nUid: %u %u", &real, &effective) != 2)
		return -EBADMSG;
	*ret_uid = effective;
	return 0;
}

int process_name(pid_t pid, char name[PROCESS_NAME_MAX])
{
	char link[PROC_NAME_MAX], path[PROCESS_PATH_MAX], *base;
	ssize_t len = readlink(proc_name(link, pid, "exe"), path, sizeof(path) - 1);
	int r;

	if (len > 0) {
		path[len] = '\0';
		base = strrchr(path, '/');
		base = base ? base + 1 : path;
		/* the file was replaced by an upgrade */
		len = (ssize_t)strlen(base);
		if (len > 10 && strcmp(base + len - 10, " (deleted)") == 0)
			base[len - 10] = '\0';
	} else {
		r = read_small(pid, "comm", path);
		if (r < 0)
			return r;
		path[strcspn(path, "\n")] = '\0';
		base = path;
	}
	snprintf(name, PROCESS_NAME_MAX, "%.*s", PROCESS_NAME_MAX - 1, base);
	return 0;
}

int process_arguments(pid_t pid, char **ret_text, size_t *ret_len)
{
	char name[PROC_NAME_MAX];

	return file_read_proc(proc_name(name, pid, "cmdline"), ARGUMENTS_MAX, ret_text, ret_len);
}

int process_shell_folder(pid_t pid, char path[PROCESS_PATH_MAX])
{
	char name[PROC_NAME_MAX], *text;
	size_t len, at = 0;
	int r = file_read_proc(proc_name(name, pid, "environ"), ENVIRONMENT_MAX, &text, &len);

	if (r < 0)
		return r;
	text[len] = '\0';
	while (at < len && strncmp(text + at, "PWD=/", 5) != 0)
		at += strlen(text + at) + 1;
	if (at < len && strlen(text + at + 4) < PROCESS_PATH_MAX)
		strcpy(path, text + at + 4);
	else
		r = -ENOENT;
	file_wipe(text, len);
	return r;
}

int process_folder(pid_t pid, char path[PROCESS_PATH_MAX])
{
	char link[PROC_NAME_MAX];
	ssize_t len = readlink(proc_name(link, pid, "cwd"), path, PROCESS_PATH_MAX - 1);

	if (len < 0)
		return -errno;
	path[len] = '\0';
	return 0;
}

struct process_walk {
	DIR *proc;
};

struct process_walk *process_walk_new(void)
{
	struct process_walk *walk = calloc(1, sizeof(*walk));

	if (walk)
		walk->proc = opendir("/proc");
	if (!walk || !walk->proc) {
		free(walk);
		return NULL;
	}
	return walk;
}

pid_t process_walk_next(struct process_walk *walk)
{
	const struct dirent *entry;

	while ((entry = readdir(walk->proc))) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			return (pid_t)strtol(entry->d_name, NULL, 10);
	}
	return 0;
}

void process_walk_free(struct process_walk *walk)
{
	if (walk)
		closedir(walk->proc);
	free(walk);
}
