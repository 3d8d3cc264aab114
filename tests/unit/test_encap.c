/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "policy/overhead/encap.h"

#define UNSET (-1)

/* The value of a key, or UNSET. */
static int value_of(const struct encap *encap, enum encap_key key)
{
	return encap_has(encap, key) ? encap->value[key] : UNSET;
}

static void test_kinds(void **state)
{
	(void)state;
	for (enum encap_kind kind = ENCAP_NONE + 1; kind < ENCAP_KIND_COUNT; kind++) {
		assert_non_null(encap_kind_name(kind));
		assert_int_equal(encap_kind_find(encap_kind_name(kind)), kind);
	}
	assert_string_equal(encap_kind_name(ENCAP_NONE), "none");
	assert_int_equal(encap_kind_find("none"), ENCAP_NONE);
	assert_int_equal(encap_kind_find(""), ENCAP_NONE);
	assert_int_equal(encap_kind_find("WireGuard"), ENCAP_NONE);
	assert_int_equal(encap_kind_find("wireguard2"), ENCAP_NONE);
	assert_int_equal(encap_kind_find("l2tp2_kernel"), ENCAP_L2TP2_KERNEL);
}

static void test_kernel_aead(void **state)
{
	static const struct {
		const char *name;
		uint32_t bits;
		int result, iv, block, icv;
	} cases[] = {
		/* name                            bits  result  iv     block  icv  */
		{ "rfc4106(gcm(aes))",              128, 0,       8,     1,     16    },
		{ "rfc4106(gcm(aes))",              96,  0,       8,     1,     12    },
		{ "rfc4309(ccm(aes))",              64,  0,       8,     1,     8     },
		{ "rfc4543(gcm(aes))",              128, 0,       8,     1,     16    },
		{ "rfc7539esp(chacha20,poly1305)",  128, 0,       8,     1,     16    },
		{ "gcm(aes)",                       128, -ENOENT, UNSET, UNSET, UNSET },
		{ "rfc4106(gcm(aes)",               128, -ENOENT, UNSET, UNSET, UNSET },
		{ "",                               128, -ENOENT, UNSET, UNSET, UNSET },
		{ "rfc4106(gcm(aes))", UINT32_MAX,       -ENOENT, UNSET, UNSET, UNSET },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct encap encap = { .kind = ENCAP_ESP };

		print_message("aead '%s' %u\n", cases[i].name, cases[i].bits);
		assert_int_equal(encap_set_kernel_aead(&encap, cases[i].name, cases[i].bits),
				 cases[i].result);
		assert_int_equal(value_of(&encap, ENCAP_KEY_IV), cases[i].iv);
		assert_int_equal(value_of(&encap, ENCAP_KEY_BLOCK), cases[i].block);
		assert_int_equal(value_of(&encap, ENCAP_KEY_HMAC), cases[i].icv);
	}
}

static void test_kernel_cipher(void **state)
{
	static const struct { const char *name; int result, iv, block; } cases[] = {
		{ "cbc(aes)",          0,       16,    16    },
		{ "aes",               0,       16,    16    },
		{ "cbc(des3_ede)",     0,       8,     8     },
		{ "des3_ede",          0,       8,     8     },
		{ "cbc(des)",          0,       8,     8     },
		{ "cbc(cast5)",        0,       8,     8     },
		{ "cbc(blowfish)",     0,       8,     8     },
		{ "cbc(serpent)",      0,       16,    16    },
		{ "cbc(camellia)",     0,       16,    16    },
		{ "cbc(twofish)",      0,       16,    16    },
		{ "cbc(sm4)",          0,       16,    16    },
		{ "rfc3686(ctr(aes))", 0,       8,     1     },
		{ "ecb(cipher_null)",  0,       0,     1     },
		{ "cipher_null",       0,       0,     1     },
		{ "ctr(aes)",          -ENOENT, UNSET, UNSET },
		{ "CBC(AES)",          -ENOENT, UNSET, UNSET },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct encap encap = { .kind = ENCAP_ESP };

		print_message("cipher '%s'\n", cases[i].name);
		assert_int_equal(encap_set_kernel_cipher(&encap, cases[i].name), cases[i].result);
		assert_int_equal(value_of(&encap, ENCAP_KEY_IV), cases[i].iv);
		assert_int_equal(value_of(&encap, ENCAP_KEY_BLOCK), cases[i].block);
		assert_int_equal(value_of(&encap, ENCAP_KEY_HMAC), UNSET);
	}
}

static void test_kernel_auth(void **state)
{
	static const struct { const char *name; uint32_t bits; int result, icv; } cases[] = {
		{ "hmac(sha1)",   96,         0,       12    },
		{ "hmac(sha256)", 128,        0,       16    },
		{ "hmac(sha256)", 96,         0,       12    },
		{ "hmac(sha256)", 0,          0,       12    }, /* the old draft's length */
		{ "hmac(sha384)", 0,          0,       24    },
		{ "hmac(sha512)", 256,        0,       32    },
		{ "hmac(md5)",    0,          0,       12    },
		{ "xcbc(aes)",    96,         0,       12    },
		{ "cmac(aes)",    96,         0,       12    },
		{ "hmac(rmd160)", 96,         0,       12    },
		{ "hmac(sm3)",    256,        0,       32    },
		{ "digest_null",  0,          0,       0     },
		{ "hmac(sha3)",   96,         -ENOENT, UNSET },
		{ "hmac(sha1)",   UINT32_MAX, -ENOENT, UNSET },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct encap encap = { .kind = ENCAP_AH };

		print_message("auth '%s' %u\n", cases[i].name, cases[i].bits);
		assert_int_equal(encap_set_kernel_auth(&encap, cases[i].name, cases[i].bits),
				 cases[i].result);
		assert_int_equal(value_of(&encap, ENCAP_KEY_HMAC), cases[i].icv);
		assert_int_equal(value_of(&encap, ENCAP_KEY_IV), UNSET);
	}
}

static void test_openvpn(void **state)
{
	static const struct {
		const char *cipher, *auth;
		int result, mode, iv, block, hmac;
	} cases[] = {
		/* cipher              auth          result  mode              iv  block hmac */
		{ "AES-256-GCM",       NULL,         0, ENCAP_MODE_AEAD,   0,  1,  0  },
		{ "aes-128-gcm",       "SHA512",     0, ENCAP_MODE_AEAD,   0,  1,  0  },
		{ "AES-256-GCM",       "nonsense",   0, ENCAP_MODE_AEAD,   0,  1,  0  },
		{ "CHACHA20-POLY1305", "SHA256",     0, ENCAP_MODE_AEAD,   0,  1,  0  },
		{ "AES-256-CBC",       NULL,         0, ENCAP_MODE_CBC,    16, 16, 20 },
		{ "AES-128-CBC",       "SHA256",     0, ENCAP_MODE_CBC,    16, 16, 32 },
		{ "AES-192-CBC",       "SHA512",     0, ENCAP_MODE_CBC,    16, 16, 64 },
		{ "AES-256-CBC",       "none",       0, ENCAP_MODE_CBC,    16, 16, 0  },
		{ "BF-CBC",            "SHA1",       0, ENCAP_MODE_CBC,    8,  8,  20 },
		{ "bf-cbc",            "md5",        0, ENCAP_MODE_CBC,    8,  8,  16 },
		{ "DES-EDE3-CBC",      "sha384",     0, ENCAP_MODE_CBC,    8,  8,  48 },
		{ "RC2-40-CBC",        "sha224",     0, ENCAP_MODE_CBC,    8,  8,  28 },
		{ "CAST5-CBC",         "RIPEMD160",  0, ENCAP_MODE_CBC,    8,  8,  20 },
		{ "CAMELLIA-256-CBC",  "SHA256",     0, ENCAP_MODE_CBC,    16, 16, 32 },
		{ "ARIA-128-CBC",      "SHA3-256",   0, ENCAP_MODE_CBC,    16, 16, 32 },
		{ "SEED-CBC",          "BLAKE2b512", 0, ENCAP_MODE_CBC,    16, 16, 64 },
		{ "AES-256-CFB",       "SHA1",       0, ENCAP_MODE_CFB,    16, 1,  20 },
		{ "AES-256-CFB8",      "SHA1",       0, ENCAP_MODE_CFB,    16, 1,  20 },
		{ "BF-OFB",            "RSA-SHA256", 0, ENCAP_MODE_CFB,    8,  1,  32 },
		{ "none",              NULL,         0, ENCAP_MODE_PLAIN,  0,  1,  20 },
		{ "none",              "none",       0, ENCAP_MODE_PLAIN,  0,  1,  0  },
		{ "NONE",              "SHA512-256", 0, ENCAP_MODE_PLAIN,  0,  1,  32 },
		{ "BF-GCM",            NULL, -ENOENT, UNSET, UNSET, UNSET, UNSET },
		{ "AES-256-XTS",       NULL, -ENOENT, UNSET, UNSET, UNSET, UNSET },
		{ "AES-256-CBC",       "SHA257", -ENOENT, UNSET, UNSET, UNSET, UNSET },
		{ "none",              "SHA257", -ENOENT, UNSET, UNSET, UNSET, UNSET },
		{ "",                  NULL, -ENOENT, UNSET, UNSET, UNSET, UNSET },
		{ "CBC",               NULL, -ENOENT, UNSET, UNSET, UNSET, UNSET },
		{ "AES-256-CBC-and-much-that-follows", NULL, -ENOENT, UNSET, UNSET, UNSET, UNSET },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct encap encap = { .kind = ENCAP_OPENVPN };

		print_message("openvpn '%s' '%s'\n", cases[i].cipher,
			      cases[i].auth ? cases[i].auth : "");
		assert_int_equal(encap_set_openvpn_cipher(&encap, cases[i].cipher, cases[i].auth),
				 cases[i].result);
		assert_int_equal(value_of(&encap, ENCAP_KEY_MODE), cases[i].mode);
		assert_int_equal(value_of(&encap, ENCAP_KEY_IV), cases[i].iv);
		assert_int_equal(value_of(&encap, ENCAP_KEY_BLOCK), cases[i].block);
		assert_int_equal(value_of(&encap, ENCAP_KEY_HMAC), cases[i].hmac);
	}
}

static void test_esp(void **state)
{
	static const struct { const char *cipher, *auth; int result, iv, block, icv; } cases[] = {
		/* cipher               auth               result   iv  block  icv */
		{ "AES-GCM-16",         NULL,              0,       8,  1,  16 },
		{ "AES-GCM",            "SHA1-96",         0,       8,  1,  16 },
		{ "aes256gcm16",        NULL,              0,       8,  1,  16 },
		{ "aes128gcm128",       NULL,              0,       8,  1,  16 },
		{ "AES-256-GCM-12",     NULL,              0,       8,  1,  12 },
		{ "AES-GCM-8",          NULL,              0,       8,  1,  8  },
		{ "AES-CCM-16",         NULL,              0,       8,  1,  16 },
		{ "AES-CCM-12",         NULL,              0,       8,  1,  12 },
		{ "aes128ccm8",         NULL,              0,       8,  1,  8  },
		{ "AES-GMAC",           NULL,              0,       8,  1,  16 },
		{ "NULL-AUTH-AES-GMAC", NULL,              0,       8,  1,  16 },
		{ "CHACHA20-POLY1305",  NULL,              0,       8,  1,  16 },
		{ "chacha20poly1305",   NULL,              0,       8,  1,  16 },
		{ "AES-CBC",            "SHA1-96",         0,       16, 16, 12 },
		{ "AES_CBC_256",        "HMAC_SHA2_256_128", 0,     16, 16, 16 },
		{ "aes256",             "sha256",          0,       16, 16, 16 },
		{ "AES-CBC",            "SHA256-96",       0,       16, 16, 12 },
		{ "AES-CBC",            "SHA384-192",      0,       16, 16, 24 },
		{ "AES-CBC",            "SHA512-256",      0,       16, 16, 32 },
		{ "AES-CBC",            "MD5-96",          0,       16, 16, 12 },
		{ "AES-CBC",            "AES-XCBC-96",     0,       16, 16, 12 },
		{ "AES-CBC",            "AES-CMAC-96",     0,       16, 16, 12 },
		{ "AES-CBC",            "AES-128-GMAC",    0,       16, 16, 16 },
		{ "AES-CBC",            "RIPEMD160",       0,       16, 16, 12 },
		{ "SM4-CBC",            "HMAC-SM3",        0,       16, 16, 32 },
		{ "AES-CBC",            NULL,              0,       16, 16, 0  },
		{ "AES-CBC",            "none",            0,       16, 16, 0  },
		{ "AES-CTR",            "SHA256-128",      0,       8,  1,  16 },
		{ "3DES-CBC",           "SHA1-96",         0,       8,  8,  12 },
		{ "3des",               "md5",             0,       8,  8,  12 },
		{ "DES-CBC",            "SHA1-160",        0,       8,  8,  20 },
		{ "BLOWFISH-CBC",       "SHA1",            0,       8,  8,  12 },
		{ "CAMELLIA-256-CBC",   "SHA512-256",      0,       16, 16, 32 },
		{ "NULL",               "SHA256-128",      0,       0,  1,  16 },
		{ "NULL",               NULL,              0,       0,  1,  0  },
		{ "AES-CBC",            "SHA257",          -ENOENT, UNSET, UNSET, UNSET },
		{ "AES-GCM-17",         NULL,              -ENOENT, UNSET, UNSET, UNSET },
		{ "AES-256-XYZ",        "SHA1",            -ENOENT, UNSET, UNSET, UNSET },
		{ "",                   NULL,              -ENOENT, UNSET, UNSET, UNSET },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct encap encap = { .kind = ENCAP_ESP };

		print_message("esp '%s' '%s'\n", cases[i].cipher,
			      cases[i].auth ? cases[i].auth : "");
		assert_int_equal(encap_set_esp_cipher(&encap, cases[i].cipher, cases[i].auth),
				 cases[i].result);
		assert_int_equal(value_of(&encap, ENCAP_KEY_IV), cases[i].iv);
		assert_int_equal(value_of(&encap, ENCAP_KEY_BLOCK), cases[i].block);
		assert_int_equal(value_of(&encap, ENCAP_KEY_HMAC), cases[i].icv);
	}
}

static void test_digests_alone(void **state)
{
	struct encap encap = { .kind = ENCAP_OPENVPN };

	(void)state;
	assert_int_equal(encap_set_openvpn_auth(&encap, "sha257"), -ENOENT);
	assert_int_equal(encap_set_esp_auth(&encap, "sha257"), -ENOENT);
	assert_true(encap.given == 0);
	assert_int_equal(encap_set_openvpn_auth(&encap, "SHA256"), 0);
	assert_int_equal(value_of(&encap, ENCAP_KEY_HMAC), 32);
	assert_int_equal(encap_set_esp_auth(&encap, "SHA256"), 0);
	assert_int_equal(value_of(&encap, ENCAP_KEY_HMAC), 16);
	assert_int_equal(value_of(&encap, ENCAP_KEY_IV), UNSET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),	       cmocka_unit_test(test_kernel_aead),
		cmocka_unit_test(test_kernel_cipher),  cmocka_unit_test(test_kernel_auth),
		cmocka_unit_test(test_openvpn),	       cmocka_unit_test(test_esp),
		cmocka_unit_test(test_digests_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
