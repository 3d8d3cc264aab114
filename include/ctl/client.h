/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client end of the control socket: one connection, one call at a time. */
#pragma once

#include <jansson.h>

#include "ctl/client_error.h"
#include "ctl/ctl.h"

#define CLIENT_REPLY_MAX (64u << 20) /* bytes of the largest reply taken */

/* Calls org.mssclamp.METHOD over a connection of its own. Takes parameters (NULL: none).
 * Returns 0 and the owned reply parameters, -EINTR once SIGINT came (interrupt_fd), -EIO with
 * error, whatever it held before. The caller ends with client_error_done in any case. */
int client_try(const struct ctl *ctl, const char *method, json_t *parameters, json_t **ret_reply,
	       struct client_error *error);

/* The same, and says the error. Returns an enum ctl_exit; CTL_OK with *ret_reply NULL:
 * interrupted. */
int client_call(const struct ctl *ctl, const char *method, json_t *parameters,
		json_t **ret_reply);

/* Whether somebody accepts connections on the socket, which may be systemd on behalf of a daemon
 * that this starts. Returns 1 for yes, 0 for nobody, -EINTR, or -EIO (cannot tell) with error as
 * client_try does. */
int client_probe(const struct ctl *ctl, struct client_error *error);
