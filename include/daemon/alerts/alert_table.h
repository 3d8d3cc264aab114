/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is watched: one row an alert. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/alert.h"

struct config;

/* Counters that only rise, by which the alerts are reckoned. */
enum alert_count {
	COUNT_FRAGMENTS_IPV4, /* edge/probe/snmp */
	COUNT_FRAGMENTS_IPV6,
	COUNT_NOT_REASSEMBLED_IPV4,
	COUNT_NOT_REASSEMBLED_IPV6,
	COUNT_TCP_SENT,
	COUNT_TCP_SENT_AGAIN,
	COUNT_SYNS,            /* that workers saw */
	COUNT_SYNS_AGAIN,      /* those that had been seen before */
	COUNT_FAIL_OPEN,       /* SYNs that passed a full queue */
	COUNT_DROPPED,         /* SYNs that the kernel dropped from a queue */
	COUNT_PATH_MTU_FALLS,
	COUNT_REINSTALLED,     /* of the rules */
	COUNT_NONE,            /* also how many there are */
};

#define COUNT_UNKNOWN UINT64_MAX /* cannot be read now */

struct alert_row {
	const char *name;        /* label of mssclamp_alerts_firing, word in events and status */
	const char *setting;     /* its threshold: "alerts.fragments_per_second" */
	const char *unit;        /* behind a number: "IPv4 fragments made a second" */
	size_t threshold;        /* offset of the double in struct config */
	enum alert_measure measure;
	uint64_t window_ns;
	enum alert_count part, whole; /* whole: COUNT_NONE but for a share */
	uint64_t least;          /* see struct alert_rule */
	const char *message_id;  /* in the journal and its catalog */
};

extern const struct alert_row alert_rows[];
extern const size_t alert_row_count;

#define ALERT_CLEARED_MESSAGE_ID "1aa4f73aea1e4ef699500984e5c135d1"

/* By the configuration as it is now. */
struct alert_rule alert_row_rule(const struct alert_row *row, const struct config *config);
