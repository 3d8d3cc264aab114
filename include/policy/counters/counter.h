/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A number that one thread writes and anyone reads. A relaxed atomic: a reader wants a recent
 * number and no order between numbers. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter;

/* Writer only: a plain add, not a locked one, because nobody else writes this cell. */
static inline void counter_add(counter *cell, uint64_t n)
{
	atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static inline void counter_set(counter *cell, uint64_t value)
{
	atomic_store_explicit(cell, value, memory_order_relaxed);
}

static inline uint64_t counter_read(const counter *cell)
{
	return atomic_load_explicit(cell, memory_order_relaxed);
}
