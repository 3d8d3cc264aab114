/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/holder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROC_NAME_MAX 64
#define FDINFO_MAX 1024
#define TUN_DEVICE "/net/tun" /* /dev/net/tun, whatever its /dev is called from here */

/* The device that a descriptor of /dev/net/tun is attached to. */
static bool read_ifname(pid_t pid, int fd, char ifname[IF_NAMESIZE])
{
	char name[PROC_NAME_MAX], text[FDINFO_MAX];
	const char *line;
	ssize_t len;
	size_t end;
	int info;

	snprintf(name, sizeof(name), "/proc/%d/fdinfo/%d", pid, fd);
	info = open(name, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return false;
	len = read(info, text, sizeof(text) - 1);
	close(info);
	if (len <= 0)
		return false;
	text[len] = '\0';
	line = strstr(text, "\niff:\t");
	if (!line)
		return false;
	line += strlen("\niff:\t");
	end = strcspn(line, "\n");
	if (end == 0 || end >= IF_NAMESIZE)
		return false;
	memcpy(ifname, line, end);
	ifname[end] = '\0';
	return true;
}

static bool is_tun(int folder, const char *fd)
{
	const size_t tail = strlen(TUN_DEVICE);
	char target[PROC_NAME_MAX];
	ssize_t len = readlinkat(folder, fd, target, sizeof(target));

	return len >= (ssize_t)tail && len < (ssize_t)sizeof(target) &&
	       memcmp(target + len - tail, TUN_DEVICE, tail) == 0;
}

bool holder_holds(const struct holder *holder)
{
	char ifname[IF_NAMESIZE];

	if (holder->fd < 0)
		return process_lives(&holder->process);
	return process_lives(&holder->process) &&
	       read_ifname(holder->process.pid, holder->fd, ifname) &&
	       strcmp(ifname, holder->ifname) == 0;
}

/* A process that ends while it is looked at has nothing. */
static int search_process(pid_t pid, int (*found)(void *userdata, const struct holder *holder),
			  void *userdata)
{
	struct holder holder = { .fd = -1 };
	char name[PROC_NAME_MAX], program[PROCESS_NAME_MAX];
	const struct dirent *entry;
	bool any = false;
	DIR *folder;
	int r = 0;

	snprintf(name, sizeof(name), "/proc/%d/fd", pid);
	folder = opendir(name);
	if (!folder)
		return 0;
	while (r == 0 && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.' || !is_tun(dirfd(folder), entry->d_name))
			continue;
		holder.fd = (int)strtol(entry->d_name, NULL, 10);
		if (!read_ifname(pid, holder.fd, holder.ifname) ||
		    process_find(pid, &holder.process) < 0)
			continue;
		any = true;
		r = found(userdata, &holder);
	}
	closedir(folder);
	if (any || process_name(pid, program) < 0 || strncmp(program, "openvpn", 7) != 0 ||
	    process_find(pid, &holder.process) < 0)
		return r;
	holder.fd = -1;
	holder.ifname[0] = '\0';
	return found(userdata, &holder);
}

int holder_search(const struct netns *netns,
		  int (*found)(void *userdata, const struct holder *holder), void *userdata)
{
	struct process_walk *walk;
	struct netns own;
	pid_t pid;
	int r = 0;

	if (netns->inode == 0)
		return 0;
	walk = process_walk_new();
	if (!walk)
		return -ENOMEM;
	while (r == 0 && (pid = process_walk_next(walk)) > 0) {
		if (process_netns(pid, &own) == 0 && own.device == netns->device &&
		    own.inode == netns->inode)
			r = search_process(pid, found, userdata);
	}
	process_walk_free(walk);
	return r;
}
