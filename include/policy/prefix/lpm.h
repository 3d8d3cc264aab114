/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Longest-prefix match, built once and then only read: prefixes are laid flat into the ranges
 * between their borders, so a look-up is one branch-free binary search. Single addresses, where
 * there are many, stand in a hash table before that. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/prefix/prefix.h"

#define LPM_NONE UINT32_MAX /* no prefix covers the address */

struct lpm_entry {
	struct prefix prefix;
	uint32_t value; /* the caller's, not LPM_NONE */
};

/* Of two entries, for qsort: by prefix_compare, whatever their values. */
int lpm_entry_compare(const void *a, const void *b);
bool lpm_entries_are_sorted(const struct lpm_entry *entries, size_t count);

struct lpm;

/* Borrows entries for the call and sorts them in place; all are of one family, no prefix stands
 * twice. inherit, where given, makes the value of an entry from its own and from that of the next
 * wider prefix that covers it (already made); without it the own value counts alone.
 * Returns 0 and the owned table, -ENOMEM or -EINVAL (mixed families, a prefix twice). */
int lpm_build(enum family family, struct lpm_entry *entries, size_t count,
	      uint32_t (*inherit)(void *userdata, uint32_t own, uint32_t wider), void *userdata,
	      struct lpm **ret_lpm);
void lpm_free(struct lpm *lpm);

/* A table for lpm_ranges: single addresses are ranges in it too. Otherwise as lpm_build. */
int lpm_build_ranges(enum family family, struct lpm_entry *entries, size_t count,
		     struct lpm **ret_lpm);

/* Hands over the ranges that a prefix covers, in order; neighbours have different values, or a gap
 * between them. Stops where take returns other than 0, and returns that. */
int lpm_ranges(const struct lpm *lpm,
	       int (*take)(void *userdata, const struct address *first,
			   const struct address *last, uint32_t value), void *userdata);

/* The value of the longest prefix that covers address (4 or 16 bytes), or LPM_NONE. A NULL table is
 * empty. */
uint32_t lpm_lookup(const struct lpm *lpm, const uint8_t *address);

/* Has the memory fetched that a look-up of a single address will ask first. A hint, of use where
 * something else is done before the look-up. */
void lpm_fetch(const struct lpm *lpm, const uint8_t *address);
