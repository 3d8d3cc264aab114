/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the daemon listens for clients: the socket systemd passed, or that of the configuration. */
#pragma once

#include "daemon/control.h"
#include "daemon/daemon.h"

/* What the control socket needs of a configuration; pointers are borrowed from it. */
struct control_config listen_config(struct daemon *daemon, const struct config *config);

/* Opens daemon->control, and daemon->events for its clients. Logs what went wrong. Returns 0 or
 * -errno. */
int listen_open(struct daemon *daemon);
