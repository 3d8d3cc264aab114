/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One socket of edge/probe. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "edge/probe/probe_msg.h"

/* A ping or UDP socket with the don't-fragment bit and the error queue; does not block. Returns 0
 * and the descriptor, or -errno. */
int probe_socket_open(enum family family, bool udp, int *ret_fd);

/* Whatever is sent by it comes from that address; ifindex is the link of a link-local one. Ping
 * sockets of IPv6 alone need it: they take the link out of IPV6_PKTINFO but not the address
 * (net/ipv6/ping.c, seen with Linux 6.18). Returns 0 or -errno. */
int probe_socket_bind(int fd, const struct address *source, uint32_t ifindex);

/* Sends bytes as a packet says, number being the UDP port; with bound the source is left to the
 * socket. Returns 0 or -errno. What ICMP errors have left at the socket is not among those, unless
 * new ones come as fast as packets are sent. */
int probe_socket_send(int fd, const struct probe_packet *packet, bool bound, uint16_t number,
		      const uint8_t *bytes, size_t len);

/* Room for what is received: PROBE_MSG_MAX bytes, a name, and control messages. */
struct probe_room {
	struct msghdr message;
	struct iovec vector;
	struct sockaddr_storage name;
	_Alignas(struct cmsghdr) uint8_t control[512];
	uint8_t bytes[PROBE_MSG_MAX];
};

/* Whether the kernel itself refused what was sent by this socket last as too large: EMSGSIZE alone
 * may be an ICMP error that was left, and those can be forged. The socket is a new one, of whose
 * error queue nobody else wants anything. */
bool probe_socket_has_refused(int fd, enum family family, struct probe_room *room);

/* The next of the error queue, or of what was answered. Returns its length, or -errno: -EAGAIN
 * where nothing waits, or in passing what an ICMP error says in the error queue too. */
ssize_t probe_socket_receive(int fd, bool errors, struct probe_room *room);
