/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/wireguard/wg_key.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define KEY_BYTES 32

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool wg_key_from_hex(const char *hex, char key[WG_KEY_TEXT])
{
	uint8_t bytes[KEY_BYTES + 1] = { 0 }; /* 33 is a multiple of 3 */
	size_t out = 0;

	if (strlen(hex) != (size_t)2 * KEY_BYTES || !text_parse_hex(hex, KEY_BYTES, bytes))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i += 3) {
		uint32_t three = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 |
				 bytes[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			key[out++] = alphabet[three >> shift & 63];
	}
	key[WG_KEY_TEXT - 2] = '='; /* stands for the byte that is too many */
	key[WG_KEY_TEXT - 1] = '\0';
	return true;
}

/* The last digit carries four bits: the two below them are 0. */
bool wg_key_valid(const char *text)
{
	const size_t len = WG_KEY_TEXT - 1;

	return strlen(text) == len && text[len - 1] == '=' && strspn(text, alphabet) == len - 1 &&
	       ((strchr(alphabet, text[len - 2]) - alphabet) & 3) == 0;
}
