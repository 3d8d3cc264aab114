/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a cipher or digest adds to a packet, by its name. Only the files encap_*.c include this. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/overhead/encap.h"

#define ALGORITHM_NAME_MAX 32 /* letters of a name without its dashes, and its end */

/* The bytes of its IV on the wire, and of the blocks that are filled up (1: none). A row without
 * name ends a list. */
struct algorithm_cipher {
	const char *name;
	uint8_t iv, block;
	uint8_t icv; /* of ciphers that authenticate: bytes, 0 for the others */
};

struct algorithm_digest {
	const char *name;
	uint8_t bytes;
};

/* The row of that very name, or NULL. */
const struct algorithm_cipher *algorithm_find_cipher(const struct algorithm_cipher *list,
						     const char *name);
const struct algorithm_digest *algorithm_find_exact_digest(const struct algorithm_digest *list,
							   const char *name);
/* The row of a digest, in any case, with dashes or without, perhaps "HMAC" in front; or NULL. */
const struct algorithm_digest *algorithm_find_digest(const struct algorithm_digest *list,
						     const char *name);

/* Copies a name in capitals, without dashes and, for ciphers, without the length of the key:
 * "aes-256-gcm-16" is "AESGCM16". false where it is too long. */
bool algorithm_plain_name(char plain[ALGORITHM_NAME_MAX], const char *name, bool cipher);
bool algorithm_ends_with(const char *text, size_t len, const char *word);

/* Sets IV and BLOCK. */
void algorithm_set_cipher(struct encap *encap, const struct algorithm_cipher *cipher);
