/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of which one allocation fails, and a count of what is not freed: a test's malloc and its
 * kin take the place of the C library's. A sanitizer has a malloc of its own: there nothing fails.
 * Include cmocka.h first. */
#pragma once

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

static int memory_left = INT_MAX; /* allocations before the one that fails */
static long memory_held;          /* blocks */

#ifndef __SANITIZE_ADDRESS__
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);

static inline bool memory_fails(void)
{
	if (memory_left == INT_MAX || memory_left-- > 0)
		return false;
	memory_left = INT_MAX;
	errno = ENOMEM;
	return true;
}

static inline void *memory_hold(void *memory)
{
	memory_held += memory != NULL;
	return memory;
}

void *malloc(size_t size)
{
	return memory_fails() ? NULL : memory_hold(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return memory_fails() ? NULL : memory_hold(__libc_calloc(count, size));
}

void *realloc(void *memory, size_t size)
{
	if (memory_fails())
		return NULL;
	return memory ? __libc_realloc(memory, size) : memory_hold(__libc_realloc(NULL, size));
}

void *reallocarray(void *memory, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(memory, bytes);
}

void free(void *memory)
{
	memory_held -= memory != NULL;
	__libc_free(memory);
}
#endif

/* Lets each allocation that `run` makes fail once. It keeps nothing and returns -ENOMEM, or `other`;
 * when none fails, 0. */
static inline void memory_fail_each(int (*run)(void *userdata), void *userdata, int other)
{
	bool failed = true;

	for (int n = 0; failed; n++) {
		long held = memory_held;
		int r;

		memory_left = n;
		r = run(userdata);
		failed = memory_left == INT_MAX;
		memory_left = INT_MAX;
		if (failed ? r != -ENOMEM && r != other : r != 0)
			fail_msg("allocation %d: %d", n, r);
		if (memory_held != held)
			fail_msg("allocation %d: %ld blocks are kept", n, memory_held - held);
	}
}
