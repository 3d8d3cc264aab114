/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc tells of queues and of the sockets that own them. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edge/queue.h"
#include "edge/queue_setup.h"

#define PROC_QUEUES "/proc/net/netfilter/nfnetlink_queue"
#define PROC_NETLINK "/proc/net/netlink"

/* Columns: queue, portid, depth, copy mode, copy range, queue dropped, user dropped, id sequence, 1
 * (net/netfilter/nfnetlink_queue.c seq_show). */
int queue_read_proc(uint16_t number, struct queue_proc *ret_proc)
{
	uint32_t queue, portid, depth, full, slow, sequence;
	FILE *file = fopen(PROC_QUEUES, "re");
	char line[256];
	int r = -ENOENT;

	if (!file)
		return -errno;
	while (r == -ENOENT && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32 " %*u %*u %" SCNu32 " %" SCNu32
				 " %" SCNu32,
			   &queue, &portid, &depth, &full, &slow, &sequence) != 6 ||
		    queue != number)
			continue;
		*ret_proc = (struct queue_proc){
			.portid = portid,
			.depth = depth,
			.dropped = full + slow,
			.id_sequence = sequence,
		};
		r = 0;
	}
	fclose(file);
	return r;
}

/* Columns: sk, protocol, portid, groups, rmem, wmem, dump, locks, drops, inode. 0: not found. */
static unsigned long find_inode(uint32_t wanted)
{
	FILE *file = fopen(PROC_NETLINK, "re");
	unsigned long inode, found = 0;
	uint32_t protocol, portid;
	char line[256];

	if (!file)
		return 0;
	while (found == 0 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*s %" SCNu32 " %" SCNu32 " %*x %*d %*d %*d %*d %*d %lu",
			   &protocol, &portid, &inode) == 3 &&
		    protocol == NETLINK_NETFILTER && portid == wanted)
			found = inode;
	}
	fclose(file);
	return found;
}

static bool has_socket(const char *pid, unsigned long inode)
{
	char path[32], link[64], wanted[64];
	struct dirent *entry;
	bool found = false;
	DIR *fds;

	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	snprintf(path, sizeof(path), "/proc/%.10s/fd", pid);
	fds = opendir(path);
	while (fds && !found && (entry = readdir(fds))) {
		ssize_t n = readlinkat(dirfd(fds), entry->d_name, link, sizeof(link) - 1);

		link[n > 0 ? n : 0] = '\0';
		found = strcmp(link, wanted) == 0;
	}
	if (fds)
		closedir(fds);
	return found;
}

/* 0 when no process is found: hidden from us, or gone. */
static int find_process(unsigned long inode)
{
	struct dirent *entry;
	DIR *processes;
	int pid = 0;

	processes = opendir("/proc");
	while (processes && pid == 0 && (entry = readdir(processes))) {
		if (isdigit((unsigned char)entry->d_name[0]) && has_socket(entry->d_name, inode))
			pid = atoi(entry->d_name);
	}
	if (processes)
		closedir(processes);
	return pid;
}

const char *queue_owner(uint32_t portid, char text[QUEUE_OWNER_MAX])
{
	unsigned long inode = find_inode(portid);
	int pid = inode ? find_process(inode) : 0;
	char path[64], name[32] = "?";
	FILE *file;

	if (pid == 0) {
		snprintf(text, QUEUE_OWNER_MAX, "netlink portid %u", portid);
		return text;
	}
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file && fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	snprintf(text, QUEUE_OWNER_MAX, "process %d (%s)", pid, name);
	return text;
}
