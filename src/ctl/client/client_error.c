/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/client/client_error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int client_error_set(struct client_error *error, enum ctl_exit code, const char *hint,
		     const char *format, ...)
{
	char *message, *advice;
	va_list list;

	va_start(list, format);
	if (vasprintf(&message, format, list) < 0)
		message = NULL;
	va_end(list);
	advice = hint ? strdup(hint) : NULL; /* hint may point into what is freed now */
	client_error_done(error);
	error->code = code;
	error->message = message;
	error->hint = advice;
	return -EIO;
}

void client_error_done(struct client_error *error)
{
	free(error->message);
	free(error->hint);
	error->message = NULL;
	error->hint = NULL;
}

const char *client_error_text(const struct client_error *error)
{
	return error->message ? error->message : "out of memory";
}
