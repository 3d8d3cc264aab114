/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The binary search in a sorted list. */
#pragma once

#include <stddef.h>

/* Sets place, a size_t, to the first index below count at which is_before is false, or to count.
 * is_before is an expression of index, whose name the caller chooses: true up to some index, and
 * false from there on. Evaluates count once, and is_before at most log2(count) + 1 times. */
#define SEARCH_FIRST(place, count, index, is_before)                                    \
	do {                                                                            \
		size_t search_end = (count);                                            \
                                                                                        \
		(place) = 0;                                                            \
		while ((place) < search_end) {                                          \
			size_t index = (place) + (search_end - (place)) / 2;            \
                                                                                        \
			if (is_before)                                                  \
				(place) = (index) + 1;                                  \
			else                                                            \
				search_end = index;                                     \
		}                                                                       \
	} while (0)
