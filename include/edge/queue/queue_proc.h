/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc tells of the queues of this network namespace, and of the processes that own them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Readable for root and for the group it has: root's, until it is given to another. */
#define QUEUE_PROC_FILE "/proc/net/netfilter/nfnetlink_queue"

/* What it says of a queue. */
struct queue_proc {
	uint32_t portid;       /* of the socket that owns it */
	uint32_t depth;        /* packets waiting */
	uint32_t dropped;      /* queue full and user space slow, together */
	uint32_t id_sequence;  /* ids given so far, modulo 2^32 */
};
/* Returns 0, -ENOENT (no such queue) or -errno. */
int queue_read_proc(uint16_t number, struct queue_proc *ret_proc);

/* Returns once nobody owns any of these queues, as far as /proc tells, or when so much time has
 * passed. */
void queue_wait_free(const uint16_t *numbers, size_t count, unsigned int most_ms);

#define QUEUE_OWNER_MAX 96

/* Who owns the netlink socket with this portid, for people: "process 123 (suricata)", or
 * "netlink portid 123" where /proc does not tell. Returns text. */
const char *queue_owner(uint32_t portid, char text[QUEUE_OWNER_MAX]);

/* Looks for a queue of this network namespace that is owned by another process of that name: at
 * most 15 bytes, as in /proc/PID/comm. A socket that others hold too (systemd keeps ours over a
 * restart) counts for each of its holders. Needs to see the descriptors of that process: root does.
 * Returns 1 with a queue and the process, 0 where there is none, or -errno: -EACCES, there are
 * queues and a process of that name may not be looked into. */
int queue_find_process(const char *comm, uint16_t *ret_queue, int *ret_pid);
