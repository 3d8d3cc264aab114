/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot/mark_table.h"

size_t mark_indices(uint32_t bits)
{
	uint64_t room = (UINT64_C(1) << __builtin_popcount(bits)) - 1;

	return room < MARK_INDICES_MAX ? (size_t)room : MARK_INDICES_MAX;
}

uint32_t mark_tag(uint32_t bits, uint32_t index)
{
	uint32_t tag = 0;

	for (uint32_t left = bits; left && index; left &= left - 1, index >>= 1) {
		if (index & 1)
			tag |= left & (~left + 1); /* the lowest bit that is left */
	}
	return tag;
}
