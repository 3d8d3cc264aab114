/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/waiting.h"

#include <signal.h>
#include <stddef.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/patience.h"
#include "daemon/daemon.h"
#include "daemon/workers/workers.h"
#include "daemon/workers/workers_tend.h"

#define END_NS (30 * NS_PER_SECOND)

/* A worker's SYNs had better be clamped by the kernel, which is asked to before they pass: a short
 * wait, such as for that, changes nothing. In a long one they pass as they are. */
#define RELIEF_NS (5 * NS_PER_SECOND)

/* From each time on that it is said; it never makes the time shorter. */
#define MORE_TIME "EXTEND_TIMEOUT_USEC=15000000"

bool waiting_is_told_to_end(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGTERM) > 0 || sigismember(&pending, SIGINT) > 0);
}

static bool on_begin(void *userdata)
{
	(void)userdata;
	sd_notify(0, MORE_TIME);
	return !waiting_is_told_to_end();
}

static bool on_serve(void *userdata)
{
	const struct daemon *daemon = userdata;

	workers_vouch(userdata);
	workers_relieve(daemon->workers, RELIEF_NS);
	return !waiting_is_told_to_end();
}

static bool on_end(void *userdata)
{
	const struct daemon *daemon = userdata;

	sd_notify(0, MORE_TIME);
	return clock_monotonic_ns() - daemon->end_ns < END_NS;
}

void waiting_begin(void)
{
	patience_tell(on_begin, NULL);
}

void waiting_serve(struct daemon *daemon)
{
	patience_tell(on_serve, daemon);
}

void waiting_end(struct daemon *daemon)
{
	daemon->end_ns = clock_monotonic_ns();
	patience_tell(on_end, daemon);
}
