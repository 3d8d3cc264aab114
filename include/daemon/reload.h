/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another configuration for a running daemon: read whole, checked whole, then swapped. */
#pragma once

#include <jansson.h>

#include "daemon/daemon.h"

/* Reads the configuration anew and puts it in force; an error keeps the old one. *ret_reply gets
 * the owned reply of Reload, or *ret_error an owned text on failure. Returns 0, -EINVAL (the files
 * are wrong) or -errno. */
int daemon_reload(struct daemon *daemon, json_t **ret_reply, char **ret_error);
