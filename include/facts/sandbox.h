/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process gives up before it reads anything. */
#pragma once

#include <stdbool.h>

/* Leaves no core dumps, cannot be traced or gain rights, and keeps of root's capabilities
 * CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE alone. own_network: moves into an empty network namespace
 * (a unit has one already); where that is refused it stays and the log says so.
 * Returns 0 or -errno, logged. */
int sandbox_enter(bool own_network);
