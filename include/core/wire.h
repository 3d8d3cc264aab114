/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads and stores of network byte order at any alignment. All values are host order outside. */
#pragma once

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t wire_get16(const uint8_t *pos)
{
	uint16_t value;

	memcpy(&value, pos, sizeof(value));
	return be16toh(value);
}

static inline uint32_t wire_get32(const uint8_t *pos)
{
	uint32_t value;

	memcpy(&value, pos, sizeof(value));
	return be32toh(value);
}

static inline uint64_t wire_get64(const uint8_t *pos)
{
	uint64_t value;

	memcpy(&value, pos, sizeof(value));
	return be64toh(value);
}

static inline void wire_put16(uint8_t *pos, uint16_t value)
{
	value = htobe16(value);
	memcpy(pos, &value, sizeof(value));
}

static inline void wire_put32(uint8_t *pos, uint32_t value)
{
	value = htobe32(value);
	memcpy(pos, &value, sizeof(value));
}

static inline void wire_put64(uint8_t *pos, uint64_t value)
{
	value = htobe64(value);
	memcpy(pos, &value, sizeof(value));
}
