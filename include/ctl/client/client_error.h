/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why something asked of mssclampd gave nothing, kept until it is said. */
#pragma once

#include <stdbool.h>

#include "ctl/options/ctl.h"

struct client_error {
	enum ctl_exit code;
	bool answered; /* mssclampd itself said it */
	char *message; /* owned, of any length: a refused configuration lists every error */
	char *hint;    /* owned; NULL without */
};

/* Replaces what was noted before; hint may be NULL, answered stays. Returns -EIO. */
int client_error_set(struct client_error *error, enum ctl_exit code, const char *hint,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Frees the texts, after which the error can be used anew. */
void client_error_done(struct client_error *error);

/* The message, never NULL: where memory ran out or nothing was noted it says so. */
const char *client_error_text(const struct client_error *error);
