/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel that answers over netlink with what the input says: sendto and recvmsg of the target
 * take the place of the C library's. The input is datagrams, each behind 2 bytes of length (little
 * endian) and one byte of FUZZ_KERNEL_*. A message with a sequence number below 64 and no port
 * belongs to the last question. What lies behind a datagram in the reader's buffer must not be
 * touched. */
#pragma once

#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#if defined(__has_feature)
#define FUZZ_KERNEL_POISONS __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define FUZZ_KERNEL_POISONS 1
#else
#define FUZZ_KERNEL_POISONS 0
#endif
#if FUZZ_KERNEL_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

enum fuzz_kernel_way {
	FUZZ_KERNEL_ANSWERS,
	FUZZ_KERNEL_CUTS,      /* the datagram was longer */
	FUZZ_KERNEL_IS_OTHER,  /* another process sends it */
	FUZZ_KERNEL_OVERFLOWS, /* ENOBUFS */
	FUZZ_KERNEL_DISTURBS,  /* EINTR */
	FUZZ_KERNEL_WAYS
};

static struct {
	const uint8_t *data;
	size_t left;
	uint32_t sequence, port; /* of the first request of the last question */
	bool keeps;              /* the buffer is only zeroed, not to be poisoned */
} fuzz_kernel;

static inline void fuzz_kernel_begin(const uint8_t *data, size_t size)
{
	memset(&fuzz_kernel, 0, sizeof(fuzz_kernel));
	fuzz_kernel.data = data;
	fuzz_kernel.left = size;
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	struct nlmsghdr message;

	(void)fd, (void)flags, (void)to, (void)to_len;
	if (len >= sizeof(message)) {
		memcpy(&message, data, sizeof(message));
		fuzz_kernel.sequence = message.nlmsg_seq;
		fuzz_kernel.port = message.nlmsg_pid;
	}
	return (ssize_t)len;
}

static inline void fuzz_kernel_address(uint8_t *datagram, size_t len)
{
	struct nlmsghdr message;

	for (size_t at = 0; len - at >= sizeof(message); at += NLMSG_ALIGN(message.nlmsg_len)) {
		memcpy(&message, datagram + at, sizeof(message));
		if (message.nlmsg_seq < 64 && message.nlmsg_pid == 0) {
			message.nlmsg_seq += fuzz_kernel.sequence;
			message.nlmsg_pid = fuzz_kernel.port;
			memcpy(datagram + at, &message, sizeof(message));
		}
		if (message.nlmsg_len < sizeof(message) ||
		    message.nlmsg_len > len - at || NLMSG_ALIGN(message.nlmsg_len) > len - at)
			break;
	}
}

static inline ssize_t fuzz_kernel_fail(int error)
{
	errno = error;
	return -1;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct sockaddr_nl sender = { .nl_family = AF_NETLINK };
	struct iovec *room = message->msg_iov;
	enum fuzz_kernel_way way;
	size_t len;

	(void)fd, (void)flags;
	if (fuzz_kernel.left < 3)
		return fuzz_kernel_fail(EAGAIN);
	len = (size_t)(fuzz_kernel.data[0] | fuzz_kernel.data[1] << 8);
	way = fuzz_kernel.data[2] % FUZZ_KERNEL_WAYS;
	fuzz_kernel.data += 3;
	fuzz_kernel.left -= 3;
	if (way == FUZZ_KERNEL_OVERFLOWS || way == FUZZ_KERNEL_DISTURBS)
		return fuzz_kernel_fail(way == FUZZ_KERNEL_OVERFLOWS ? ENOBUFS : EINTR);
	if (len > fuzz_kernel.left)
		len = fuzz_kernel.left;
	sender.nl_pid = way == FUZZ_KERNEL_IS_OTHER;
	message->msg_namelen = sizeof(sender);
	message->msg_flags = way == FUZZ_KERNEL_CUTS ? MSG_TRUNC : 0;
	memcpy(message->msg_name, &sender, sizeof(sender));
	ASAN_UNPOISON_MEMORY_REGION(room->iov_base, room->iov_len);
	memcpy(room->iov_base, fuzz_kernel.data, len);
	fuzz_kernel_address(room->iov_base, len);
	if (!fuzz_kernel.keeps)
		ASAN_POISON_MEMORY_REGION((uint8_t *)room->iov_base + len, room->iov_len - len);
	fuzz_kernel.data += len;
	fuzz_kernel.left -= len;
	return (ssize_t)len;
}
