/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to be done in order where a worker fails: the kernel acts before SYNs pass it, and until
 * they come to it again. Control thread only. */
#pragma once

#include "daemon/workers/workers.h"

struct daemon;

/* Feeds systemd's watchdog if every worker beats. Returns what workers_check does. */
enum worker_state workers_vouch(struct daemon *daemon);

/* Behind each workers_vouch of the loop, which brought that state: hands over to the fallback or
 * gives a sign of life, mends the workers, and says where the kernel refuses verdicts. */
void workers_tend(struct daemon *daemon, enum worker_state state);
