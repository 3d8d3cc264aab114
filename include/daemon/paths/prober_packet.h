/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets to the far ends of targets, and what is heard of them. */
#pragma once

#include "edge/probe/probe.h"
#include "policy/probe/probe_plan.h"

/* To the endpoint itself, the way that the tunnel's packets go; id, method and size are the
 * caller's to fill in. */
struct probe_packet prober_packet_outside(const struct probe_target *target);
/* What an order asks for. */
struct probe_packet prober_packet_of(const struct probe_order *order);
/* Tells the plan what was heard of a packet of its. */
void prober_packet_heard(struct probe_plan *plan, const struct probe_heard *heard, uint64_t now_ns);
