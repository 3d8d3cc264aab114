/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log says of probes: each thing once, rate-limited. */
#pragma once

#include <stdbool.h>

#include "base/log.h"
#include "core/packet.h"
#include "edge/probe/probe.h"
#include "policy/probe/probe_plan.h"

/* Zeroed before the first. */
struct prober_log {
	int ping[FAMILY_COUNT];      /* how trying to ping ended, as last told */
	struct log_ratelimit refused, silent;
};

/* A measurement has ended. That a path changed is told by daemon/discovery/peer_changes; here,
 * why. */
void prober_log_report(struct prober_log *log, const struct probe_report *report, bool in_force);
/* The kernel did not send a packet: error is -errno. */
void prober_log_refusal(struct prober_log *log, const struct probe_packet *packet, int error);
/* Whether ping sockets can be had in each family: errors are 0 or -errno. Told where it is news;
 * a family that this host does not have is none. */
void prober_log_ping(struct prober_log *log, const int errors[FAMILY_COUNT]);
