/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of offload_* chains as the kernel has them, by netlink. Only for src/edge/offload
 * and their tests. */
#pragma once

#include <stdint.h>

#include "edge/offload/offload_counts.h"
#include "edge/offload/offload_parse.h"

/* A rule of ours; its chain without the prefix. */
typedef int (*offload_rule_fn)(const struct offload_rule *rule, void *userdata);

/* Hands over all of them, in order; restart forgets what an interrupted dump gave. No table is no
 * rule. Returns 0, what take returned, or -errno. */
int offload_rules_dump(offload_rule_fn take, void (*restart)(void *userdata), void *userdata);

/* The counters of the rules. Returns 0 or -errno. */
int offload_rules_count(struct offload_counts *ret_counts);

/* Appends to offload_queue: counter, then xtables' NFQUEUE with bypass and, for more than one
 * queue, CPU fan-out (include/uapi/linux/netfilter/xt_NFQUEUE.h). Returns 0 or -errno. */
int offload_rules_add_queue(uint16_t first, uint16_t count);
