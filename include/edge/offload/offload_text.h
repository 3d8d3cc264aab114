/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan in nft's language: the chains that lower the MSS inside the kernel, and the transaction
 * that leads from one plan to the next. Pure. Only for src/edge/offload and their tests.
 *
 * offload_forward, _output, _input   base chains before the queue rules; they send SYNs on
 * offload_syn                        which SYNs the kernel edits as core/clamp does
 * offload_in4, _in6, _out4, _out6    find the side's interface; in4 lowers at once where it can
 * offload_in4_if7, _out4_if7         an interface whose hosts or nets (maps) differ
 * offload_in4_mss1380, ...           all interfaces with that one limit
 * offload_queue                      to the queue */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "policy/offload/offload_order.h"

#define OFFLOAD_PREFIX "offload_"
#define OFFLOAD_PRIORITY (-151)

/* What does not come from the plan. */
struct offload_frame {
	unsigned int hooks;   /* FIREWALL_* bits */
	uint16_t queue_first;
	uint16_t queue_count; /* at least 1 */
	uint32_t per_source;  /* SYNs a second of one address, 0: no limit */
	bool queue_is_given;  /* the rule of offload_queue is added by other means */
};

/* The kernel edits a SYN of these as core/clamp does: one MSS option, first, and nothing that
 * forbids a change. Bytes are counted from the start of the TCP header. */
struct offload_layout {
	const char *name;
	unsigned int data_offset; /* of the TCP header, 32-bit words */
	struct {
		unsigned int byte; /* 0: none, and none behind it */
		uint32_t mask, value;
	} words[3];
};
extern const struct offload_layout offload_layouts[];
extern const size_t offload_layout_count;

enum offload_side { OFFLOAD_IN, OFFLOAD_OUT, OFFLOAD_SIDES };

extern const unsigned int offload_version[FAMILY_COUNT]; /* of IP, for names */

/* Source and destination address, as bits from the start of the IP header: what nft lists where an
 * address stands by name in such a rule, nft cannot load. */
extern const char *const offload_address_of[FAMILY_COUNT][OFFLOAD_SIDES];

extern const char *const offload_side[OFFLOAD_SIDES]; /* "in", "out" */

/* Writes all commands but those of the base chains. from NULL: nothing of ours is there. */
void offload_write(const struct offload_frame *frame, const struct offload_plan *from,
		   const struct offload_plan *to, FILE *out);
/* Whether elements are all that differs, so that no rule is written anew. */
bool offload_keeps_rules(const struct offload_plan *from, const struct offload_plan *to);
/* Rules but those of the base chains, and the sets of the limit per source; no chain, no map. */
void offload_write_rules(const struct offload_frame *frame, const struct offload_plan *plan,
			 FILE *out);
/* The base chains: last, so that no SYN enters before all stands. */
void offload_write_base_chains(const struct offload_frame *frame, FILE *out);

/* offload_syn, and what comes behind it for each family: which SYNs go on. */
void offload_write_syn_chains(FILE *out);

/* A plan, and whether its interfaces have an order. */
struct offload_view {
	const struct offload_plan *plan; /* borrowed */
	struct offload_order orders[FAMILY_COUNT];
};

/* The chains that find an interface; with a verb ("add", "flush") that for each of them, without
 * (NULL) their rules. */
void offload_write_dispatchers(const char *verb, const struct offload_view *view, FILE *out);

bool offload_is_known(const struct offload_link *link);
/* Whether its hosts or nets have limits of their own. */
bool offload_has_ranges(const struct offload_link *link);
/* Interfaces of one limit share a chain; each of the others has its own. */
void offload_write_chain_name(const struct offload_link *link, enum offload_side side, FILE *out);
/* Lowers to that many bytes. OFFLOAD_UNLIMITED: nothing. */
void offload_write_set(uint16_t mss, FILE *out);
/* That verb for each chain of interfaces, their rules, and deleting those that `to` has no more. */
void offload_write_each_chain(const char *verb, const struct offload_view *view, FILE *out);
void offload_write_link_chains(const struct offload_view *view, FILE *out);
void offload_write_unused_chains(const struct offload_view *from, const struct offload_view *to,
				 FILE *out);

/* NULL where the link (may be NULL) has none of that kind, and so no map. */
const struct offload_ranges *offload_ranges_of(const struct offload_link *link,
					       enum offload_kind kind);
void offload_write_map_name(const struct offload_link *link, enum offload_kind kind, FILE *out);
/* "0x0a000000-0x0affffff", or one address. */
void offload_write_range(const struct offload_range *range, FILE *out);
/* libnftables takes seconds for thousands of changes of one interval map, and none to fill one. */
#define OFFLOAD_NET_CHANGES_MAX 256

/* Whether a map changes by so much that another takes its place: then no rule may ask it. */
bool offload_is_map_replaced(const struct offload_link *from, const struct offload_link *to,
			     enum offload_kind kind);
/* Maps that stay change by the elements that do; new ones are made. from may be NULL. */
void offload_write_maps(const struct offload_plan *from, const struct offload_link *link,
			FILE *out);
/* Deletes the maps of a link that the next plan has no more. */
void offload_write_unused_maps(const struct offload_plan *to, const struct offload_link *link,
			       FILE *out);
