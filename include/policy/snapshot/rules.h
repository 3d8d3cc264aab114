/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ordered rules of the configuration, and temporary limits in front of them. A rule speaks of
 * one side of a flow. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/prefix/prefix.h"

enum rule_action {
	RULE_MSS,    /* value is the MSS: 88 to 65495 bytes, both families unless family is given */
	RULE_MTU,    /* value is the IP packet size: 128 to 65535 bytes */
	RULE_IGNORE, /* this side sets no limit */
};

struct rule {
	char *interface;      /* name or glob (fnmatch), NULL: any */
	char *peer;           /* stable id or name of a peer, NULL: any */
	bool has_prefix, has_mark, has_family;
	struct prefix prefix;
	uint32_t mark_value, mark_mask;
	enum family family;
	enum rule_action action;
	uint32_t value;
	uint64_t until_ns;    /* CLOCK_BOOTTIME at which a temporary limit ends; 0: it is of the
			       * configuration and stays */
	char *text;           /* as people know it: "rules[1] interface=wan6 mss=1360" */
};

struct rules {
	struct rule *list; /* first match wins */
	size_t count;
};

/* Takes nothing; returns an owned deep copy or NULL (out of memory). */
struct rules *rules_copy(const struct rules *rules);
void rules_free(struct rules *rules);
void rule_done(struct rule *rule);

/* Whether the rule can match on that interface at all, whatever the address and the mark.
 * interface is NULL where the link has no name yet: only rules without interface match then. */
bool rule_covers_interface(const struct rule *rule, const char *interface);

/* Who is behind an address, as a rule may name him; NULL: nobody is known, or has no such name. */
struct rule_peer {
	const char *id, *name;
};

#define RULE_PEERS 2 /* the peer of the tunnel, and the IPsec policy */

/* One side of a flow, as rules look at it. */
struct rule_side {
	const char *interface; /* NULL where the link has no name yet */
	enum family family;
	const uint8_t *address; /* 4 or 16 bytes */
	uint32_t mark;
	struct rule_peer peers[RULE_PEERS];
};

/* Whether the rule asks for a peer and this is one: its id or name, exactly. */
bool rule_names_peer(const struct rule *rule, const struct rule_peer *peer);

/* All keys against one side, slowly: the truth that the compiled tables are tested against. */
bool rule_matches(const struct rule *rule, const struct rule_side *side);

/* Where a rule comes from, as replies tell a source: "config" or "override". */
const char *rule_source_name(const struct rule *rule);

/* The MSS limit a matching rule gives to a family, MSS_NONE for ignore. */
uint32_t rule_mss(const struct rule *rule, enum family family);
