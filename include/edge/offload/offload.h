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

#include "edge/offload/offload_counts.h"
#include "policy/offload/offload.h"

/* Counters go with their rules; the totals go on. The caller's, zeroed once, for as long as they
 * are to run. */
struct offload_memory {
	uint64_t past[OFFLOAD_TOTALS]; /* of rules that are no more */
	uint64_t last[OFFLOAD_TOTALS]; /* what the rules had counted when it was read last */
};

struct offload_config {
	unsigned int hooks;    /* FIREWALL_* bits */
	uint16_t queue_first;
	uint16_t queue_count;  /* at least 1 */
	uint32_t per_source;   /* SYNs a second of one address that are queued; 0: all */
	bool has_nft_queue;    /* the kernel has nft's own queue statement */
	struct offload_memory *memory; /* borrowed: is told before rules go */
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
 * plan on success; on failure load it. Returns as above, -EBUSY where others have changed what
 * is ours. */
int offload_change(struct offload *offload, struct offload_plan *plan, char **ret_error);
/* Of all its maps. */
size_t offload_count_elements(const struct offload_plan *plan);
/* As offload_load, with the plan in force. */
int offload_reload(struct offload *offload, char **ret_error);
/* The plan in force, or NULL. */
const struct offload_plan *offload_applied(const struct offload *offload);

/* Whether others have changed or removed what is ours: then offload_reload. Costs a question while
 * nobody changes any rule, a dump of our rules and elements where somebody does. Returns 1, 0, or
 * -errno. */
int offload_is_changed(struct offload *offload);

/* Empties what any process has left, so that no SYN takes this way; base chains stay, empty, for
 * deleting one makes the kernel drop what waits in queues. Nothing there is no error. */
int offload_clear(char **ret_error);

/* The totals by the memory: what was counted between the last reading and the moment when somebody
 * replaced rules is missing. We read before we do; so ask now and then. Returns 0 or -errno. */
int offload_read_counts(struct offload_memory *memory, struct offload_counts *ret_counts);
/* Only so that the memory sees what is counted now, before and behind a change of the rules. What
 * cannot be read stops nothing. */
void offload_look_at_counts(struct offload_memory *memory);
