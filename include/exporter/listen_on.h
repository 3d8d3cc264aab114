/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A listening TCP socket where a person says. */
#pragma once

#include <stdbool.h>

#define LISTEN_ON_DEFAULT "127.0.0.1:9863"

/* Whether that names a place: "127.0.0.1:9863" or "[::1]:9863", numbers only. */
bool listen_on_is_place(const char *where);

/* Logs what is wrong. Returns 0 and the owned socket, or -errno. */
int listen_on(const char *where, int *ret_fd);
