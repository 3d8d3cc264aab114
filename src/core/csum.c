/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/csum.h"

#include "core/wire.h"

uint32_t csum_add(uint32_t sum, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += wire_get16(data + i);
	if (i < len)
		sum += (uint32_t)data[i] << 8; /* RFC 1071: the odd byte is its word's high one */
	return sum;
}

uint16_t csum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t swap16(uint16_t word)
{
	return (uint16_t)(word << 8 | word >> 8);
}

uint16_t csum_update16(uint16_t check, size_t offset, uint16_t old_word, uint16_t new_word)
{
	uint32_t sum;

	if (offset & 1) {
		old_word = swap16(old_word);
		new_word = swap16(new_word);
	}
	sum = (uint32_t)(uint16_t)~check + (uint16_t)~old_word + new_word;
	return (uint16_t)~csum_fold(sum);
}
