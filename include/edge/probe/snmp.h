/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel counts of packets in pieces and of TCP segments sent again, this network
 * namespace and all links together: /proc/net/snmp, snmp6 and netstat (net/ipv4/proc.c,
 * net/ipv6/proc.c). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"

#define SNMP_UNKNOWN UINT64_MAX /* no such file, line or column */

/* Since the machine started, or the namespace. */
enum snmp_counter {
	SNMP_REASSEMBLED_IPV4,     /* packets put together */
	SNMP_REASSEMBLED_IPV6,
	SNMP_NOT_REASSEMBLED_IPV4, /* times that putting together was given up */
	SNMP_NOT_REASSEMBLED_IPV6,
	SNMP_FRAGMENTS_IPV4,       /* pieces made here */
	SNMP_FRAGMENTS_IPV6,
	SNMP_TCP_SENT,             /* segments of both families, those sent again not among them */
	SNMP_TCP_SENT_AGAIN,
	SNMP_COUNTERS
};

struct snmp_counts {
	uint64_t value[SNMP_COUNTERS];
};

/* Pure: the counters that /proc/net/snmp has, and those of /proc/net/snmp6; the others stay as they
 * are. SNMP_UNKNOWN where one is not in the text, or not whole. Never reads from len on. */
void snmp_parse_ipv4(const char *text, size_t len, struct snmp_counts *counts);
void snmp_parse_ipv6(const char *text, size_t len, struct snmp_counts *counts);

/* Pure: one counter by its names, "TcpExt:" and "IPReversePathFilter", of a text as /proc/net/snmp
 * and netstat are. SNMP_UNKNOWN as above. */
uint64_t snmp_find(const char *text, size_t len, const char *line, const char *column);

/* Both files, opened when they are read first and read again then: those of the network namespace
 * at that time. */
struct snmp {
	int fd[FAMILY_COUNT]; /* -1: not open */
};

void snmp_init(struct snmp *snmp);
void snmp_done(struct snmp *snmp);
/* All counters now. Those of a file that cannot be read are SNMP_UNKNOWN; that there is none for
 * IPv6 means that there is no IPv6: zeros. */
void snmp_read(struct snmp *snmp, struct snmp_counts *ret_counts);
/* The sum of two, SNMP_UNKNOWN where one of them is. */
uint64_t snmp_sum(uint64_t one, uint64_t other);
/* The SYNs and SYN-ACKs among SNMP_TCP_SENT_AGAIN, as /proc/net/netstat says now; SNMP_UNKNOWN
 * where it does not. Whoever scans a server has each SYN-ACK sent again, whatever the path
 * carries. */
uint64_t snmp_syns_sent_again(void);
/* Pure: the same of a text that was read there. */
uint64_t snmp_syns_of(const char *text, size_t len);
/* Packets of both families put together, as snmp_read tells it. */
uint64_t snmp_reassembled(struct snmp *snmp);
