/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process gives up before it reads anything. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Leaves no core dumps, cannot be traced or gain rights, keeps of root's capabilities
 * CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE alone, and makes no system calls but those that its work
 * needs: the rest is refused with EPERM. own_network: moves into an empty network namespace
 * (a unit has one already); where that is refused it stays and the log says so.
 * Returns 0 or -errno, logged. */
int facts_sandbox_enter(bool own_network);

/* Logs which system calls were refused, if any, each once a minute. To be called now and then. */
void facts_sandbox_report(uint64_t now_ns);
