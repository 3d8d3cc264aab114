/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which network namespace this is, and whose. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Whether the kernel takes changed packets back from NFQUEUE in this network namespace: since
 * Linux 7.1 (nfqnl_mangle) only where its owner is the initial user namespace; elsewhere each
 * changed packet is dropped without a word. true also where it cannot be found out. */
bool namespace_takes_changes(void);

/* A number that no other network namespace has while the machine runs (SO_NETNS_COOKIE): that of a
 * socket's namespace, and that of ours. 0 where the kernel cannot tell (before 5.14). */
uint64_t namespace_cookie_of(int socket_fd);
uint64_t namespace_cookie(void);
