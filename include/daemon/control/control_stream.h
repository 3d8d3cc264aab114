/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The open call of one connection that has replies of its own: control_stream_* of
 * daemon/control/control.h between the command and the connection. */
#pragma once

#include <stdbool.h>

#include "daemon/control/control.h"

struct control_connection;

struct control_stream {
	struct control_connection *connection; /* whose call it is; set for good */
	void (*gone)(void *userdata);
	void *userdata;
	bool open;
	bool patient; /* a client that takes nothing is not cut off for that */
	bool more; /* else its client takes one reply, the last one */
};

/* The connection ends: calls gone where the stream is open. */
void control_stream_drop(struct control_stream *stream);
