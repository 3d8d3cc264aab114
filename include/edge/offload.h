/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan in the kernel: nft chains of table inet mssclamp, at priority -151, that lower the MSS of
 * the SYNs that nft edits as core/clamp does, and send all others to the queues. What stands there
 * outlives us and goes on clamping. Control thread only.
 *
 * A kernel without nft queue gets the queue as an extension of xtables, by nft_compat. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/offload.h"

struct offload_totals {
	uint64_t taken;        /* SYNs that the kernel has done with */
	uint64_t over_limit;   /* above the limit per source: neither, they pass unchanged */
	uint64_t queued;       /* sent to the queues; with over_limit, of those: */
	uint64_t odd_layout;   /* options that nft edits wrongly, or not known to be usual */
	uint64_t odd_header;   /* fragments, and extension headers of IPv6 */
	uint64_t not_known;    /* an interface or an address that the plan leaves to the queue */
};

struct offload_config {
	unsigned int hooks;    /* FIREWALL_* bits */
	uint16_t queue_first;
	uint16_t queue_count;  /* at least 1 */
	uint32_t per_source;   /* SYNs a second of one address that are queued; 0: all */
	bool has_nft_queue;    /* the kernel has nft's own queue statement */
	struct offload_totals *past; /* borrowed: gets what rules have counted that go */
};

struct offload;

/* Changes nothing in the kernel yet. Returns 0 and the owned offload, or -ENOMEM. */
int offload_new(const struct offload_config *config, struct offload **ret_offload);
/* What is in the kernel stays. NULL is fine. */
void offload_free(struct offload *offload);

/* Empties what is there and loads all of the plan, in several transactions: let the rules of the
 * queue stand meanwhile. Takes the plan on success; on failure nothing of ours catches a SYN any
 * more, and the plan in force before is kept for offload_reload. Returns 0, or -errno and in
 * *ret_error an owned text for people. */
int offload_load(struct offload *offload, struct offload_plan *plan, char **ret_error);
/* Leads from the plan in force to this one in one transaction: no SYN is without both. Takes the
 * plan on success; on failure load it. Returns as above. */
int offload_change(struct offload *offload, struct offload_plan *plan, char **ret_error);
/* As offload_load, with the plan in force. */
int offload_reload(struct offload *offload, char **ret_error);
/* The plan in force, or NULL. */
const struct offload_plan *offload_applied(const struct offload *offload);

/* Whether others have changed or removed what is ours: then offload_reload. Costs a question while
 * nobody changes any rule, a dump of our rules and elements where somebody does. Returns 1, 0, or
 * -errno. */
int offload_is_changed(struct offload *offload);

/* Before rules go by offload_clear: what they have counted is not forgotten. */
void offload_keep_counts(struct offload *offload);
/* Empties what any process has left, so that no SYN takes this way; base chains stay, empty, for
 * deleting one makes the kernel drop what waits in queues. Nothing there is no error. */
int offload_clear(char **ret_error);

#define OFFLOAD_CHAIN_MAX 40

/* A rule's counter, since it was written. */
struct offload_count {
	/* The chain without "offload_": "out4_mss1380"; or what the rule is about: "out4_if7",
	 * SYNs that go out by interface 7. */
	char chain[OFFLOAD_CHAIN_MAX];
	uint64_t packets;
};

struct offload_counts {
	struct offload_totals totals; /* what rules that were replaced have counted too */
	struct offload_count *list; /* the counters, in order of the chains; owned */
	size_t count;
};

/* The totals with what is in `past`; SYNs of the milliseconds in which rules are replaced may be
 * missing. Returns 0 or -errno. */
int offload_read_counts(const struct offload *offload, struct offload_counts *ret_counts);
void offload_counts_done(struct offload_counts *counts);
