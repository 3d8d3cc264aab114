/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WireGuard public keys as text. Pure. */
#pragma once

#include <stdbool.h>

#define WG_KEY_TEXT 45 /* 32 bytes in base64 and their NUL */

/* 64 hexadecimal digits into base64. Returns false where it is no key; key is untouched then. */
bool wg_key_from_hex(const char *hex, char key[WG_KEY_TEXT]);

/* Whether a text is 32 bytes in base64. */
bool wg_key_valid(const char *text);
