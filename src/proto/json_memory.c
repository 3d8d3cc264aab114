/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/json_memory.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdlib.h>

/* jansson's functions take no argument to find it by. Relaxed: a number of its own. */
static atomic_ulong failures;

static void *allocate(size_t size)
{
	void *memory = malloc(size);

	if (!memory)
		atomic_fetch_add_explicit(&failures, 1, memory_order_relaxed);
	return memory;
}

void json_memory_watch(void)
{
	json_set_alloc_funcs(allocate, free);
}

unsigned long json_memory_failures(void)
{
	return atomic_load_explicit(&failures, memory_order_relaxed);
}
