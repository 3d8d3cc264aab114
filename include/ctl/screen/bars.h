/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often each MSS came and went, as bars side by side. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ctl/options/ctl.h"

#define BARS_MAX 8 /* values shown; the rest is one row "other" */

struct bar {
	uint64_t mss;  /* bytes */
	uint64_t from; /* the smallest where it stands for a range, else 0 or the same */
	uint64_t count;
	bool others;  /* all values that are not shown together */
};

/* The first values of an MssHistogram list, which has the most frequent first, then what is left
 * over; values that never came are stepped over. Returns how many; *ret_total is the sum of all. */
size_t bars_pick(const json_t *histogram, struct bar bars[BARS_MAX + 1], uint64_t *ret_total);

/* Prints "MSS that arrived" and "MSS that left", below each other on a narrow
 * screen; nothing where both are empty. */
void bars_print(const struct ctl *ctl, const json_t *before, const json_t *after);

/* The same with other titles. */
void bars_print_titled(const struct ctl *ctl, const char *left_title, const json_t *left,
		       const char *right_title, const json_t *right);
