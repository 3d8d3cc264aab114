/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FNV-1a over 64 bits: a fast hash of bytes, no protection against who chooses them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325) /* the hash of nothing */
#define FNV_PRIME UINT64_C(0x100000001b3)

/* Continues the hash by len bytes. */
static inline void fnv_add(uint64_t *hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		*hash = (*hash ^ at[i]) * FNV_PRIME;
}
