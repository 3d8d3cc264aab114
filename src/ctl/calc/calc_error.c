/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/calc/calc_error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int calc_error_set(struct calc_error *error, char *hint, const char *format, ...)
{
	va_list list;
	int r;

	calc_error_done(error);
	error->hint = hint;
	va_start(list, format);
	r = vasprintf(&error->message, format, list);
	va_end(list);
	if (r < 0) {
		error->message = NULL;
		return -ENOMEM;
	}
	return -EINVAL;
}

void calc_error_done(struct calc_error *error)
{
	free(error->message);
	free(error->hint);
	*error = (struct calc_error){ 0 };
}
