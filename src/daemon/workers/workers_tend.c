/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/workers/workers_tend.h"

#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/firewall/fallback.h"
#include "daemon/firewall/guard.h"
#include "daemon/workers/standstill.h"
#include "daemon/workers/worker_state.h"

/* The kernel must not refuse verdicts: such a packet is not clamped and perhaps not let pass. */
static void log_refused_verdicts(struct daemon *daemon)
{
	uint64_t refused = workers_refused(daemon->workers), suppressed;

	if (refused > daemon->refused_seen &&
	    log_may_speak(&daemon->refused_limit, clock_boottime_ns(), 10 * NS_PER_SECOND,
			  &suppressed)) {
		log_print(LOG_ERR, "queues: the kernel refused %llu verdicts; has mssclampd lost "
				   "CAP_NET_ADMIN, or does a security module forbid them?",
			  (unsigned long long)(refused - daemon->refused_seen));
		daemon->refused_seen = refused;
	}
}

void workers_tend(struct daemon *daemon, enum worker_state state)
{
	if (state != WORKER_OK)
		fallback_yield(daemon->fallback, worker_state_text(state));
	workers_mend(daemon->workers);
	if (state == WORKER_OK && workers_serve_all(daemon->workers) &&
	    fallback_beat(daemon->fallback)) {
		guard_look(daemon->guard);
		fallback_beat(daemon->fallback);
	}
	log_refused_verdicts(daemon);
}

enum worker_state workers_vouch(struct daemon *daemon)
{
	enum worker_state state = workers_check(daemon->workers);

	/* This thread looks each second, whatever it waits for. */
	standstills_note(&daemon->standstills, workers_take_unseen_ns(daemon->workers),
			 clock_boottime_ns(), &daemon->events);
	if (state <= WORKER_OUSTED)
		sd_notify(0, "WATCHDOG=1");
	return state;
}
