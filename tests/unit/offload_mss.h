/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan comes to, as the kernel would look it up. */
#pragma once

#include "policy/offload/offload.h"

/* What the kernel's tables say of that address (4 or 16 bytes): the MSS in bytes. */
static uint16_t offload_link_mss(const struct offload_link *link, const uint8_t *address)
{
	for (enum offload_kind kind = OFFLOAD_HOSTS; kind < OFFLOAD_KINDS; kind++) {
		const struct offload_range *range =
			offload_ranges_find(&link->ranges[kind], address);

		if (range)
			return range->mss;
	}
	return link->mss;
}
