/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which index of the mark stands for which limit, over time. An index means one limit as long as
 * any snapshot that uses it may be read, and the kernel's map has it before one does. Pure: whoever
 * keeps the book talks to the kernel. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/snapshot/mark_table.h"

struct mark_book;

/* Returns owned, or NULL (out of memory). */
struct mark_book *mark_book_new(uint32_t bits);
void mark_book_free(struct mark_book *book);

uint32_t mark_book_bits(const struct mark_book *book);

/* Gives each limit an index, those that have one keep it. Where there are too few, limits that lie
 * close together share the index of the smallest of them: never of a larger one.
 * limits, count  ascending, each once, none 0
 * New indices count as loaded only by mark_book_loaded. Returns 0 or -ENOMEM. */
int mark_book_plan(struct mark_book *book, const uint32_t *limits, size_t count);
/* The kernel's map has the new indices now; without success they are free again. */
void mark_book_loaded(struct mark_book *book, bool success);
/* No snapshot before the newest can be read any more and the map has none of the stale indices:
 * they are free. */
void mark_book_dropped(struct mark_book *book);

enum mark_slot_state {
	MARK_FRESH = 1, /* of the newest plan, not loaded yet */
	MARK_HELD = 2,  /* of the newest plan, loaded */
	MARK_STALE = 4, /* loaded, of plans before */
};

/* The entries in any of these states, in order of their index. Returns how many there are; writes
 * them where entries is given. */
size_t mark_book_list(const struct mark_book *book, unsigned int states,
		      struct mark_entry *entries);

/* What is loaded of the newest plan, as workers want it: owned (free), or NULL. */
struct mark_table *mark_book_table(const struct mark_book *book);

/* Limits of the newest plan that have no index of their own. */
size_t mark_book_sharing(const struct mark_book *book);
