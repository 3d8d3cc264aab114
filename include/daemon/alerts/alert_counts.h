/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters that alerts watch, read from wherever each is kept. Control thread only. */
#pragma once

#include <stdint.h>

#include "daemon/alerts/alert_table.h"
#include "edge/probe/snmp.h"

struct daemon;

/* What of the kernel's counters is kept between two looks. */
struct alert_sources {
	struct snmp snmp;
	uint64_t sent_again; /* as the last look that knew it told it */
};

/* Pure: segments sent again without the SYNs and SYN-ACKs among them, which scanners cause. The two
 * are read one after the other: what would be less than last is a SYN between them. COUNT_UNKNOWN
 * where one is. */
uint64_t alert_counts_without_syns(uint64_t sent_again, uint64_t syns, uint64_t last);

/* Reads all counters once; those that cannot be read now are COUNT_UNKNOWN. */
void alert_counts_read(const struct daemon *daemon, struct alert_sources *sources,
		       uint64_t ret_counts[COUNT_NONE]);
