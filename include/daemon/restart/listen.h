/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the daemon listens for clients: the socket systemd passed, or that of the configuration. */
#pragma once

#include "daemon/control/control.h"
#include "daemon/daemon.h"

/* What the control socket needs of a configuration; pointers are borrowed from it. */
struct control_config listen_config(struct daemon *daemon, const struct config *config);

/* Makes daemon->control, which does not listen yet: for who takes over, so it is an error where a
 * group of the configuration cannot be looked up. Logs what went wrong. Returns 0 or -errno. */
int listen_prepare(struct daemon *daemon);
/* Opens daemon->control, which may be prepared, and daemon->events for its clients. Logs what went
 * wrong. Returns 0 or -errno. */
int listen_open(struct daemon *daemon);
/* The same, where no other mssclampd and no owner of our queues is in the way: -EBUSY, logged. */
int listen_alone(struct daemon *daemon);
/* About once a second: where the file of the socket is gone it is made anew, or what makes it is
 * said. */
void listen_tend(struct daemon *daemon);
