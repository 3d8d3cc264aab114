/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a snapshot the kernel can be told in tables of its own: for each interface and family one
 * limit for all addresses, or limits of single hosts and of ranges before that. What depends on
 * more (the packet mark, both addresses at once) stays with the queue.
 *
 * A side of a flow has the same limit in the plan as in the snapshot, or none and a reason why its
 * SYNs keep going to the queue. Control thread only. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/prefix/prefix.h"
#include "policy/snapshot/snapshot.h"

#define OFFLOAD_UNLIMITED 65535    /* an MSS that lowers no other: this side sets no limit */
#define OFFLOAD_ENTRIES_MAX 262144 /* of all interfaces together */

enum offload_why {
	OFFLOAD_KNOWN,   /* the kernel's tables tell */
	OFFLOAD_MARK,    /* a rule asks for a mark */
	OFFLOAD_PEER,    /* a rule asks for a peer and a prefix, which no table tells */
	OFFLOAD_IPSEC,   /* a policy covers every address */
	OFFLOAD_ENTRIES, /* more than OFFLOAD_ENTRIES_MAX prefixes */
	OFFLOAD_WHY_COUNT
};

/* As people read it: "a rule asks for a mark". */
const char *offload_why_text(enum offload_why why);

struct offload_range {
	struct address first, last; /* of one family; both are inside */
	uint16_t mss;               /* bytes */
};

struct offload_ranges {
	struct offload_range *list; /* in order, none reaches into another */
	size_t count, capacity;
};

enum offload_kind {
	OFFLOAD_HOSTS, /* single addresses: these say it where both do */
	OFFLOAD_NETS,  /* wider */
	OFFLOAD_KINDS
};

struct offload_link {
	uint32_t ifindex;
	enum family family;
	enum offload_why why; /* all below holds for OFFLOAD_KNOWN alone */
	uint16_t mss;         /* of addresses in no range: bytes */
	struct offload_ranges ranges[OFFLOAD_KINDS];
};

struct offload_plan {
	struct offload_link *links; /* by ifindex, then family */
	size_t count;
	/* A SYN with a smaller MSS is queued, whatever else holds; 0: none is. */
	uint16_t low_mss[FAMILY_COUNT];
	/* Remote sides of IPsec policies: whatever has one as source or destination is queued.
	 * The mss means nothing. */
	struct offload_ranges queued[FAMILY_COUNT];
};

/* The mode of the snapshot is offload. Returns 0 and the owned plan, or -ENOMEM. */
int offload_plan_build(const struct snapshot *snapshot, struct offload_plan **ret_plan);
/* NULL is fine. */
void offload_plan_free(struct offload_plan *plan);

/* Borrowed from the plan; NULL where it has no such interface. */
const struct offload_link *offload_plan_find(const struct offload_plan *plan, uint32_t ifindex,
					     enum family family);

/* The range that covers the address (4 or 16 bytes), or NULL. */
const struct offload_range *offload_ranges_find(const struct offload_ranges *ranges,
						const uint8_t *address);

/* Hands over what `from` has and `to` has not, whole ranges with their MSS. Both may be NULL for
 * none. */
void offload_ranges_missing(const struct offload_ranges *from, const struct offload_ranges *to,
			    void (*take)(void *userdata, const struct offload_range *range),
			    void *userdata);
