/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dead-man switch on the side of the control thread: when it stands by, when the kernel clamps
 * by route MTU instead of us, and why. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/config/config.h"
#include "daemon/events/events.h"

struct fallback;

enum fallback_state {
	FALLBACK_OFF,     /* nothing would clamp without us */
	FALLBACK_STANDBY, /* the kernel would */
	FALLBACK_ACTIVE,  /* the kernel does */
};

/* Once the queues have rules: puts the switch in force as configured, or empties what an earlier
 * process has left; clamping is the kernel's until the first fallback_beat. That it is not possible
 * here is logged and no error. Borrows events. Returns 0 and the owned fallback, or -ENOMEM. */
int fallback_open(const struct config *config, const struct events *events,
		  struct fallback **ret_fallback);
/* The rules stay. NULL is fine. */
void fallback_close(struct fallback *fallback);

/* As another configuration wants it. */
void fallback_configure(struct fallback *fallback, const struct config *config);

/* About once a second, while every queue is served: the kernel shall not act. Returns whether the
 * rules have to be looked at: somebody has removed them. */
bool fallback_beat(struct fallback *fallback);

/* The kernel clamps from now on, at once: why, a sentence for people that lives as long as the
 * program, or NULL where we end. */
void fallback_yield(struct fallback *fallback, const char *why);

/* Our rules are gone, and being put back: the kernel clamps until the end. Where the table is gone
 * with them, the switch is put back first, which takes a few ms. Twice is like once. Returns
 * whether it was put back. */
bool fallback_bridge(struct fallback *fallback);
/* Since when the kernel was told to, CLOCK_BOOTTIME; 0: it was not. */
uint64_t fallback_bridged_ns(const struct fallback *fallback);
void fallback_bridge_end(struct fallback *fallback);

/* Before a fallback is open: what an earlier process has left clamps from now on, so that no SYN
 * passes unclamped for which there is no worker any more. Without any, nothing happens. */
void fallback_yield_early(void);

enum fallback_state fallback_state(const struct fallback *fallback);
/* "standby", "active", "off". */
const char *fallback_state_name(enum fallback_state state);
/* Why it does not stand by, borrowed; NULL where it does. */
const char *fallback_reason(const struct fallback *fallback);
/* Why it is off or active though the configuration wants it on standby; else NULL. */
const char *fallback_problem(const struct fallback *fallback);

/* For daemon/firewall/guard: as heartbeat_check, heartbeat_apply and heartbeat_print; where the
 * switch is off, all is well and nothing is written. */
int fallback_check(struct fallback *fallback, bool *ret_ok, FILE *diff, char **ret_error);
int fallback_mend(struct fallback *fallback, char **ret_error);
void fallback_print(const struct fallback *fallback, FILE *out);
