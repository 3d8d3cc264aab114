/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of offload_* chains as the kernel has them, by netlink (libnftnl). Only for
 * src/edge/offload*.c and their tests. */
#pragma once

#include <stdint.h>

#include "edge/offload.h"

/* A number that changes with every rule of these chains that comes, goes or is replaced: the kernel
 * gives each a handle of its own (net/netfilter/nf_tables_api.c nf_tables_alloc_handle). No chain
 * at all is one such number too. Returns 0 or -errno. */
int offload_rules_digest(uint64_t *ret_digest);

/* Returns 0 and owned counts, or -errno. */
int offload_rules_read_counts(struct offload_counts *ret_counts);

/* Appends to offload_queue: counter, then xtables' NFQUEUE with bypass and, for more than one
 * queue, CPU fan-out (include/uapi/linux/netfilter/xt_NFQUEUE.h). Returns 0 or -errno. */
int offload_rules_add_queue(uint16_t first, uint16_t count);
