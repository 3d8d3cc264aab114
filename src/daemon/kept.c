/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/kept.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "edge/queue_kept.h"

#define NAME_PREFIX "queue-"
#define QUEUE_NAME_MAX sizeof(NAME_PREFIX "65535")

struct kept {
	int listening; /* -1: none */
	size_t count, capacity;
	struct kept_queue {
		uint16_t number;
		int fd;    /* -1: given away */
	} *queues;
};

struct kept *kept_new(void)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (kept)
		kept->listening = -1;
	return kept;
}

int kept_add(struct kept *kept, int number, int fd)
{
	if (number == KEPT_LISTENING) {
		kept->listening = fd;
		return 0;
	}
	if (array_reserve((void **)&kept->queues, &kept->capacity, kept->count + 1,
			  sizeof(*kept->queues)) < 0) {
		close(fd);
		return -ENOMEM;
	}
	kept->queues[kept->count++] = (struct kept_queue){ (uint16_t)number, fd };
	return 0;
}

/* The number in "queue-5000", or -1. */
static int queue_of_name(const char *name)
{
	int number, end = 0;

	if (sscanf(name, NAME_PREFIX "%5d%n", &number, &end) != 1 || name[end] != '\0' ||
	    number < 0 || number > UINT16_MAX)
		return -1;
	return number;
}

static const char *name_of(uint16_t number, char name[QUEUE_NAME_MAX])
{
	snprintf(name, QUEUE_NAME_MAX, NAME_PREFIX "%u", number);
	return name;
}

static void forget(const char *name)
{
	sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}

/* Its name does not matter for a listening socket: a socket unit of somebody's own may call it
 * something else. */
static int receive_one(struct kept *kept, int fd, const char *name)
{
	int number = queue_of_name(name);

	if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) > 0 && kept->listening < 0)
		return kept_add(kept, KEPT_LISTENING, fd);
	if (number >= 0)
		return kept_add(kept, number, fd);
	log_warning("systemd passed descriptor %d (%s), for which mssclampd has no use", fd, name);
	close(fd);
	forget(name);
	return 0;
}

struct kept *kept_receive(void)
{
	struct kept *kept = kept_new();
	char **names = NULL;
	int count, r = 0;

	if (!kept)
		return NULL;
	count = sd_listen_fds_with_names(1, &names);
	if (count < 0)
		log_error(count, "cannot tell what systemd has passed");
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = receive_one(kept, SD_LISTEN_FDS_START + i, names[i]);
		free(names[i]);
	}
	free(names);
	if (r == 0)
		return kept;
	kept_free(kept);
	return NULL;
}

bool kept_has_queues(const struct kept *kept)
{
	return kept->count > 0;
}

int kept_take_listening(struct kept *kept)
{
	int fd = kept->listening;

	kept->listening = -1;
	return fd;
}

/* Closes the socket and has systemd forget it. */
static void drop(struct kept_queue *queue)
{
	char name[QUEUE_NAME_MAX];

	close(queue->fd);
	queue->fd = -1;
	forget(name_of(queue->number, name));
}

int kept_take_queue(struct kept *kept, uint16_t number)
{
	int found = -1, r;

	for (size_t i = 0; i < kept->count; i++) {
		struct kept_queue *queue = &kept->queues[i];

		if (queue->fd < 0 || queue->number != number)
			continue;
		r = found >= 0 ? -EEXIST : queue_kept_check(queue->fd, number);
		if (r < 0) {
			log_warning("queue %u: a socket that was kept is of no use: %s", number,
				    found >= 0 ? "there is another" : queue_kept_obstacle(r));
			close(queue->fd);
		} else {
			found = queue->fd;
		}
		queue->fd = -1;
	}
	return found;
}

static void let_go(struct kept_queue *queue)
{
	int r = queue_kept_check(queue->fd, queue->number);

	if (r == 0)
		r = queue_kept_let_pass(queue->fd, queue->number);
	log_notice("queue %u: was served by the process before and is not configured any more; %s",
		   queue->number,
		   r == 0 ? "what waited there passes unclamped" : queue_kept_obstacle(r));
	drop(queue);
}

void kept_free(struct kept *kept)
{
	if (!kept)
		return;
	for (size_t i = 0; i < kept->count; i++) {
		if (kept->queues[i].fd >= 0)
			let_go(&kept->queues[i]);
	}
	if (kept->listening >= 0)
		close(kept->listening);
	free(kept->queues);
	free(kept);
}

void kept_store(uint16_t number, int fd)
{
	char name[QUEUE_NAME_MAX], state[64];
	int r;

	forget(name_of(number, name));
	/* FDPOLL: not to be closed for an error on it, which is what a queue that overflows says */
	snprintf(state, sizeof(state), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	r = sd_pid_notify_with_fds(0, 0, state, &fd, 1);
	if (r < 0)
		log_error(r, "queue %u: systemd cannot be asked to keep its socket", number);
}
