/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process gives up for good: capabilities, core dumps, new privileges. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RIGHT(capability) (UINT64_C(1) << (capability))

/* Keeps of the capabilities at most those wanted, in every set of them: permitted, effective,
 * inheritable, ambient, and the bounding set where that is allowed (CAP_SETPCAP). Of the calling
 * thread. *ret_kept: what is permitted now. Returns 0 or -errno. */
int rights_keep(uint64_t wanted, uint64_t *ret_kept);

/* Whether the capabilities of the calling thread, and of those that it starts from now on, outlast
 * that the process becomes another user: setresuid(2) takes them from each thread. Where the kernel
 * does not allow it (CAP_SETPCAP) nothing changes. */
void rights_outlast_user(bool whether);

/* No core dumps, no ptrace(2) by others of the same user, and no gain by what is executed. Returns
 * 0 or -errno. */
int rights_close(void);
