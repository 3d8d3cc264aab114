/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer of a WireGuard that runs in user space to "get=1" (wireguard.com/xplatform): lines of
 * key=value, then errno=N and an empty line. AmneziaWG adds its own keys. Pure. */
#pragma once

#include <stddef.h>

#include "proto/facts.h"

#define UAPI_QUESTION "get=1\n\n"

/* Private and shared keys are stepped over unread; who reads the socket wipes the text.
 * Returns 0 and an owned device (ifname and kind not set); -EAGAIN: not whole yet; -EBADMSG; -EIO:
 * the device answers with an error; or -ENOMEM. */
int uapi_parse(const char *text, size_t len, struct facts_wireguard *ret_device);
