/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line for people that an event comes to. Pure. */
#pragma once

#include "daemon/events/events.h"

/* From the rows of ListTunnels or ListPeers that the event carries: what differs and is worth a
 * word. Owned, or NULL (out of memory).
 *   wg0: new tunnel, kind wireguard, outer family ipv4, path MTU 1500 bytes, MSS4 1380, MSS6 1360
 *   wg0: peer alice: endpoint 192.0.2.7:51820 -> [2001:db8::7]:51820, MSS4 1380 -> 1360 (roaming)
 *   wg0: peer alice: path MTU 1500 -> 1433 bytes (probe), inner MTU 1420 -> 1360 bytes
 *   wg0: peer alice: gone */
char *event_text(const struct event *event);
