/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Algorithms as OpenVPN takes them from OpenSSL. */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "policy/overhead/encap_algorithm.h"

/* The block ciphers of OpenVPN, as algorithm_plain_name leaves them without their mode. */
static const struct algorithm_cipher openvpn_blocks[] = {
	{ "AES", 16, 16, 0 },
	{ "CAMELLIA", 16, 16, 0 },
	{ "ARIA", 16, 16, 0 },
	{ "SEED", 16, 16, 0 },
	{ "SM4", 16, 16, 0 },
	{ "BF", 8, 8, 0 },
	{ "CAST5", 8, 8, 0 },
	{ "DES", 8, 8, 0 },
	{ "DESEDE", 8, 8, 0 },
	{ "DESEDE3", 8, 8, 0 },
	{ "DESX", 8, 8, 0 },
	{ "IDEA", 8, 8, 0 },
	{ "RC2", 8, 8, 0 },
	{ "RC240", 8, 8, 0 },
	{ "RC264", 8, 8, 0 },
	{ 0 },
};

/* Whole digests: OpenVPN cuts none. */
static const struct algorithm_digest openvpn_digests[] = {
	{ "NONE", 0 },
	{ "MD4", 16 },
	{ "MD5", 16 },
	{ "MDC2", 16 },
	{ "SHA", 20 },
	{ "SHA1", 20 },
	{ "SHA224", 28 },
	{ "SHA2224", 28 },
	{ "SHA256", 32 },
	{ "SHA2256", 32 },
	{ "SHA384", 48 },
	{ "SHA2384", 48 },
	{ "SHA512", 64 },
	{ "SHA2512", 64 },
	{ "SHA512224", 28 },
	{ "SHA512256", 32 },
	{ "SHA2512224", 28 },
	{ "SHA2512256", 32 },
	{ "SHA3224", 28 },
	{ "SHA3256", 32 },
	{ "SHA3384", 48 },
	{ "SHA3512", 64 },
	{ "RIPEMD", 20 },
	{ "RIPEMD160", 20 },
	{ "RMD160", 20 },
	{ "BLAKE2S256", 32 },
	{ "BLAKE2B512", 64 },
	{ "WHIRLPOOL", 64 },
	{ "SM3", 32 },
	{ 0 },
};

/* Splits the mode off a plain name: "AESCBC" is "AES". Of CFB there are three, of one size. */
static bool take_mode(char *plain, enum encap_mode *ret_mode)
{
	static const struct { const char *name; enum encap_mode mode; } modes[] = {
		{ "CBC", ENCAP_MODE_CBC },  { "GCM", ENCAP_MODE_AEAD }, { "CCM", ENCAP_MODE_AEAD },
		{ "CFB", ENCAP_MODE_CFB },  { "CFB1", ENCAP_MODE_CFB }, { "CFB8", ENCAP_MODE_CFB },
		{ "OFB", ENCAP_MODE_CFB },
	};
	size_t len = strlen(plain);

	for (size_t i = 0; i < COUNT(modes); i++) {
		if (!algorithm_ends_with(plain, len, modes[i].name))
			continue;
		plain[len - strlen(modes[i].name)] = '\0';
		*ret_mode = modes[i].mode;
		return true;
	}
	return false;
}

/* Sets all of OpenVPN's four keys. */
static void set_openvpn(struct encap *encap, enum encap_mode mode, unsigned int iv,
			unsigned int block, unsigned int hmac)
{
	encap_set(encap, ENCAP_KEY_MODE, (uint16_t)mode);
	encap_set(encap, ENCAP_KEY_IV, (uint16_t)iv);
	encap_set(encap, ENCAP_KEY_BLOCK, (uint16_t)block);
	encap_set(encap, ENCAP_KEY_HMAC, (uint16_t)hmac);
}

int encap_set_openvpn_cipher(struct encap *encap, const char *cipher, const char *auth)
{
	const struct algorithm_digest *digest =
		algorithm_find_digest(openvpn_digests, auth ? auth : "SHA1");
	const struct algorithm_cipher *block;
	char plain[ALGORITHM_NAME_MAX];
	enum encap_mode mode;

	if (!algorithm_plain_name(plain, cipher, true))
		return -ENOENT;
	if (strcmp(plain, "CHACHA20POLY1305") == 0) {
		set_openvpn(encap, ENCAP_MODE_AEAD, 0, 1, 0);
		return 0;
	}
	if (strcmp(plain, "NONE") == 0) {
		if (!digest)
			return -ENOENT;
		set_openvpn(encap, ENCAP_MODE_PLAIN, 0, 1, digest->bytes);
		return 0;
	}
	if (!take_mode(plain, &mode))
		return -ENOENT;
	block = algorithm_find_cipher(openvpn_blocks, plain);
	if (!block || (mode == ENCAP_MODE_AEAD && block->block != 16))
		return -ENOENT;
	if (mode == ENCAP_MODE_AEAD) {
		set_openvpn(encap, mode, 0, 1, 0);
		return 0;
	}
	if (!digest)
		return -ENOENT;
	set_openvpn(encap, mode, block->iv, mode == ENCAP_MODE_CBC ? block->block : 1,
		    digest->bytes);
	return 0;
}

int encap_set_openvpn_auth(struct encap *encap, const char *auth)
{
	const struct algorithm_digest *digest = algorithm_find_digest(openvpn_digests, auth);

	if (!digest)
		return -ENOENT;
	encap_set(encap, ENCAP_KEY_HMAC, digest->bytes);
	return 0;
}
