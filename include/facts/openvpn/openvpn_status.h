/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OpenVPN's status file, versions 1, 2 and 3 (OpenVPN src/openvpn/multi.c multi_print_status).
 * Pure.
 *
 * OpenVPN rewrites the file in place, a line at a time, while others read it. */
#pragma once

#include <stddef.h>

#include "proto/facts.h"

/* A client is told once its name is known: those still in their handshake (UNDEF) are left out.
 * Its addresses are the virtual ones and the routes behind it (iroute); learned single addresses
 * (ending in C) lie inside those and are left out, as are hardware addresses. A client that keeps
 * its own statistics has a file without clients. Returns 0 and an owned status, `file` not set;
 * -EAGAIN: the file is not whole; -EBADMSG: it is no status file of these versions; or -ENOMEM. */
int openvpn_status_parse(const char *text, size_t len, struct facts_status *ret_status);
