/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules of a plan have counted. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum offload_total {
	OFFLOAD_TAKEN,      /* SYNs that the kernel has done with */
	OFFLOAD_OVER_LIMIT, /* above the limit per source: neither, they pass unchanged */
	OFFLOAD_QUEUED,     /* sent to the queues; with those over the limit they are: */
	OFFLOAD_ODD_LAYOUT, /* options that nft edits wrongly, or not known to be usual */
	OFFLOAD_ODD_HEADER, /* fragments, and extension headers of IPv6 */
	OFFLOAD_NOT_KNOWN,  /* an interface, address or tiny MSS that the plan leaves to them */
	OFFLOAD_TOTALS
};

#define OFFLOAD_CHAIN_MAX 40

/* A rule's counter, since it was written. */
struct offload_count {
	/* The chain without "offload_": "out4_mss1380"; or what the rule is about: "out4_if7",
	 * SYNs that go out by interface 7. */
	char chain[OFFLOAD_CHAIN_MAX];
	uint64_t packets;
};

struct offload_counts {
	uint64_t totals[OFFLOAD_TOTALS];
	struct offload_count *list; /* the counters, in order of the chains; owned */
	size_t count;
};

void offload_counts_done(struct offload_counts *counts);
