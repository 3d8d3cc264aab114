/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is there when it is needed: no page of it is fetched, or fetched again from disk,
 * while a packet waits. */
#pragma once

#include <stddef.h>

/* Keeps every page that is touched from now on, until the process ends; code too. Asks for a limit
 * that allows it first (RLIMIT_MEMLOCK). Returns 0, or -EPERM where the limit stays finite: then
 * nothing is locked, for what is allocated beyond the limit would fail. */
int memory_lock_all(void);

/* Has the pages of this range present, and keeps them so where the limit allows. The bytes stay as
 * they are. Returns 0, or -errno where they are present and not kept. */
int memory_lock(void *start, size_t len);

/* RLIMIT_MEMLOCK in bytes. */
size_t memory_lock_limit(void);
