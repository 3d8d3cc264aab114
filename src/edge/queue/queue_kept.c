/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/queue/queue_kept.h"

#include <endian.h>
#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "base/log.h"
#include "edge/namespace.h"
#include "edge/queue/queue_answer.h"
#include "edge/queue/queue_msg.h"
#include "edge/queue/queue_proc.h"
#include "edge/queue/queue_setup.h"

#define PEEK_MAX 256 /* bytes of a message that tell which packet it has */

static int get_option(int fd, int option)
{
	socklen_t len = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) < 0 ? -1 : value;
}

/* Kernels that cannot be asked leave it to the look at the owner. */
static bool is_elsewhere(int fd)
{
	uint64_t there = namespace_cookie_of(fd), here = namespace_cookie();

	return there && here && there != here;
}

int queue_kept_check(int fd, uint16_t number)
{
	struct sockaddr_nl address = { 0 };
	socklen_t len = sizeof(address);
	struct queue_proc proc;
	int r;

	if (get_option(fd, SO_DOMAIN) != AF_NETLINK ||
	    get_option(fd, SO_PROTOCOL) != NETLINK_NETFILTER)
		return -EPROTOTYPE;
	if (is_elsewhere(fd))
		return -EXDEV;
	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return -errno;
	r = queue_read_proc(number, &proc);
	if (r == -ENOENT || (r == 0 && proc.portid != address.nl_pid))
		return -ESTALE;
	return r;
}

const char *queue_kept_obstacle(int r)
{
	switch (r) {
	case -EPROTOTYPE:
		return "it is no netfilter socket";
	case -EXDEV:
		return "it belongs to another network namespace";
	case -ESTALE:
		return "it does not own the queue any more";
	default:
		return "the kernel cannot be asked about it";
	}
}

/* Steps over answers of the kernel that nobody waits for any more, up to the first packet. Returns
 * 1 with its id, 0 where none waits, or -errno. */
static int find_first_packet(int fd, uint32_t *ret_id)
{
	uint8_t bytes[PEEK_MAX];
	struct queue_packet packet;
	struct queue_error error;
	size_t used;
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT)) >= 0) {
		if (queue_msg_parse(bytes, (size_t)n, false, &packet, &error, &used) ==
		    QUEUE_MSG_PACKET) {
			*ret_id = be32toh(packet.id_be);
			return 1;
		}
		if (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) < 0)
			break;
	}
	return errno == EAGAIN ? 0 : -errno;
}

static uint32_t less(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

/* What is missing behind the verdict has passed, and what came meanwhile may hide some of it: not
 * all of that need have found room. Nor need all ids behind the last one be of packets that
 * wait. */
uint32_t queue_kept_swept(const struct queue_proc *before, const struct queue_proc *after,
			  uint32_t last_id, bool *ret_exact)
{
	uint32_t came = after->id_sequence - before->id_sequence;
	uint32_t missing = less(before->depth, after->depth);
	uint32_t read = less(before->depth, before->id_sequence - last_id);
	uint32_t least = missing > read ? missing : read;
	uint32_t most = less(before->depth + came, after->depth);

	*ret_exact = most <= least;
	return least;
}

/* The settings take the queue's lock, so whoever got an id before them is in the socket behind
 * them: where no packet waits there then, all ids so far were read. */
static int sweep(int fd, const struct queue_config *config, uint32_t id_before,
		 struct queue_kept *kept)
{
	struct queue_proc before, after;
	uint32_t first = 0;
	int r = find_first_packet(fd, &first);

	if (r < 0)
		return r;
	kept->last_id = r == 1 ? first - 1 : id_before;
	r = queue_read_proc(config->number, &before);
	if (r < 0 || before.depth == 0)
		return r;
	r = queue_send_accept(fd, config->number, kept->last_id);
	if (r == 0)
		r = queue_read_proc(config->number, &after);
	if (r == 0)
		kept->swept = queue_kept_swept(&before, &after, kept->last_id,
					       &kept->swept_exact);
	return r;
}

int queue_kept_adopt(int fd, const struct queue_config *config, struct queue_kept *ret_kept)
{
	struct queue_kept kept = { 0 };
	struct queue_proc before;
	int r = queue_set_options(fd);

	if (r == 0)
		r = queue_set_receive_buffer(fd, config->max_packets, &kept.receive_buffer);
	if (r == 0)
		r = queue_read_proc(config->number, &before);
	if (r == 0)
		r = queue_send_settings(fd, config->number, QUEUE_SEQUENCE_RESIZE,
					queue_length(config->max_packets));
	if (r == 0)
		r = sweep(fd, config, before.id_sequence, &kept);
	if (r < 0)
		return log_error(r, "queue %u: cannot go on with the socket that was kept",
				 config->number);
	if (kept.swept > 0)
		log_notice("queue %u: %s%u SYNs that the process before had read and not answered "
			   "pass as they came, or as the kernel clamps them (fallback)",
			   config->number, kept.swept_exact ? "" : "at least ", kept.swept);
	*ret_kept = kept;
	return 0;
}
