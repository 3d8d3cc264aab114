/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nft rules that lower the MSS option of SYNs whose verdict says by bits of the mark to what,
 * and take the bits off again: chains mark_forward, mark_output and mark_input of table inet
 * mssclamp, at priority -149, right behind the queue. In output the bits stand in the priority
 * (edge/queue/queue_answer.h says why), so that hook has a map of its own.
 *
 * As edge/firewall/firewall.h says, a base chain is never deleted while a daemon lives: one that is
 * not wanted any more is emptied. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "policy/snapshot/mark_table.h"

struct mark_plan {
	unsigned int hooks; /* FIREWALL_* bits; 0: no rules at all */
	uint32_t bits;      /* ours, not 0 */
	const struct mark_entry *entries; /* borrowed for the call, in any order */
	size_t count;
};

struct mark;

/* Finds out, without changing anything, whether the kernel has what the rules need. *ret_error gets
 * an owned text for people on failure. Returns 0 and the owned mark, or -errno. */
int mark_open(struct mark **ret_mark, char **ret_error);
/* The rules stay. */
void mark_close(struct mark *mark);

/* Writes what mark_apply loads, as an nft file. Pure. */
void mark_print(const struct mark_plan *plan, FILE *out);

/* Puts chains, rules and maps in force, in one transaction: no SYN meets a part of them. Twice is
 * like once. *ret_error as above. */
int mark_apply(struct mark *mark, const struct mark_plan *plan, char **ret_error);

/* Whether all is as mark_apply has left it. It costs one question to the kernel as long as
 * nobody has changed a rule since. diff, where given, gets lines "- expected", "+ live". Returns 0
 * or -errno. */
int mark_check(struct mark *mark, bool *ret_ok, FILE *diff, char **ret_error);

/* Whether mark_check would have to look closer: somebody has changed some rule since. */
bool mark_is_news(const struct mark *mark);

/* Empties the chains of former times; without any, nothing is done. */
int mark_clear(char **ret_error);
