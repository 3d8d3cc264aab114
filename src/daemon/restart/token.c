/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/restart/token.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int token_new(void)
{
	int token = eventfd(1, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);

	return token < 0 ? -errno : token;
}

int token_take(int token)
{
	uint64_t taken;
	ssize_t n = read(token, &taken, sizeof(taken));

	if (n < 0)
		return -errno;
	return n == sizeof(taken) ? 0 : -EBADMSG;
}
