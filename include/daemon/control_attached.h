/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that wait to go to a client beside the bytes of a reply. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "daemon/control.h"

/* Zeroed it is empty. */
struct control_attached {
	size_t count;
	int descriptors[CONTROL_ATTACHED_MAX]; /* owned */
};

/* Duplicates them. Returns 0, -E2BIG or -errno; control_attached_done is due either way. */
int control_attached_add(struct control_attached *attached, const int *descriptors, size_t count);
void control_attached_done(struct control_attached *attached);

/* As send(2) with MSG_NOSIGNAL and MSG_DONTWAIT; what is attached goes with the first byte. */
ssize_t control_attached_send(struct control_attached *attached, int fd, const void *data,
			      size_t len);
