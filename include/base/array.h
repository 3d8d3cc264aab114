/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays: how many elements one of fixed length has, the order of numbers, and one that grows,
 * whose pointer, length and capacity its owner keeps. */
#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/* The elements of an array, as a constant; nothing for a pointer. */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The order of two numbers as qsort wants it: below, at or above 0. */
static inline int array_order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Of two uint64_t, for qsort and bsearch: the smaller first. */
static inline int array_compare_u64(const void *a, const void *b)
{
	return array_order(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* Makes room for at least `need` elements of `size` bytes in *array, doubling *capacity.
 * Returns 0, or -ENOMEM with everything as it was. */
static inline int array_reserve(void **array, size_t *capacity, size_t need, size_t size)
{
	size_t wanted = *capacity ? *capacity : 16;
	void *grown;

	if (need <= *capacity)
		return 0;
	while (wanted < need) {
		if (wanted > SIZE_MAX / 2 / size)
			return -ENOMEM;
		wanted *= 2;
	}
	grown = realloc(*array, wanted * size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*capacity = wanted;
	return 0;
}

/* Appends a copy of *element to what has list, count and capacity (of elements). Returns 0, or
 * -ENOMEM with everything as it was. */
#define array_append(array, element)                                                       \
	__extension__({                                                                    \
		void *list_ = (array)->list;                                               \
		int r_ = array_reserve(&list_, &(array)->capacity, (array)->count + 1,      \
				       sizeof(*(array)->list));                            \
                                                                                           \
		(array)->list = list_;                                                     \
		if (r_ == 0)                                                               \
			(array)->list[(array)->count++] = *(element);                      \
		r_;                                                                        \
	})
