/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/restart/kept.h"

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
#include "base/patience.h"
#include "base/text.h"
#include "edge/queue/queue_kept.h"
#include "edge/queue/queue_setup.h"

#define NAME_PREFIX "queue-"
#define QUEUE_NAME_MAX sizeof(NAME_PREFIX "65535")
#define BARRIER_TRIES 2 /* of PATIENCE_PASS_MS each: well below WatchdogSec= of the unit */
#define CLOSE_MS 500    /* systemd closes what it was told to remove beside its other work */

struct kept {
	bool lent;
	int listening; /* -1: none */
	size_t count, capacity;
	struct kept_queue {
		uint16_t number;
		int fd;    /* -1: given away */
	} *queues;
};

struct kept *kept_new(bool lent)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (kept)
		*kept = (struct kept){ .lent = lent, .listening = -1 };
	return kept;
}

bool kept_is_lent(const struct kept *kept)
{
	return kept->lent;
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

void kept_forget(uint16_t number)
{
	char name[QUEUE_NAME_MAX];

	forget(name_of(number, name));
}

/* A queue is free only once the last copy of its socket is closed, which may be behind the answer
 * to the barrier (asynchronous_close in systemd's src/core/service.c). */
int kept_wait_forgotten(const uint16_t *numbers, size_t count)
{
	int r = -ETIMEDOUT;

	for (int i = 0; i < BARRIER_TRIES && r == -ETIMEDOUT; i++) {
		r = patience_pass();
		if (r < 0)
			return r;
		r = sd_notify_barrier(0, PATIENCE_PASS_MS * 1000ull);
	}
	if (r < 0)
		log_error(r, "systemd does not say that it has let go of the sockets of %zu "
			     "queue%s", count, text_plural(count));
	if (r != 0) /* else there is no systemd */
		queue_wait_free(numbers, count, CLOSE_MS);
	return 0;
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
	struct kept *kept = kept_new(false);
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
	kept_free(kept, "there is no memory to go on with it");
	return NULL;
}

bool kept_has_queues(const struct kept *kept)
{
	return kept->count > 0;
}

/* The first socket of that queue, or NULL. */
static struct kept_queue *find(const struct kept *kept, uint16_t number)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (kept->queues[i].fd >= 0 && kept->queues[i].number == number)
			return &kept->queues[i];
	}
	return NULL;
}

bool kept_has_queue(const struct kept *kept, uint16_t number)
{
	return find(kept, number) != NULL;
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

/* What is said of a socket that was lent. Returns r. */
static int refuse_lent(uint16_t number, int r)
{
	const char *remedy = "try again, or stop the running one first";

	if (r == -EXDEV)
		remedy = "start this one where that one runs";
	else if (r == -ESTALE) /* as the queue of elsewhere looks, too, before Linux 5.14 */
		remedy = "start this one in the network namespace of that one; where it is in "
			 "that, stop that one and start this one as usual";
	else if (r == -EPROTOTYPE)
		remedy = "stop that one and start this one as usual";
	log_print(LOG_ERR, "takeover: the socket of queue %u cannot be taken over: %s; the running "
			   "mssclampd goes on as it was: %s", number, queue_kept_obstacle(r),
		  remedy);
	return r;
}

int kept_check(const struct kept *kept)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < kept->count; i++) {
		const struct kept_queue *queue = &kept->queues[i];

		r = queue->fd >= 0 ? queue_kept_check(queue->fd, queue->number) : 0;
		if (r < 0)
			refuse_lent(queue->number, r);
	}
	return r;
}

/* It went from one of these places, which is free again. */
static void put_back(struct kept *kept, uint16_t number, int fd)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (kept->queues[i].fd < 0 && kept->queues[i].number == number) {
			kept->queues[i].fd = fd;
			return;
		}
	}
}

int kept_give_up(struct kept *kept, uint16_t number, int fd)
{
	if (kept->lent) {
		put_back(kept, number, fd);
		return refuse_lent(number, -EBUSY);
	}
	(void)queue_send_let_pass(fd, number); /* in case it is one after all */
	close(fd);
	kept_forget(number);
	return 1;
}

/* Gives the first of that queue away, or -1. */
static int take_first(struct kept *kept, uint16_t number)
{
	struct kept_queue *queue = find(kept, number);
	int fd = queue ? queue->fd : -1;

	if (queue)
		queue->fd = -1;
	return fd;
}

int kept_take_queue(struct kept *kept, uint16_t number, int *ret_fd)
{
	int found = take_first(kept, number), r = 0, given_up = 0, fd;

	while (found >= 0 && (r = queue_kept_check(found, number)) < 0) {
		if (kept->lent) {
			put_back(kept, number, found);
			return refuse_lent(number, r);
		}
		log_warning("queue %u: a socket that was kept is unusable: %s", number,
			    queue_kept_obstacle(r));
		given_up = kept_give_up(kept, number, found);
		found = take_first(kept, number);
	}
	while (found >= 0 && (fd = take_first(kept, number)) >= 0) {
		log_warning("queue %u: a socket that was kept is unusable: there is another",
			    number);
		close(fd);
	}
	*ret_fd = found;
	return given_up;
}

/* Returns 0 or why that cannot be said to it. */
static int let_pass(const struct kept_queue *queue)
{
	int r = queue_kept_check(queue->fd, queue->number);
	int passed = r == -EPROTOTYPE ? r : queue_send_let_pass(queue->fd, queue->number);

	return r < 0 ? r : passed;
}

void kept_let_pass(const struct kept *kept)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (kept->queues[i].fd >= 0)
			(void)let_pass(&kept->queues[i]);
	}
}

void kept_give_back(struct kept *kept)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (kept->queues[i].fd >= 0)
			close(kept->queues[i].fd);
	}
	kept->count = 0;
}

static void let_go(struct kept_queue *queue, const char *why)
{
	int r = let_pass(queue);

	log_notice("queue %u: was served by the process before and %s; %s", queue->number, why,
		   r == 0 ? "what waited there passes unclamped" : queue_kept_obstacle(r));
	drop(queue);
}

void kept_free(struct kept *kept, const char *why)
{
	if (!kept)
		return;
	for (size_t i = 0; i < kept->count; i++) {
		if (kept->queues[i].fd >= 0)
			let_go(&kept->queues[i], why);
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
