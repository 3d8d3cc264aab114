/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel counts of packets that came in pieces, this network namespace and all links
 * together: /proc/net/snmp and /proc/net/snmp6 (net/ipv4/proc.c, net/ipv6/proc.c). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

#define SNMP_UNKNOWN UINT64_MAX /* no such file, line or column */

/* Pure: the packets put together (ReasmOKs) by the text of /proc/net/snmp, and of /proc/net/snmp6.
 * SNMP_UNKNOWN where that is not in it, or not whole. Never reads from len on. */
uint64_t snmp_parse_ipv4(const char *text, size_t len);
uint64_t snmp_parse_ipv6(const char *text, size_t len);

/* Both files, opened when they are read first and read again then: those of the network namespace
 * at that time. */
struct snmp {
	int fd[FAMILY_COUNT]; /* -1: not open */
};

void snmp_init(struct snmp *snmp);
void snmp_done(struct snmp *snmp);
/* Packets of both families put together since the machine started. SNMP_UNKNOWN where one of the
 * files cannot be read now; that there is none for IPv6 means that there is no IPv6. */
uint64_t snmp_reassembled(struct snmp *snmp);
