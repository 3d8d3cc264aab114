/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel has of ours as a few numbers: others have changed something where they differ. By
 * netlink. Only for src/edge/offload and their tests. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/offload/offload.h"

struct offload_digest {
	uint64_t value; /* of the table's flags, the chains and their hooks, the rules */
	size_t rules;
};

/* Each rule has a handle of its own, and one that takes its place another (nf_tables_api.c
 * nf_tables_alloc_handle); chains are told by hook, priority and policy. Returns 0 or -errno. */
int offload_digest_read(struct offload_digest *ret_digest);

/* The elements of all maps of the plan, in whatever order the kernel has them. Returns as above. */
int offload_digest_read_elements(const struct offload_plan *plan, uint64_t *ret_digest);
