/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel counts of fragments, this network namespace and all links together:
 * /proc/net/snmp and /proc/net/snmp6 (net/ipv4/proc.c, net/ipv6/proc.c). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

#define SNMP_UNKNOWN UINT64_MAX /* no such file, line or column */

struct snmp_fragments {
	uint64_t reassembled;       /* packets put together: ReasmOKs */
	uint64_t reassembly_failed; /* pieces of which none could be made: ReasmFails */
	uint64_t created;           /* pieces made here: FragCreates */
};
struct snmp_counters {
	struct snmp_fragments family[FAMILY_COUNT];
};

/* Pure: the text of /proc/net/snmp, and of /proc/net/snmp6. What is not in it, or not whole, is
 * SNMP_UNKNOWN. Never reads from len on. */
struct snmp_fragments snmp_parse_ipv4(const char *text, size_t len);
struct snmp_fragments snmp_parse_ipv6(const char *text, size_t len);

/* Both files, opened once and read again: those of the network namespace at that time. */
struct snmp;

/* Returns owned, or NULL (no memory). */
struct snmp *snmp_open(void);
struct snmp_counters snmp_read(const struct snmp *snmp);
void snmp_close(struct snmp *snmp);
