/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which system calls no program that a helper starts may make. */
#pragma once

#include "base/filter.h"

/* Other namespaces, mounts, modules, other processes, other people's files, clocks: refused. The
 * rest is allowed. Returns 0 and what filter_done frees, or -errno. */
int helper_filter_build(struct filter *ret_filter);
