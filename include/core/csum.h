/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071) and its incremental update (RFC 1624, equation 3). */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* One's complement sum of len bytes, an odd last byte padded with a zero on its right, added to
 * `sum`. Host order, not complemented. len at most 65535. */
uint32_t csum_add(uint32_t sum, const uint8_t *data, size_t len);

/* Folds a 32-bit sum into 16 bits. A nonzero sum never folds to zero. */
uint16_t csum_fold(uint32_t sum);

/* The checksum field after a 16-bit word of the covered bytes went from old_word to new_word.
 * offset   where the word starts, in bytes from the start of the covered bytes; at an odd offset
 *          the word straddles two words of the sum and counts with its bytes swapped
 * A checksum that was wrong stays exactly as wrong. Host order throughout. */
uint16_t csum_update16(uint16_t check, size_t offset, uint16_t old_word, uint16_t new_word);
