/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mode offload: keeps the kernel's own tables as the snapshot in force says. Where they cannot be
 * made, the queue does all, and it is said why. Control thread only. */
#pragma once

#include <jansson.h>
#include <systemd/sd-event.h>

#include "daemon/firewall/guard.h"
#include "edge/offload/offload.h"
#include "policy/snapshot/slot.h"

struct offloader;

enum offloader_state {
	OFFLOADER_OFF,    /* another mode */
	OFFLOADER_ACTIVE,
	OFFLOADER_FAILED, /* the queue does all; tried again now and then */
};

/* Empties what an earlier process left, where the mode in force is another one. Borrows all for its
 * life. Logs what went wrong. Returns 0 and the owned offloader, or -errno. */
int offloader_open(sd_event *event, struct guard *guard, const struct slot *slot,
		   struct offloader **ret_offloader);
/* What is in the kernel stays and goes on clamping. NULL is fine. */
void offloader_close(struct offloader *offloader);

/* To be called behind each snapshot that is published, and when the hooks change. */
void offloader_follow(void *offloader);

/* SYNs above the limit per source, which it has counted since the daemon started. */
uint64_t offloader_over_limit(struct offloader *offloader);

enum offloader_state offloader_state(const struct offloader *offloader);
/* "active", "off", "failed". */
const char *offloader_state_name(enum offloader_state state);
/* Why the rules stand without the limit per source, or NULL. */
const char *offloader_no_limit(const struct offloader *offloader);
/* Why it failed; means nothing in other states. */
const char *offloader_why(const struct offloader *offloader);
/* The plan in the kernel, or NULL. */
const struct offload_plan *offloader_plan(const struct offloader *offloader);
/* Returns 0, or -errno: -ENOENT where it is not active. */
int offloader_read_counts(struct offloader *offloader, struct offload_counts *ret_counts);
/* How long the last change took, seconds. */
double offloader_took(const struct offloader *offloader);
