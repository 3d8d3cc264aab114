/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/overhead/encap_algorithm.h"

#include <ctype.h>
#include <string.h>

#include "base/array.h"

const struct algorithm_cipher *algorithm_find_cipher(const struct algorithm_cipher *list,
						     const char *name)
{
	for (; list->name; list++)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

const struct algorithm_digest *algorithm_find_exact_digest(const struct algorithm_digest *list,
							   const char *name)
{
	for (; list->name; list++)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

/* The length of a key in digits at text, which no overhead depends on; 0 where there is none. */
static size_t key_length(const char *text)
{
	static const char *const lengths[] = { "128", "192", "256" };

	for (size_t i = 0; i < COUNT(lengths); i++)
		if (strncmp(text, lengths[i], 3) == 0)
			return 3;
	return 0;
}

bool algorithm_ends_with(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	return len >= word_len && memcmp(text + len - word_len, word, word_len) == 0;
}

/* Whether digits behind these letters say how long the key is. */
static bool has_key_length(const char *text, size_t len)
{
	static const char *const words[] = { "AES",  "CAMELLIA", "ARIA", "SERPENT", "TWOFISH",
					     "CAST", "BLOWFISH", "CBC",  "CTR",     "GCM",
					     "CCM",  "GMAC" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (algorithm_ends_with(text, len, words[i]))
			return true;
	return false;
}

bool algorithm_plain_name(char plain[ALGORITHM_NAME_MAX], const char *name, bool cipher)
{
	size_t len = 0;

	for (; *name; name++) {
		size_t skip = cipher && has_key_length(plain, len) ? key_length(name) : 0;

		if (skip) {
			name += skip - 1;
			continue;
		}
		if (*name == '-' || *name == '_')
			continue;
		if (len == ALGORITHM_NAME_MAX - 1)
			return false;
		plain[len++] = (char)toupper((unsigned char)*name);
	}
	plain[len] = '\0';
	return true;
}

/* The name of a digest without the words that all of them may have in front. */
static const char *bare_digest(const char *plain)
{
	static const char *const words[] = { "AUTH", "HMAC", "RSA" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (strncmp(plain, words[i], strlen(words[i])) == 0)
			plain += strlen(words[i]);
	return plain;
}

const struct algorithm_digest *algorithm_find_digest(const struct algorithm_digest *list,
						     const char *name)
{
	char plain[ALGORITHM_NAME_MAX];

	if (!algorithm_plain_name(plain, name, false))
		return NULL;
	/* "AES-128-GMAC" has a key length too, "SHA512-256" has none. */
	if (strncmp(plain, "AES", 3) == 0 && !algorithm_plain_name(plain, name, true))
		return NULL;
	return algorithm_find_exact_digest(list, bare_digest(plain));
}

void algorithm_set_cipher(struct encap *encap, const struct algorithm_cipher *cipher)
{
	encap_set(encap, ENCAP_KEY_IV, cipher->iv);
	encap_set(encap, ENCAP_KEY_BLOCK, cipher->block);
}
