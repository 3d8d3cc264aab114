/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a snapshot the kernel can be told in tables of its own: for each interface and family one
 * limit for all addresses, or prefixes of which the longest that covers an address tells. What
 * depends on more (the packet mark, both addresses at once) stays with the queue.
 *
 * A side of a flow has the same limit in the plan as in the snapshot, or none and a reason why its
 * SYNs keep going to the queue. Control thread only. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/prefix.h"
#include "policy/snapshot.h"

#define OFFLOAD_UNLIMITED 65535    /* an MSS that lowers no other: this side sets no limit */
#define OFFLOAD_LENGTHS_MAX 16     /* a look-up each */
#define OFFLOAD_ENTRIES_MAX 262144 /* of all interfaces together */

enum offload_why {
	OFFLOAD_KNOWN,   /* the kernel's tables tell */
	OFFLOAD_RULES,   /* a rule asks for a mark, or for a peer and a prefix */
	OFFLOAD_IPSEC,   /* a policy covers every address */
	OFFLOAD_LENGTHS, /* prefixes of more than OFFLOAD_LENGTHS_MAX lengths */
	OFFLOAD_ENTRIES, /* more than OFFLOAD_ENTRIES_MAX prefixes */
	OFFLOAD_WHY_COUNT
};

/* As people read it: "a rule asks for a mark". */
const char *offload_why_text(enum offload_why why);

struct offload_entry {
	struct prefix prefix; /* never of length 0 */
	uint16_t mss;         /* bytes */
};

struct offload_link {
	uint32_t ifindex;
	enum family family;
	enum offload_why why;          /* all below holds for OFFLOAD_KNOWN alone */
	uint16_t mss;                  /* of addresses in no prefix: bytes */
	struct offload_entry *entries; /* the longest prefixes first, then by address */
	size_t count;
};

struct offload_plan {
	struct offload_link *links; /* by ifindex, then family */
	size_t count;
	/* Remote sides of IPsec policies: whatever has one as source or destination is queued.
	 * The longest first, then by address. */
	struct prefix *queued[FAMILY_COUNT];
	size_t queued_count[FAMILY_COUNT];
};

/* The snapshot was built with keep_prefixes. Returns 0 and the owned plan, or -ENOMEM. */
int offload_plan_build(const struct snapshot *snapshot, struct offload_plan **ret_plan);
/* NULL is fine. */
void offload_plan_free(struct offload_plan *plan);

/* Borrowed from the plan; NULL where it has no such interface. */
const struct offload_link *offload_plan_find(const struct offload_plan *plan, uint32_t ifindex,
					     enum family family);

/* Whether an IPsec policy may cover the address (4 or 16 bytes). */
bool offload_plan_is_queued(const struct offload_plan *plan, enum family family,
			    const uint8_t *address);

/* What the kernel's tables say of that address (4 or 16 bytes): the MSS in bytes. */
uint16_t offload_link_mss(const struct offload_link *link, const uint8_t *address);

/* From what one link has to what it shall have: an entry whose value changes is told as both. */
enum offload_change { OFFLOAD_DELETE, OFFLOAD_ADD };
typedef int (*offload_change_fn)(void *userdata, enum offload_change change,
				 const struct offload_entry *entry);
/* Deletions and additions of one prefix follow each other. Stops where change returns other than 0,
 * and returns that. */
int offload_entries_diff(const struct offload_link *from, const struct offload_link *to,
			 offload_change_fn change, void *userdata);
