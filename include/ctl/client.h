/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client end of the control socket: one connection, one call at a time. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/ctl.h"

#define CLIENT_TEXT_MAX 512 /* bytes of an error's message, of its hint */
#define CLIENT_REPLY_MAX (64u << 20) /* bytes of the largest reply taken */

/* Why a call gave nothing. */
struct client_error {
	enum ctl_exit code;
	bool answered; /* mssclampd itself said it */
	char message[CLIENT_TEXT_MAX * 8]; /* a refused configuration lists every error */
	char hint[CLIENT_TEXT_MAX];        /* "" without */
};

/* Calls org.mssclamp.METHOD over a connection of its own. Takes parameters (NULL: none).
 * Returns 0 and the owned reply parameters, -EINTR once SIGINT came (interrupt_fd), -EIO with
 * error. */
int client_try(const struct ctl *ctl, const char *method, json_t *parameters, json_t **ret_reply,
	       struct client_error *error);

/* The same, and says the error. Returns an enum ctl_exit; CTL_OK with *ret_reply NULL:
 * interrupted. */
int client_call(const struct ctl *ctl, const char *method, json_t *parameters,
		json_t **ret_reply);

/* Whether somebody accepts connections on the socket: 1 yes, 0 nobody, -errno cannot tell. */
int client_probe(const struct ctl *ctl);
