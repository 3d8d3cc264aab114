/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the mutators of the targets share: a generator of random numbers, and an input that is
 * edited in place. libFuzzer's own mutations are one of the ways: nothing stays out of reach. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Weak: a plain program that runs seeds has no libFuzzer. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

struct edit {
	uint8_t *data;
	size_t size, max;
	uint32_t random;
};

/* A number below n, which is at least 1. */
static inline uint32_t edit_random(struct edit *edit, uint32_t n)
{
	edit->random = edit->random * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)edit->random * n >> 32);
}

/* Makes room for len bytes at a place, filled with zeros. Returns whether there was room. */
static inline bool edit_insert(struct edit *edit, size_t at, size_t len)
{
	if (at > edit->size || len > edit->max - edit->size)
		return false;
	memmove(edit->data + at + len, edit->data + at, edit->size - at);
	memset(edit->data + at, 0, len);
	edit->size += len;
	return true;
}

static inline void edit_remove(struct edit *edit, size_t at, size_t len)
{
	if (at > edit->size || len > edit->size - at)
		return;
	memmove(edit->data + at, edit->data + at + len, edit->size - at - len);
	edit->size -= len;
}

/* Lets libFuzzer work on one stretch, which may change its length up to len_max. Returns the new
 * length. */
static inline size_t edit_stretch(struct edit *edit, size_t at, size_t len, size_t len_max)
{
	uint8_t stretch[4096];
	size_t now = 0;

	if (len > sizeof(stretch))
		return len;
	if (len_max > sizeof(stretch))
		len_max = sizeof(stretch);
	if (len_max > len + edit->max - edit->size)
		len_max = len + edit->max - edit->size;
	memcpy(stretch, edit->data + at, len);
	if (LLVMFuzzerMutate && len_max > 0)
		now = LLVMFuzzerMutate(stretch, len, len_max);
	edit_remove(edit, at, len);
	edit_insert(edit, at, now);
	memcpy(edit->data + at, stretch, now);
	return now;
}
