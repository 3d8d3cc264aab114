/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of iperf3 as a client. */
#pragma once

#include <stdint.h>

#define IPERF_OUTPUT_MAX (4u << 20) /* bytes of an answer that is taken */

/* Is called several times a second while it runs. */
typedef void iperf_tick(void *userdata);

/* Runs argv[0], a full path, to its end, until timeout_ns have passed or interrupt_fd (-1: none)
 * becomes readable; then, and when this process dies, the child is killed.
 * Returns 0 with what it wrote to stdout, NUL-terminated and owned; -EINTR; -ETIME; -E2BIG; or what
 * starting it said. Exit codes do not matter: errors stand in the answer. */
int iperf_run(const char *const argv[], uint64_t timeout_ns, int interrupt_fd, iperf_tick *tick,
	      void *userdata, char **ret_output);
