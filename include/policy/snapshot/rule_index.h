/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules by what they ask for, so that the tables of a thousand links and ten thousand peers are
 * made without looking at each rule for each of them. Built once, then only read. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy/snapshot/rules.h"

#define RULE_NONE UINT32_MAX

/* A rule that asks for a peer. Rules that name the same one are neighbours, in order. */
struct named_rule {
	uint64_t hash; /* of the rule's peer */
	uint32_t rule; /* place in the list */
	bool last;     /* of those with this name */
};

struct place_list {
	uint32_t *places; /* in the list of rules */
	size_t count;
};

struct rule_index {
	const struct rules *rules;       /* borrowed */
	uint32_t plain[FAMILY_COUNT];    /* first that asks for a family at most, RULE_NONE */
	struct place_list prefixed;      /* those with a prefix and perhaps a family */
	struct place_list literal, glob; /* with an interface besides, by its name | glob */
	struct place_list slow;          /* by mark, or peer and prefix: looked at one by one */
	struct named_rule *named;        /* by peer and perhaps interface and family */
	size_t named_count;
};

/* Borrows the rules as long as the index lives. Returns 0 or -ENOMEM. */
int rule_index_init(struct rule_index *index, const struct rules *rules);
/* A zeroed index is fine. */
void rule_index_done(struct rule_index *index);

/* Those of literal and glob that cover the interface (NULL: it has no name, and none does), in no
 * order. ret_places has room for literal.count + glob.count. Returns how many. */
size_t rule_index_of_interface(const struct rule_index *index, const char *interface,
			       uint32_t *ret_places);

/* The place in `named` of the first rule for a peer of that id or name (NULL fits none), or
 * RULE_NONE. */
uint32_t rule_index_find_named(const struct rule_index *index, const char *text);

/* The first rule from there on, of the same name, that holds for interface and family and comes
 * before best; else best. named may be RULE_NONE. */
uint32_t rule_index_first_named(const struct rule_index *index, uint32_t named,
				const char *interface, enum family family, uint32_t best);
