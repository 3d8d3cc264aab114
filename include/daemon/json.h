/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces that several answers are made of. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/clock.h"

/* A number of bytes where 0 means that nobody knows: then null. */
static inline json_t *json_bytes(uint32_t bytes)
{
	return bytes ? json_integer(bytes) : json_null();
}

/* Seconds since a time of CLOCK_BOOTTIME, which may lie before the machine started. */
static inline json_t *json_since(int64_t at_ns)
{
	double age = (double)((int64_t)clock_boottime_ns() - at_ns) / (double)NS_PER_SECOND;

	return json_real(age > 0 ? age : 0);
}
