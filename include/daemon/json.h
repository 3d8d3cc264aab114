/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces that several answers are made of. */
#pragma once

#include <jansson.h>
#include <stdint.h>

/* A number of bytes where 0 means that nobody knows: then null. */
static inline json_t *json_bytes(uint32_t bytes)
{
	return bytes ? json_integer(bytes) : json_null();
}
