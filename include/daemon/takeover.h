/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From one mssclampd to the next without a SYN that nobody reads: the new one, all set to begin,
 * asks the old one on the control socket for its sockets (method Takeover). The old one stops
 * reading before it hands them over, so what comes meanwhile waits in the kernel. */
#pragma once

#include <stdbool.h>

struct kept;

/* The new one: asks whoever listens at path, and puts what comes into kept (borrowed). Returns 0
 * with *ret_found telling whether anybody was there; or -errno, logged: then the old one still
 * serves. */
int takeover_ask(const char *path, struct kept *kept, bool *ret_found);
