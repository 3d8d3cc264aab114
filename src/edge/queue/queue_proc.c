/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/queue/queue_proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define PROC_NETLINK "/proc/net/netlink"
#define LOOK_MS 5 /* between two looks at who owns a queue */
#define COMM_MAX 32 /* bytes: a name has up to 15, then newline and NUL */

/* Columns: queue, portid, depth, copy mode, copy range, queue dropped, user dropped, id sequence, 1
 * (net/netfilter/nfnetlink_queue.c seq_show). */
int queue_read_proc(uint16_t number, struct queue_proc *ret_proc)
{
	uint32_t queue, portid, depth, full, slow, sequence;
	FILE *file = fopen(QUEUE_PROC_FILE, "re");
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

/* How many of the queues, from the first on, are free before one that is not, or may not be. */
static size_t count_free(const uint16_t *numbers, size_t count)
{
	struct queue_proc owner;
	size_t free = 0;

	while (free < count && queue_read_proc(numbers[free], &owner) == -ENOENT)
		free++;
	return free;
}

void queue_wait_free(const uint16_t *numbers, size_t count, unsigned int most_ms)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * NS_PER_MS };
	const uint64_t end_ns = clock_monotonic_ns() + most_ms * NS_PER_MS;
	bool is_last = false; /* look: it comes behind the end, however long we did not run */
	size_t free = 0;

	while ((free += count_free(numbers + free, count - free)) < count && !is_last) {
		nanosleep(&pause, NULL);
		is_last = clock_monotonic_ns() >= end_ns;
	}
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

/* Whether the process has that socket open. Returns 1, 0, or -EACCES where that is not ours to
 * see. */
static int has_socket(const char *pid, unsigned long inode)
{
	char path[32], link[64], wanted[64];
	struct dirent *entry;
	DIR *fds;
	int r = 0;

	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	snprintf(path, sizeof(path), "/proc/%.10s/fd", pid);
	fds = opendir(path);
	if (!fds)
		return errno == EACCES ? -EACCES : 0; /* else it has ended */
	while (r == 0 && (entry = readdir(fds))) {
		ssize_t n = readlinkat(dirfd(fds), entry->d_name, link, sizeof(link) - 1);

		if (n < 0 && errno == EACCES)
			r = -EACCES;
		link[n > 0 ? n : 0] = '\0';
		if (strcmp(link, wanted) == 0)
			r = 1;
	}
	closedir(fds);
	return r;
}

static void read_comm(const char *pid, char name[COMM_MAX])
{
	char path[32];
	FILE *file;

	snprintf(name, COMM_MAX, "?");
	snprintf(path, sizeof(path), "/proc/%.10s/comm", pid);
	file = fopen(path, "re");
	if (file && fgets(name, COMM_MAX, file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
}

/* The process that has a socket open, of all (comm NULL) or of those with that name. Returns 1 with
 * its id, 0 where none is found, or -EACCES where one of that name hides its descriptors. */
static int find_process(unsigned long inode, const char *comm, int *ret_pid)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	char name[COMM_MAX];
	int r = 0;

	while (processes && r != 1 && (entry = readdir(processes))) {
		int has;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (comm) {
			read_comm(entry->d_name, name);
			if (strcmp(name, comm) != 0 || atoi(entry->d_name) == getpid())
				continue;
		}
		has = has_socket(entry->d_name, inode);
		if (has == 1)
			*ret_pid = atoi(entry->d_name);
		if (has)
			r = has;
	}
	if (processes)
		closedir(processes);
	return r;
}

/* Of several the one that serves the queue, not the service manager that keeps its socket. */
const char *queue_owner(uint32_t portid, char text[QUEUE_OWNER_MAX])
{
	unsigned long inode = find_inode(portid);
	char name[COMM_MAX], number[16];
	int pid;

	if (!inode || (find_process(inode, "mssclampd", &pid) != 1 &&
		       find_process(inode, NULL, &pid) != 1)) {
		snprintf(text, QUEUE_OWNER_MAX, "netlink portid %u", portid);
		return text;
	}
	snprintf(number, sizeof(number), "%d", pid);
	read_comm(number, name);
	snprintf(text, QUEUE_OWNER_MAX, "%sprocess %d (%s)",
		 pid == 1 ? "a service, whose sockets are kept by " : "", pid, name);
	return text;
}

int queue_find_process(const char *comm, uint16_t *ret_queue, int *ret_pid)
{
	FILE *file = fopen(QUEUE_PROC_FILE, "re");
	uint32_t queue, portid;
	char line[256];
	int r = 0;

	if (!file)
		return errno == ENOENT ? 0 : -errno; /* no queue ever was */
	while (r == 0 && fgets(line, sizeof(line), file)) {
		unsigned long inode;

		if (sscanf(line, "%" SCNu32 " %" SCNu32, &queue, &portid) != 2)
			continue;
		inode = find_inode(portid);
		if (inode)
			r = find_process(inode, comm, ret_pid);
		if (r == 1)
			*ret_queue = (uint16_t)queue;
	}
	fclose(file);
	return r;
}
