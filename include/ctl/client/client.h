/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client end of the control socket: one connection, one call at a time. */
#pragma once

#include <jansson.h>

#include "ctl/client/client_error.h"
#include "ctl/options/ctl.h"

#define CLIENT_REPLY_MAX (64u << 20) /* bytes of the largest reply taken */

/* Calls org.mssclamp.METHOD over a connection of its own. Takes parameters (NULL: none).
 * Returns 0 and the owned reply parameters, -EINTR once SIGINT came (interrupt_fd), -EIO with
 * error, whatever it held before. The caller ends with client_error_done in any case. */
int client_try(const struct ctl *ctl, const char *method, json_t *parameters, json_t **ret_reply,
	       struct client_error *error);

/* The same where no word is wanted on why there is no answer: owned, or NULL. */
json_t *client_get(const struct ctl *ctl, const char *method, json_t *parameters);

/* The same, and says the error. Returns an enum ctl_exit; CTL_OK with *ret_reply NULL:
 * interrupted. */
int client_call(const struct ctl *ctl, const char *method, json_t *parameters,
		json_t **ret_reply);

/* Gets one reply's parameters. Returns an enum ctl_exit; other than CTL_OK ends the stream. */
typedef int client_on_reply(const struct ctl *ctl, const json_t *reply, void *userdata);

struct client_listener {
	client_on_reply *on_reply;
	/* No reply comes any more, and no error is said yet; may be NULL. */
	void (*on_end)(void *userdata);
	void *userdata;
	bool mute_hang_up;   /* the caller says itself that mssclampd hung up in the middle of it */
	bool mute;           /* no error is said: the code tells */
	uint64_t silence_ns; /* most time between two replies; UINT64_MAX: as long as it takes */
	/* No reply came for that long. As on_reply: CTL_OK goes on listening. NULL: an error. */
	int (*on_silence)(const struct ctl *ctl, void *userdata);
};

/* Calls a method that answers again and again. ctl->timeout_ns is for the first reply.
 * Returns what on_reply ended it with; CTL_OK after the last reply or SIGINT (interrupt_fd);
 * CTL_FAILED, without a word, where nobody reads stdout any more; CTL_NOT_RUNNING, said, where
 * mssclampd hangs up in the middle of it; CTL_UNKNOWN, said, where it falls silent and there is no
 * on_silence; else as client_call. */
int client_stream(const struct ctl *ctl, const char *method, json_t *parameters,
		  const struct client_listener *listener);

/* Whether somebody accepts connections on the socket, which may be systemd on behalf of a daemon
 * that this starts. Returns 1 for yes, 0 for nobody, -EINTR, or -EIO (cannot tell) with error as
 * client_try does. */
int client_probe(const struct ctl *ctl, struct client_error *error);
