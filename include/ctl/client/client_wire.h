/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection to the control socket, as messages. What fails is noted in error (-EIO), but for
 * -ETIME past the deadline, -EINTR once SIGINT came (interrupt_fd), -EPIPE where nobody reads what
 * a stream prints, and the rare -errno of the kernel. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/client/client_error.h"
#include "ctl/options/ctl.h"
#include "proto/varlink.h"

struct client {
	const struct ctl *ctl;
	struct client_error *error;
	uint64_t deadline_ns; /* CLOCK_BOOTTIME */
	int fd;               /* owned; -1: not connected */
	bool streams;         /* many replies to one call */
	bool answered;        /* one came */
	struct varlink_output output;
	struct varlink_input input;
};

/* Connects. Returns 0, or as above. */
int client_connect(struct client *client);
/* Sends the output. A connection that is closed meanwhile is no error: a reply may say why. */
int client_send(struct client *client);
/* Waits for the next message: owned. */
int client_receive(struct client *client, json_t **ret_message);
