/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which system calls the threads of mssclampd may make: tables, for base/filter. */
#pragma once

#include "base/filter.h"

/* A worker: it reads and writes one netlink socket that is open. Nothing is opened, started or
 * executed. Returns 0 and what filter_done frees, or -errno. */
int filters_build_worker(struct filter *ret_filter);

/* The control thread, and whatever it starts: sockets of four families, files without set-ID bits,
 * threads; copies of itself (fork), which stay under the filter, and of the signals to others
 * SIGKILL alone, for such a copy's end. No program, no namespace, no executable memory. Built for
 * the process that calls. Returns as above. */
int filters_build_control(struct filter *ret_filter);
