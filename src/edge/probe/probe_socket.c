/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/probe/probe_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/array.h"

/* Bytes: PROBE_OUTSTANDING_MAX packets of 1500 bytes take 2304 each (skb->truesize). */
#define BUFFER_BYTES (PROBE_OUTSTANDING_MAX * 2304)
#define FRESH_ERRORS 16 /* a socket that was just opened has its own and hardly a forged one */
#define TRIES 3 /* the first may meet an ICMP error that is left, the next one that has just come */

/* What a socket is set to. */
struct setting {
	int level, name, value;
};

static const struct setting ipv4_settings[] = {
	{ SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE },
	{ SOL_IP, IP_RECVERR, 1 },
};

static const struct setting ipv6_settings[] = {
	{ SOL_IPV6, IPV6_V6ONLY, 1 },
	{ SOL_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE },
	{ SOL_IPV6, IPV6_DONTFRAG, 1 },
	{ SOL_IPV6, IPV6_RECVERR, 1 },
};

static int set_all(int fd, const struct setting *settings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (setsockopt(fd, settings[i].level, settings[i].name, &settings[i].value,
			       sizeof(settings[i].value)) < 0)
			return -errno;
	}
	return 0;
}

/* Beyond net.core.rmem_max where we may. */
static void set_buffer(int fd, int forced, int asked)
{
	const int bytes = BUFFER_BYTES;

	if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, asked, &bytes, sizeof(bytes));
}

int probe_socket_open(enum family family, bool udp, int *ret_fd)
{
	const int echo = family == FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	int fd, r;

	fd = socket(family == FAMILY_IPV4 ? AF_INET : AF_INET6,
		    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, udp ? IPPROTO_UDP : echo);
	if (fd < 0)
		return -errno;
	if (family == FAMILY_IPV4)
		r = set_all(fd, ipv4_settings, COUNT(ipv4_settings));
	else
		r = set_all(fd, ipv6_settings, COUNT(ipv6_settings));
	if (r < 0) {
		close(fd);
		return r;
	}
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	*ret_fd = fd;
	return 0;
}

static bool is_link_local(const struct address *address)
{
	return address->family == FAMILY_IPV6 && address->bytes[0] == 0xfe &&
	       (address->bytes[1] & 0xc0) == 0x80;
}

/* Writes a struct sockaddr_in or sockaddr_in6, returns its length. */
static socklen_t put_sockaddr(struct sockaddr_storage *name, const struct address *address,
			      uint16_t port, uint32_t ifindex)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (address->family == FAMILY_IPV4) {
		memcpy(&four.sin_addr, address->bytes, sizeof(four.sin_addr));
		memcpy(name, &four, sizeof(four));
		return sizeof(four);
	}
	memcpy(&six.sin6_addr, address->bytes, sizeof(six.sin6_addr));
	if (is_link_local(address))
		six.sin6_scope_id = ifindex;
	memcpy(name, &six, sizeof(six));
	return sizeof(six);
}

int probe_socket_bind(int fd, const struct address *source, uint32_t ifindex)
{
	struct sockaddr_storage name;
	socklen_t len = put_sockaddr(&name, source, 0, ifindex);

	return bind(fd, (struct sockaddr *)&name, len) < 0 ? -errno : 0;
}

static void put_control(struct msghdr *message, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *header =
		(struct cmsghdr *)((uint8_t *)message->msg_control + message->msg_controllen);

	header->cmsg_level = level;
	header->cmsg_type = type;
	header->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(header), data, len);
	message->msg_controllen += CMSG_SPACE(len);
}

static void put_source(struct msghdr *message, const struct probe_packet *packet, bool bound)
{
	struct in6_pktinfo six = { .ipi6_ifindex = packet->ifindex };
	struct in_pktinfo four = { .ipi_ifindex = (int)packet->ifindex };
	bool named = packet->has_source && !bound;

	if (!named && packet->ifindex == 0)
		return;
	if (packet->destination.family == FAMILY_IPV4) {
		if (named)
			memcpy(&four.ipi_spec_dst, packet->source.bytes,
			       sizeof(four.ipi_spec_dst));
		put_control(message, SOL_IP, IP_PKTINFO, &four, sizeof(four));
	} else {
		if (named)
			memcpy(&six.ipi6_addr, packet->source.bytes, sizeof(six.ipi6_addr));
		put_control(message, SOL_IPV6, IPV6_PKTINFO, &six, sizeof(six));
	}
}

static void put_ttl(struct msghdr *message, const struct probe_packet *packet)
{
	const int ttl = packet->ttl;

	if (packet->ttl == 0)
		return;
	if (packet->destination.family == FAMILY_IPV4)
		put_control(message, SOL_IP, IP_TTL, &ttl, sizeof(ttl));
	else
		put_control(message, SOL_IPV6, IPV6_HOPLIMIT, &ttl, sizeof(ttl));
}

/* An ICMP error is left at the socket (SO_ERROR), and the next system call, whatever it was for,
 * fails with it and takes it away: so it is tried again. No ICMP error is an EPERM
 * (icmp_err_convert in net/ipv4/icmp.c): a filter of this host said so, which may count its packets
 * and should see this one once. */
static int send_message(int fd, const struct msghdr *message)
{
	int r = 0;

	for (int i = 0; i < TRIES; i++) {
		if (sendmsg(fd, message, MSG_NOSIGNAL) >= 0)
			return 0;
		r = -errno;
		if (r == -EPERM)
			break;
	}
	return r;
}

int probe_socket_send(int fd, const struct probe_packet *packet, bool bound, uint16_t number,
		      const uint8_t *bytes, size_t len)
{
	struct iovec vector = { (void *)(uintptr_t)bytes, len };
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
						 2 * CMSG_SPACE(sizeof(int))] = { 0 };
	struct sockaddr_storage name;
	struct msghdr message = {
		.msg_name = &name,
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control,
	};

	message.msg_namelen = put_sockaddr(&name, &packet->destination, packet->udp ? number : 0,
					   packet->ifindex);
	put_source(&message, packet, bound);
	put_ttl(&message, packet);
	if (packet->mark != 0)
		put_control(&message, SOL_SOCKET, SO_MARK, &packet->mark, sizeof(packet->mark));
	return send_message(fd, &message);
}

/* What an ICMP error has left at the socket fails one call: the socket stays readable where there
 * is more. */
ssize_t probe_socket_receive(int fd, bool errors, struct probe_room *room)
{
	ssize_t n;

	room->vector = (struct iovec){ room->bytes, sizeof(room->bytes) };
	room->message = (struct msghdr){
		.msg_name = &room->name,
		.msg_namelen = sizeof(room->name),
		.msg_iov = &room->vector,
		.msg_iovlen = 1,
		.msg_control = room->control,
		.msg_controllen = sizeof(room->control),
	};
	n = recvmsg(fd, &room->message, errors ? MSG_ERRQUEUE : 0);
	return n < 0 ? -errno : n;
}

bool probe_socket_has_refused(int fd, enum family family, struct probe_room *room)
{
	for (int i = 0; i < FRESH_ERRORS; i++) {
		if (probe_socket_receive(fd, true, room) < 0)
			return false;
		if (probe_msg_is_refusal(family, &room->message))
			return true;
	}
	return false;
}
