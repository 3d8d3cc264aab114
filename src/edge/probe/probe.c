/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/probe/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/fd.h"
#include "edge/probe/probe_socket.h"
#include "edge/probe/probe_table.h"
#include "edge/probe/snmp.h"

#define SHARED_SOCKETS 4  /* two families, two methods */
#define BOUND_SOCKETS 16  /* sources of IPv6 pings; the one unused for longest gives way */
#define SOCKETS (SHARED_SOCKETS + BOUND_SOCKETS)
#define FLOOD_MAX 256     /* strangers in one call: a forger must not keep the thread busy */

struct probe_socket {
	int fd; /* -1: not open */
	enum family family;
	bool udp, bound;
	struct address source; /* with bound */
	uint32_t ifindex;
	uint64_t used; /* of probe_sockets.uses */
};

struct probe_sockets {
	int epoll_fd;
	struct snmp snmp;
	struct probe_socket sockets[SOCKETS];
	uint64_t uses;
	int no_ping[FAMILY_COUNT]; /* why there are no ping sockets, -errno; 0: not known */
	struct probe_table table;
	struct probe_socket_totals totals;
	struct probe_room room;
};

struct probe_sockets *probe_sockets_new(void)
{
	struct probe_sockets *sockets = calloc(1, sizeof(*sockets));

	if (!sockets)
		return NULL;
	for (size_t i = 0; i < SOCKETS; i++) {
		sockets->sockets[i].fd = -1;
		sockets->sockets[i].bound = i >= SHARED_SOCKETS;
	}
	sockets->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (sockets->epoll_fd < 0) {
		const int error = errno;

		free(sockets);
		errno = error;
		return NULL;
	}
	snmp_init(&sockets->snmp);
	return sockets;
}

void probe_sockets_free(struct probe_sockets *sockets)
{
	if (!sockets)
		return;
	for (size_t i = 0; i < SOCKETS; i++)
		fd_close(&sockets->sockets[i].fd);
	close(sockets->epoll_fd);
	snmp_done(&sockets->snmp);
	free(sockets);
}

int probe_fd(const struct probe_sockets *sockets)
{
	return sockets->epoll_fd;
}

static bool is_passing(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -ENOBUFS;
}

/* Opens it where it is not. */
static int open_socket(struct probe_sockets *sockets, struct probe_socket *socket,
		       enum family family, bool udp)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd, r;

	if (socket->fd >= 0)
		return 0;
	if (!udp && sockets->no_ping[family] < 0)
		return sockets->no_ping[family];
	r = probe_socket_open(family, udp, &fd);
	if (r < 0) {
		if (!udp && !is_passing(r))
			sockets->no_ping[family] = r;
		return r;
	}
	if (epoll_ctl(sockets->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	socket->fd = fd;
	socket->family = family;
	socket->udp = udp;
	return 0;
}

static struct probe_socket *shared_socket(struct probe_sockets *sockets, enum family family,
					  bool udp)
{
	return &sockets->sockets[(family == FAMILY_IPV4 ? 0 : 2) + (udp ? 1 : 0)];
}

int probe_can_ping(struct probe_sockets *sockets, enum family family)
{
	sockets->no_ping[family] = 0;
	return open_socket(sockets, shared_socket(sockets, family, false), family, false);
}

/* The socket of that source, or one that may become it. */
static struct probe_socket *bound_socket(struct probe_sockets *sockets,
					 const struct probe_packet *packet)
{
	struct probe_socket *best = &sockets->sockets[SHARED_SOCKETS];

	for (size_t i = SHARED_SOCKETS; i < SOCKETS; i++) {
		struct probe_socket *socket = &sockets->sockets[i];

		if (socket->fd >= 0 && socket->ifindex == packet->ifindex &&
		    address_equal(&socket->source, &packet->source))
			return socket;
		if (best->fd >= 0 && (socket->fd < 0 || socket->used < best->used))
			best = socket;
	}
	fd_close(&best->fd);
	return best;
}

static int open_bound(struct probe_sockets *sockets, struct probe_socket *socket,
		      const struct probe_packet *packet)
{
	int r;

	if (socket->fd >= 0)
		return 0;
	r = open_socket(sockets, socket, FAMILY_IPV6, false);
	if (r < 0)
		return r;
	socket->source = packet->source;
	socket->ifindex = packet->ifindex;
	r = probe_socket_bind(socket->fd, &packet->source, packet->ifindex);
	if (r < 0)
		fd_close(&socket->fd);
	return r;
}

static int socket_for(struct probe_sockets *sockets, const struct probe_packet *packet,
		      struct probe_socket **ret_socket)
{
	enum family family = packet->destination.family;
	struct probe_socket *socket;
	int r;

	if (family == FAMILY_IPV6 && !packet->udp && packet->has_source) {
		socket = bound_socket(sockets, packet);
		r = open_bound(sockets, socket, packet);
	} else {
		socket = shared_socket(sockets, family, packet->udp);
		r = open_socket(sockets, socket, family, packet->udp);
	}
	socket->used = ++sockets->uses;
	*ret_socket = socket;
	return r;
}

static bool is_possible(const struct probe_packet *packet)
{
	enum family family = packet->destination.family;

	return packet->size >= (family == FAMILY_IPV4 ? PROBE_SIZE_MIN4 : PROBE_SIZE_MIN6) &&
	       (!packet->has_source || packet->source.family == family);
}

/* Fills in what one packet has alone. */
static int prepare(struct probe_sockets *sockets, const struct probe_packet *packet,
		   struct probe_awaited *ret_probe)
{
	struct {
		uint8_t nonce[PROBE_NONCE_MAX];
		uint32_t number;
	} random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		return -EAGAIN;
	*ret_probe = (struct probe_awaited){
		.id = packet->id,
		.destination = packet->destination,
		.size = packet->size,
		.udp = packet->udp,
		.number = probe_table_pick_number(&sockets->table, packet->udp,
						  random.number),
		.reassembled = snmp_reassembled(&sockets->snmp),
	};
	memcpy(ret_probe->nonce, random.nonce, sizeof(random.nonce));
	return 0;
}

/* A socket says that the packet is too large, and so does an ICMP error that is left at it, as
 * often as somebody forges one. So a socket that nobody can know yet is asked. Its packet, should
 * it go out, is nobody's: no answer is heard. Returns -EMSGSIZE, or -EAGAIN where that was not
 * true. */
static int doubt_size(struct probe_sockets *sockets, const struct probe_packet *packet,
		      const struct probe_awaited *probe, bool bound)
{
	enum family family = packet->destination.family;
	size_t len = probe_msg_build(probe, sockets->room.bytes);
	int fd, r;

	if (probe_socket_open(family, packet->udp, &fd) < 0)
		return -EAGAIN;
	r = bound ? probe_socket_bind(fd, &packet->source, packet->ifindex) : 0;
	if (r == 0)
		r = probe_socket_send(fd, packet, bound, probe->number, sockets->room.bytes, len);
	if (r != -EMSGSIZE || !probe_socket_has_refused(fd, family, &sockets->room))
		r = -EAGAIN;
	close(fd);
	return r;
}

int probe_send(struct probe_sockets *sockets, const struct probe_packet *packet)
{
	struct probe_awaited probe;
	struct probe_socket *socket;
	size_t len;
	int r;

	if (!is_possible(packet))
		return -EINVAL;
	if (packet->size > PROBE_MSG_MAX)
		return -EMSGSIZE;
	r = socket_for(sockets, packet, &socket);
	if (r < 0)
		return r;
	r = prepare(sockets, packet, &probe);
	if (r < 0)
		return r;
	len = probe_msg_build(&probe, sockets->room.bytes);
	r = probe_socket_send(socket->fd, packet, socket->bound, probe.number, sockets->room.bytes,
			      len);
	if (r == -EMSGSIZE)
		return doubt_size(sockets, packet, &probe, socket->bound);
	if (r < 0)
		return r;
	probe_table_add(&sockets->table, &probe);
	sockets->totals.sent++;
	return 0;
}

/* Whether it is about an awaited probe, not a stranger. */
static bool take(struct probe_sockets *sockets, const struct probe_message *message,
		 struct probe_heard *ret_heard)
{
	enum probe_heard_kind kind;
	struct probe_awaited probe;
	uint64_t now;

	if (!probe_table_take(&sockets->table, message, &probe, &kind)) {
		sockets->totals.strangers++;
		return false;
	}
	now = snmp_reassembled(&sockets->snmp);
	*ret_heard = (struct probe_heard){
		.id = probe.id,
		.kind = kind,
		.from = message->from,
		.mtu = kind == PROBE_HEARD_TOO_BIG ? message->mtu : 0,
		.reassembled_known = now != SNMP_UNKNOWN && probe.reassembled != SNMP_UNKNOWN,
	};
	if (ret_heard->reassembled_known && now > probe.reassembled)
		ret_heard->reassembled = now - probe.reassembled;
	return true;
}

/* All of one queue of one socket, until something is heard or *budget is used up. */
static int receive_from(struct probe_sockets *sockets, const struct probe_socket *socket,
			bool errors, unsigned int *budget, struct probe_heard *ret_heard)
{
	while (socket->fd >= 0 && *budget > 0) {
		ssize_t n = probe_socket_receive(socket->fd, errors, &sockets->room);
		const struct msghdr *received = &sockets->room.message;
		struct probe_message message;
		int r;

		if (n < 0)
			return 0;
		--*budget;
		r = errors ? probe_msg_read_error(socket->family, socket->udp, received, (size_t)n,
						  &message) :
			     probe_msg_read_reply(socket->family, socket->udp, received, (size_t)n,
						  &message);
		if (r == 0 && take(sockets, &message, ret_heard))
			return 1;
		if (r == -EBADMSG || (r == -ENOENT && !errors))
			sockets->totals.strangers++;
	}
	return 0;
}

int probe_receive(struct probe_sockets *sockets, struct probe_heard *ret_heard)
{
	unsigned int budget = FLOOD_MAX;

	for (int errors = 1; errors >= 0; errors--) {
		for (size_t i = 0; i < SOCKETS; i++) {
			if (receive_from(sockets, &sockets->sockets[i], errors, &budget,
					 ret_heard) > 0)
				return 1;
		}
	}
	return 0;
}

struct probe_socket_totals probe_socket_totals(const struct probe_sockets *sockets)
{
	return sockets->totals;
}
