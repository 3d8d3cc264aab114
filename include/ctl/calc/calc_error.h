/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a stack was refused. */
#pragma once

/* Both are owned; hint may be NULL. */
struct calc_error {
	char *message;
	char *hint;
};

/* Sets both texts. Returns -EINVAL, or -ENOMEM. */
int calc_error_set(struct calc_error *error, char *hint, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void calc_error_done(struct calc_error *error);
