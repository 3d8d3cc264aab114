/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/queue/queue_setup.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "edge/queue/queue_answer.h"
#include "edge/queue/queue_msg.h"

#define SEQUENCE_BIND 1
#define QUEUE_LENGTH_MAX 65536 /* entries of the kernel's hash table of one queue */
#define QUEUE_IN_WORK_MAX 128  /* packets that may be read and not yet answered */

uint32_t queue_length(uint32_t max_packets)
{
	uint32_t length = max_packets * 2 + QUEUE_IN_WORK_MAX;

	return length < QUEUE_LENGTH_MAX ? length : QUEUE_LENGTH_MAX;
}

/* SYNs the receive buffer is made for. */
static uint32_t buffered_packets(uint32_t max_packets)
{
	const uint32_t most = QUEUE_LENGTH_MAX - QUEUE_IN_WORK_MAX;

	return max_packets < most ? max_packets : most;
}

/* Settings for a queue that is not the sender's: refused, by the module. */
void queue_load_module(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return;
	(void)queue_send_settings(fd, 0, SEQUENCE_BIND, 1);
	close(fd);
}

/* Netlink sets twice what is asked for. */
int queue_set_receive_buffer(int fd, uint32_t max_packets, uint32_t *ret_size)
{
	int wanted = (int)(buffered_packets(max_packets) * QUEUE_BYTES_PER_SYN / 2);
	socklen_t len = sizeof(wanted);
	int granted;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof(wanted)) < 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof(wanted)) < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &len) < 0)
		return -errno;
	*ret_size = (uint32_t)granted;
	return 0;
}

int queue_send_settings(int fd, uint16_t number, uint32_t sequence, uint32_t max_packets)
{
	uint8_t message[QUEUE_MSG_CONFIG_MAX];
	size_t len = queue_msg_put_settings(message, number, sequence, max_packets);

	return send(fd, message, len, 0) < 0 ? -errno : 0;
}

int queue_send_accept(int fd, uint16_t number, uint32_t last_id)
{
	uint8_t message[QUEUE_MSG_VERDICT_MAX];
	size_t len = queue_msg_put_batch(message, number, htobe32(last_id), QUEUE_SEQUENCE_SWEEP,
					 NF_ACCEPT);

	return send(fd, message, len, 0) < 0 ? -errno : 0;
}

int queue_send_let_pass(int fd, uint16_t number)
{
	int results[] = {
		queue_send_settings(fd, number, QUEUE_SEQUENCE_RESIZE, 0),
		/* Ids are compared as serial numbers: "up to" is one half of all there are. */
		queue_send_accept(fd, number, INT32_MAX),
		queue_send_accept(fd, number, UINT32_MAX),
	};

	for (size_t i = 0; i < COUNT(results); i++) {
		if (results[i] < 0)
			return results[i];
	}
	return 0;
}

int queue_set_options(int fd)
{
	const struct timeval wake_up = { .tv_sec = 1 };
	const int on = 1;

	if (setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wake_up, sizeof(wake_up)) < 0)
		return -errno;
	return 0;
}

static int open_socket(const struct queue_config *config, int *ret_fd, uint32_t *ret_buffer)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int fd, r;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0)
		return -errno;
	r = queue_set_options(fd);
	if (r == 0)
		r = queue_set_receive_buffer(fd, config->max_packets, ret_buffer);
	if (r == 0 && (bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
		       connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0))
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* The kernel carries a message out within send, so a refusal is in the receive queue already.
 * Packets that arrived meanwhile stay there: the look is only a peek. */
static int bind_queue(const struct queue_config *config, int fd)
{
	uint8_t message[QUEUE_MSG_CONFIG_MAX], answer[QUEUE_MSG_CONFIG_MAX];
	struct queue_packet packet;
	struct queue_error error;
	size_t len, used;
	ssize_t n;

	len = queue_msg_put_bind(message, config->number, SEQUENCE_BIND,
				 queue_length(config->max_packets));
	if (send(fd, message, len, 0) < 0)
		return -errno;
	n = recv(fd, answer, sizeof(answer), MSG_PEEK | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (queue_msg_parse(answer, (size_t)n, true, &packet, &error, &used) != QUEUE_MSG_ERROR)
		return 0;
	return error.error;
}

int queue_check_free(uint16_t number)
{
	struct queue_proc owner;
	char text[QUEUE_OWNER_MAX];

	if (queue_read_proc(number, &owner) < 0)
		return 0;
	log_print(LOG_ERR, "queue %u: already owned by %s; stop it, or set queues.first to another "
			   "number", number, queue_owner(owner.portid, text));
	return -EBUSY;
}

/* The kernel says EPERM for two things, and EINVAL where the module is missing. */
static int explain_bind_failure(const struct queue_config *config, int r)
{
	switch (r) {
	case -EPERM:
		if (queue_check_free(config->number) < 0)
			return -EBUSY;
		return log_error(r, "queue %u: cannot bind without CAP_NET_ADMIN; start mssclampd "
				    "as root or from its systemd unit", config->number);
	case -EINVAL:
	case -EOPNOTSUPP:
	case -EPROTONOSUPPORT:
		log_print(LOG_ERR,
			  "queue %u: the kernel has no NFQUEUE; load the module nfnetlink_queue "
			  "(CONFIG_NETFILTER_NETLINK_QUEUE)", config->number);
		return -EPROTONOSUPPORT;
	default:
		return log_error(r, "queue %u: cannot bind", config->number);
	}
}

void queue_warn_of_buffer(const struct queue_config *config, uint32_t receive_buffer)
{
	if (receive_buffer < buffered_packets(config->max_packets) * QUEUE_BYTES_PER_SYN)
		log_warning("queue %u: the receive buffer of %u bytes holds %u SYNs, not %u; what "
			    "finds no room passes unclamped (raise net.core.rmem_max)",
			    config->number, receive_buffer, receive_buffer / QUEUE_BYTES_PER_SYN,
			    config->max_packets);
}

int queue_setup(const struct queue_config *config, int *ret_fd, uint32_t *ret_receive_buffer)
{
	uint32_t buffer = 0;
	int fd = -1, r;

	r = open_socket(config, &fd, &buffer);
	if (r == -EPROTONOSUPPORT)
		return explain_bind_failure(config, r);
	if (r < 0)
		return log_error(r, "queue %u: cannot open a netlink socket", config->number);
	r = bind_queue(config, fd);
	if (r < 0) {
		(void)queue_send_let_pass(fd, config->number); /* if it is ours by now */
		close(fd);
		return explain_bind_failure(config, r);
	}
	*ret_fd = fd;
	*ret_receive_buffer = buffer;
	return 0;
}
