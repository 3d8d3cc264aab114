/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that may be none: -1. */
#pragma once

#include <unistd.h>

/* Closes it, if it is open, and notes that. */
static inline void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
