/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of mark mode in nft's language, in pieces: for src/edge/firewall/mark*.c and their
 * tests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "edge/firewall/mark.h"

#define MARK_HOOKS 3

struct mark_hook {
	unsigned int hook;  /* FIREWALL_* bit */
	const char *name;   /* nft's */
	const char *chain;  /* ours there */
	const char *field;  /* what has the bits: "mark" or "priority" */
	const char *map;
};
extern const struct mark_hook mark_hooks[MARK_HOOKS];

/* Whether no hook before it in the list has the same map. */
bool mark_text_has_own_map(size_t hook);

/* Without entries nothing is written. */
void mark_text_elements(const struct mark_hook *hook, const struct mark_entry *entries,
			size_t count, FILE *out);
/* What can be tried in a dry run. */
void mark_text_try(FILE *out);
