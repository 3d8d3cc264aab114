/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Algorithms as struct xfrm_algo names them (net/xfrm/xfrm_algo.c). */
#include <errno.h>

#include "policy/overhead/encap_algorithm.h"

/* The kernel's names. The short ones are those of before 2.6.18, which it still takes. */
static const struct algorithm_cipher kernel_aeads[] = {
	{ "rfc4106(gcm(aes))", 8, 1, 16 },
	{ "rfc4309(ccm(aes))", 8, 1, 16 },
	{ "rfc4543(gcm(aes))", 8, 1, 16 },
	{ "rfc7539esp(chacha20,poly1305)", 8, 1, 16 },
	{ 0 },
};

static const struct algorithm_cipher kernel_ciphers[] = {
	{ "ecb(cipher_null)", 0, 1, 0 },
	{ "cipher_null", 0, 1, 0 },
	{ "cbc(aes)", 16, 16, 0 },
	{ "aes", 16, 16, 0 },
	{ "rfc3686(ctr(aes))", 8, 1, 0 },
	{ "cbc(des)", 8, 8, 0 },
	{ "des", 8, 8, 0 },
	{ "cbc(des3_ede)", 8, 8, 0 },
	{ "des3_ede", 8, 8, 0 },
	{ "cbc(cast5)", 8, 8, 0 },
	{ "cast5", 8, 8, 0 },
	{ "cbc(blowfish)", 8, 8, 0 },
	{ "blowfish", 8, 8, 0 },
	{ "cbc(serpent)", 16, 16, 0 },
	{ "serpent", 16, 16, 0 },
	{ "cbc(camellia)", 16, 16, 0 },
	{ "camellia", 16, 16, 0 },
	{ "cbc(twofish)", 16, 16, 0 },
	{ "twofish", 16, 16, 0 },
	{ "cbc(sm4)", 16, 16, 0 },
	{ 0 },
};

/* With the length that the kernel cuts the digest to where nobody asks for another. */
static const struct algorithm_digest kernel_digests[] = {
	{ "digest_null", 0 },
	{ "hmac(md5)", 12 },
	{ "md5", 12 },
	{ "hmac(sha1)", 12 },
	{ "sha1", 12 },
	{ "hmac(sha256)", 12 },
	{ "sha256", 12 },
	{ "hmac(sha384)", 24 },
	{ "hmac(sha512)", 32 },
	{ "hmac(rmd160)", 12 },
	{ "rmd160", 12 },
	{ "xcbc(aes)", 12 },
	{ "cmac(aes)", 12 },
	{ "hmac(sm3)", 32 },
	{ 0 },
};

int encap_set_kernel_aead(struct encap *encap, const char *name, uint32_t icv_bits)
{
	const struct algorithm_cipher *cipher = algorithm_find_cipher(kernel_aeads, name);

	if (!cipher || icv_bits / 8 > UINT8_MAX)
		return -ENOENT;
	algorithm_set_cipher(encap, cipher);
	encap_set(encap, ENCAP_KEY_HMAC, (uint16_t)(icv_bits / 8));
	return 0;
}

int encap_set_kernel_cipher(struct encap *encap, const char *name)
{
	const struct algorithm_cipher *cipher = algorithm_find_cipher(kernel_ciphers, name);

	if (!cipher)
		return -ENOENT;
	algorithm_set_cipher(encap, cipher);
	return 0;
}

int encap_set_kernel_auth(struct encap *encap, const char *name, uint32_t trunc_bits)
{
	const struct algorithm_digest *digest =
		algorithm_find_exact_digest(kernel_digests, name);

	if (!digest || trunc_bits / 8 > UINT8_MAX)
		return -ENOENT;
	encap_set(encap, ENCAP_KEY_HMAC,
		  trunc_bits ? (uint16_t)(trunc_bits / 8) : digest->bytes);
	return 0;
}
