/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which user namespace our network namespace belongs to. */
#pragma once

#include <stdbool.h>

/* Whether the kernel takes changed packets back from NFQUEUE in this network namespace: since
 * Linux 7.1 (nfqnl_mangle) only where its owner is the initial user namespace; elsewhere each
 * changed packet is dropped without a word. true also where it cannot be found out. */
bool namespace_takes_changes(void);
