/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the kernel lets SYNs through that came back changed from NFQUEUE: since Linux 7.1 not in
 * every network namespace, and it drops them without a word. Found out by SYNs of our own, two
 * connections over lo that our own rules send to our own workers: one is left as it is, one is
 * lowered. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/snapshot/snapshot.h"

enum payload_check_result {
	PAYLOAD_TAKEN,   /* the lowered SYN has arrived, lowered */
	PAYLOAD_REFUSED, /* it was answered and has not arrived, while one that was left has */
	PAYLOAD_UNKNOWN, /* neither can be said: lo is down, or nothing queues its SYNs */
};

struct payload_check_ops {
	/* The workers treat SYNs by this check from the moment it returns. Returns 0 or -errno. */
	int (*begin)(void *userdata, const struct snapshot_check *check);
	/* SYNs of a check that workers have answered since the start. */
	uint64_t (*answered)(void *userdata);
	void *userdata;
};

/* What has been seen. Pure. */
struct payload_check_seen {
	bool left_answered, left_arrived;       /* the SYN that was left as it is */
	bool lowered_answered, lowered_arrived;
	uint32_t arrived_mss;                   /* of the lowered one, as its receiver took it */
};
enum payload_check_result payload_check_judge(const struct snapshot_check *check,
					      const struct payload_check_seen *seen);

/* Takes a few milliseconds, or where a SYN is lost at most a second. Leaves nothing behind; begin
 * has been called at most once: end the check. */
enum payload_check_result payload_check_run(const struct payload_check_ops *ops);
