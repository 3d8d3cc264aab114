/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a parsed call to its reply: the table of commands and who may use which. */
#pragma once

#include <jansson.h>
#include <stdarg.h>

#include "base/log.h"
#include "daemon/control/control.h"
#include "daemon/control/control_peer.h"
#include "daemon/control/control_stream.h"
#include "proto/varlink.h"

#define CONTROL_REFUSALS 16 /* lines a second of what was refused: by who and which command */

struct control_commands {
	const struct control_method *methods;
	void *userdata;
	const char *admin_group; /* borrowed from the server, for messages */
	struct log_ratelimit refused[CONTROL_REFUSALS], rejected;
};

/* stream: the connection's, not open; open behind it where the command has opened it. Returns 0 and
 * the owned reply, an error reply included, or -ENOMEM. *ret_open is the method where the call
 * stays open for more, NULL where this is its last reply. No reply (NULL): an open call has none
 * yet, or all of them have gone by its stream. */
int control_call_answer(struct control_commands *commands, const struct control_peer *peer,
			const struct varlink_call *call, struct control_stream *stream,
			json_t **ret_reply, const struct control_method **ret_open);

#define CONTROL_IN_TEXT_(number) #number
#define CONTROL_IN_TEXT(number) CONTROL_IN_TEXT_(number)
#define CONTROL_TOO_LONG "it has more than " CONTROL_IN_TEXT(VARLINK_MESSAGE_MAX) " bytes"

/* The error for bytes that are no call, logged. Owned, or NULL (out of memory). */
json_t *control_call_reject(struct control_commands *commands, const struct control_peer *peer,
			    const char *why);

/* An error of ours as a message, for what never became a call. Owned, or NULL (out of memory). */
json_t *control_call_make_error(enum control_error error, const char *hint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
json_t *control_call_make_error_v(enum control_error error, const char *hint, const char *format,
				  va_list arguments) __attribute__((format(printf, 3, 0)));
