/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything a worker needs to find a flow's limit: built once, then only read.
 *
 * A flow has two sides, (in-interface, source) and (out-interface, destination); its limit is the
 * smaller of theirs. A side: the first matching rule, else the smallest of
 *   the link MTU,
 *   the route MTU metric for that address on that interface,
 *   what the link itself comes to as a tunnel,
 *   what the link's peer behind that address comes to: the one of the longest allowed prefix, even
 *   where nobody knows his limit (of two with one prefix the smaller limit, then the first; of the
 *   IPsec policies of a link the smallest whose prefix covers it),
 *   and, on any interface, what the IPsec policy comes to that covers TCP from the other side's
 *   address to this one.
 * A VRF stands for all its ports: their peers and routes by address, the narrowest of them else.
 * A tunnel that carries no packet of the family limits none. This host as a side (interface 0) has
 * no limit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clamp.h"
#include "core/packet.h"
#include "policy/prefix/prefix.h"
#include "policy/snapshot/mark_table.h"
#include "policy/snapshot/rules.h"
#include "policy/tunnel/tunnel.h"
#include "policy/tunnel/tunnel_set.h"

/* One next hop of one unicast route. */
struct route {
	struct prefix prefix;
	uint32_t ifindex;
	uint32_t mtu; /* RTAX_MTU in bytes, 0 without */
};

#define TUNNEL_ID_NONE 0 /* the counters of sides that are no tunnel */

struct snapshot_link {
	struct link link;
	uint32_t tunnel_id; /* which counters this link feeds: TUNNEL_ID_NONE or the caller's own */
};

/* SYNs that this host sends itself, to see what the kernel does with changed ones: from 127.0.0.1
 * to that port there. With their answers they are counted nowhere else. */
struct snapshot_check {
	uint16_t port;    /* 0: no check goes on */
	uint16_t changed; /* the source port of those that are sent back lowered */
	uint32_t mss;     /* to that many bytes */
};

/* What holds for every flow; it changes with a reload, so it travels with the snapshot. */
struct snapshot_mode {
	struct clamp_options clamp;
	bool audit; /* change nothing, count what would be done */
	bool offload; /* prefixes are kept for offload_plan_build: 24 bytes each */
	bool payload; /* the kernel takes changed packets back here */
	const struct mark_table *marks; /* what it lowers by marks; NULL: nothing */
	struct snapshot_check check;
};

struct snapshot_input {
	struct snapshot_mode mode;
	const struct snapshot_link *links;
	size_t link_count;
	const struct route *routes; /* all tables, IPv4 and IPv6 */
	size_t route_count;
	const struct rules *rules; /* may be NULL */
	struct tunnel_set *tunnels; /* may be NULL; taken on success. No peers on links it lacks */
	/* Counters of each peer, beside tunnels->peers; NULL: the peer's side counts for its link.
	 * Only those of IPsec policies matter: other peers have a link. */
	const uint32_t *peer_tunnel_ids;
};

struct flow {
	enum family family;
	uint32_t in_ifindex, out_ifindex; /* 0: this host */
	uint32_t mark;
	const uint8_t *source, *destination; /* 4 or 16 bytes */
};

enum flow_side { SIDE_IN, SIDE_OUT, SIDE_COUNT };

struct limit {
	uint32_t mss;           /* bytes; MSS_NONE: no side has a limit */
	uint32_t tunnel_id;     /* of the side that decided; of equal ones the out side. Where an
				 * IPsec policy decided, or a rule that names it: the policy's */
	enum flow_side decided; /* SIDE_OUT also where there is no limit */
	uint32_t in_tunnel_id;  /* of the tunnel it came out of; else TUNNEL_ID_NONE */
	uint32_t peer;          /* who is behind that side, a place in the set of tunnels: the
				 * policy where it decided, else the link's peer, else a policy
				 * that covers it other than in the clear; PEER_NONE without */
};

struct snapshot;
struct side_entry;

/* Borrows the input for the call, takes its tunnels on success. Returns 0 and the owned snapshot,
 * or -ENOMEM. */
int snapshot_build(const struct snapshot_input *input, struct snapshot **ret_snapshot);
/* Frees the tunnels too. NULL is fine. */
void snapshot_free(struct snapshot *snapshot);

/* The limit of a flow. Any number of threads at once; no allocation, no lock. */
struct limit snapshot_lookup(const struct snapshot *snapshot, const struct flow *flow);

/* The same in three steps, for who has many flows at hand: begin has a single address's place in
 * the tables fetched, find what was found there, so that another flow's step may pass the time.
 * Wider prefixes are searched by find itself. All steps of a flow ask one snapshot, and both its
 * addresses are read, whichever sides it has. */
struct snapshot_lookup {
	struct {
		size_t place; /* of the link */
		const struct side_entry *own, *any; /* of the link, of all links */
	} sides[SIDE_COUNT];
};

void snapshot_lookup_begin(const struct snapshot *snapshot, const struct flow *flow,
			   struct snapshot_lookup *ret_lookup);
void snapshot_lookup_find(const struct snapshot *snapshot, const struct flow *flow,
			  struct snapshot_lookup *lookup);
struct limit snapshot_lookup_end(const struct snapshot *snapshot, const struct flow *flow,
				 const struct snapshot_lookup *lookup);

/* What a side's limit comes from. Of equal ones the first in this list counts, but an IPsec policy
 * before all others. */
enum side_decided {
	DECIDED_NONE, /* no limit, and no rule says so */
	DECIDED_RULE,
	DECIDED_LINK,
	DECIDED_ROUTE,
	DECIDED_TUNNEL, /* the link's own resolved limit */
	DECIDED_PEER,
	DECIDED_SELECTOR,
};

/* One side, told in full: the same look-up that snapshot_lookup does. Each MTU is what that source
 * says, whoever decided: bytes, 0 without or unknown. */
struct side_limit {
	uint32_t mss;             /* bytes, MSS_NONE: this side sets no limit */
	enum side_decided decided;
	const struct rule *rule;  /* the rule that decided, borrowed from the snapshot, or NULL */
	size_t rule_index;        /* its place in the list */
	uint32_t link_mtu;
	uint32_t route_mtu;
	struct prefix route;      /* the prefix that gave route_mtu; valid where that is not 0 */
	uint32_t tunnel_mtu;      /* of the link as a tunnel */
	uint32_t peer;            /* the link's peer behind the address, PEER_NONE */
	uint32_t peer_mtu;
	uint32_t selector;        /* the IPsec policy that covers the flow, SELECTOR_NONE */
	uint32_t selector_mtu;    /* 0 also where it lets packets pass in the clear */
	uint32_t fits_mtu;        /* the smallest of these: what fits, whatever a rule allows */
	enum side_decided fits_by; /* whose that is: from DECIDED_LINK on; DECIDED_NONE: unknown */
	bool host;                /* the side is this host: all else is unset */
};

struct side_limit snapshot_lookup_side(const struct snapshot *snapshot, const struct flow *flow,
				       enum flow_side side);

/* Borrowed until the snapshot is freed; NULL where no such link. */
const struct snapshot_link *snapshot_find_link(const struct snapshot *snapshot, uint32_t ifindex);
const struct snapshot_link *snapshot_find_link_by_name(const struct snapshot *snapshot,
						       const char *name);
/* Its name, borrowed likewise; NULL where no such link. */
const char *snapshot_find_name(const struct snapshot *snapshot, uint32_t ifindex);
/* All links in order of ifindex. */
const struct snapshot_link *snapshot_links(const struct snapshot *snapshot, size_t *ret_count);

/* Those it was built with, borrowed until it is freed. */
const struct rules *snapshot_rules(const struct snapshot *snapshot);

const struct snapshot_mode *snapshot_mode(const struct snapshot *snapshot);

/* Each limit that a look-up may answer, ascending, each once. Returns 0 and the owned list (free),
 * or -ENOMEM. */
int snapshot_limits(const struct snapshot *snapshot, uint32_t **ret_limits, size_t *ret_count);

/* Before it is published: takes the table (may be NULL) into its mode. */
void snapshot_set_marks(struct snapshot *snapshot, struct mark_table *marks);

/* What the snapshot was built from, borrowed until it is freed; NULL without. Peers and selectors
 * above are places in its peers. */
const struct tunnel_set *snapshot_tunnels(const struct snapshot *snapshot);
