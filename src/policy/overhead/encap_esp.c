/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Algorithms as people write them for ESP and AH. Sizes: RFC 2403 2404 2410 2451 3566 3602 3686
 * 4106 4309 4494 4543 4868 5529 7634. */
#include <errno.h>

#include "policy/overhead/encap_algorithm.h"

/* Names of ESP, as algorithm_plain_name leaves them. */
static const struct algorithm_cipher esp_ciphers[] = {
	{ "NULL", 0, 1, 0 },
	{ "AESGCM", 8, 1, 16 },
	{ "AESGCM8", 8, 1, 8 },
	{ "AESGCM12", 8, 1, 12 },
	{ "AESGCM16", 8, 1, 16 },
	{ "AESCCM", 8, 1, 16 },
	{ "AESCCM8", 8, 1, 8 },
	{ "AESCCM12", 8, 1, 12 },
	{ "AESCCM16", 8, 1, 16 },
	{ "AESGMAC", 8, 1, 16 },
	{ "NULLAESGMAC", 8, 1, 16 },
	{ "NULLAUTHAESGMAC", 8, 1, 16 },
	{ "CHACHA20POLY1305", 8, 1, 16 },
	{ "AESCTR", 8, 1, 0 },
	{ "AESCBC", 16, 16, 0 },
	{ "AES", 16, 16, 0 },
	{ "CAMELLIACBC", 16, 16, 0 },
	{ "CAMELLIACTR", 8, 1, 0 },
	{ "CAMELLIA", 16, 16, 0 },
	{ "CAMELLIACCM8", 8, 1, 8 },
	{ "CAMELLIACCM12", 8, 1, 12 },
	{ "CAMELLIACCM16", 8, 1, 16 },
	{ "SERPENTCBC", 16, 16, 0 },
	{ "TWOFISHCBC", 16, 16, 0 },
	{ "SM4CBC", 16, 16, 0 },
	{ "3DESCBC", 8, 8, 0 },
	{ "3DES", 8, 8, 0 },
	{ "DESCBC", 8, 8, 0 },
	{ "DES", 8, 8, 0 },
	{ "BLOWFISHCBC", 8, 8, 0 },
	{ "CASTCBC", 8, 8, 0 },
	{ "CAST5CBC", 8, 8, 0 },
	{ 0 },
};

static const struct algorithm_digest esp_digests[] = {
	{ "NONE", 0 },
	{ "NULL", 0 },
	{ "MD5", 12 },
	{ "MD596", 12 },
	{ "MD5128", 16 },
	{ "SHA", 12 },
	{ "SHA1", 12 },
	{ "SHA196", 12 },
	{ "SHA1160", 20 },
	{ "SHA256", 16 },
	{ "SHA256128", 16 },
	{ "SHA25696", 12 },
	{ "SHA2256", 16 },
	{ "SHA2256128", 16 },
	{ "SHA225696", 12 },
	{ "SHA384", 24 },
	{ "SHA384192", 24 },
	{ "SHA2384", 24 },
	{ "SHA2384192", 24 },
	{ "SHA512", 32 },
	{ "SHA512256", 32 },
	{ "SHA2512", 32 },
	{ "SHA2512256", 32 },
	{ "RIPEMD160", 12 },
	{ "RIPEMD16096", 12 },
	{ "SM3", 32 },
	{ "SM3256", 32 },
	{ "AESXCBC", 12 },
	{ "AESXCBC96", 12 },
	{ "AESCMAC", 12 },
	{ "AESCMAC96", 12 },
	{ "AESGMAC", 16 },
	{ 0 },
};

int encap_set_esp_cipher(struct encap *encap, const char *cipher, const char *auth)
{
	const struct algorithm_cipher *row;
	const struct algorithm_digest *digest = NULL;
	char plain[ALGORITHM_NAME_MAX];

	if (!algorithm_plain_name(plain, cipher, true))
		return -ENOENT;
	row = algorithm_find_cipher(esp_ciphers, plain);
	if (!row)
		return -ENOENT;
	if (!row->icv && auth) {
		digest = algorithm_find_digest(esp_digests, auth);
		if (!digest)
			return -ENOENT;
	}
	algorithm_set_cipher(encap, row);
	encap_set(encap, ENCAP_KEY_HMAC, digest ? digest->bytes : row->icv);
	return 0;
}

int encap_set_esp_auth(struct encap *encap, const char *auth)
{
	const struct algorithm_digest *digest = algorithm_find_digest(esp_digests, auth);

	if (!digest)
		return -ENOENT;
	encap_set(encap, ENCAP_KEY_HMAC, digest->bytes);
	return 0;
}
