/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/control_attached.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void control_attached_done(struct control_attached *attached)
{
	for (size_t i = 0; i < attached->count; i++)
		close(attached->descriptors[i]);
	attached->count = 0;
}

int control_attached_add(struct control_attached *attached, const int *descriptors, size_t count)
{
	if (attached->count + count > CONTROL_ATTACHED_MAX)
		return -E2BIG;
	for (size_t i = 0; i < count; i++) {
		int copy = fcntl(descriptors[i], F_DUPFD_CLOEXEC, 0);

		if (copy < 0)
			return -errno;
		attached->descriptors[attached->count++] = copy;
	}
	return 0;
}

ssize_t control_attached_send(struct control_attached *attached, int fd, const void *data,
			      size_t len)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(attached->descriptors))];
	} control = { .header = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec vector = { (void *)(uintptr_t)data, len };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	size_t size = attached->count * sizeof(attached->descriptors[0]);
	ssize_t n;

	if (attached->count > 0) {
		control.header.cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(&control.header), attached->descriptors, size);
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(size);
	}
	n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		control_attached_done(attached);
	return n;
}
