/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "daemon/config/overrides.h"

/* What a layer says, or what is left of it: -1 where a key is not given. */
struct layer { enum encap_kind kind; int mode, iv, block, hmac; };

#define NOTHING { ENCAP_NONE, -1, -1, -1, -1 }

static const struct {
	const char *name, *kind, *cipher, *auth;
	int r;
	struct layer encap, esp;
} cases[] = {
	/* name                kind         cipher         auth      r
	 *   kind, mode, IV, block, HMAC */
	{ "nothing",           NULL,        NULL,          NULL,     0, NOTHING, NOTHING },
	{ "kind alone",        "gre",       NULL,          NULL,     0,
	  { ENCAP_GRE, -1, -1, -1, -1 }, NOTHING },
	{ "OpenVPN, AEAD",     "openvpn",   "AES-256-GCM", NULL,     0,
	  { ENCAP_OPENVPN, ENCAP_MODE_AEAD, 0, 1, 0 }, NOTHING },
	{ "OpenVPN, CBC",      "openvpn",   "AES-256-CBC", "SHA256", 0,
	  { ENCAP_OPENVPN, ENCAP_MODE_CBC, 16, 16, 32 }, NOTHING },
	{ "OpenVPN, digest",   "openvpn",   NULL,          "SHA512", 0,
	  { ENCAP_OPENVPN, ENCAP_MODE_AEAD, 0, 1, 0 }, NOTHING },
	{ "ESP, AEAD",         "esp",       "AES-GCM-16",  NULL,     0,
	  { ENCAP_ESP, -1, 8, 1, 16 }, NOTHING },
	{ "ESP, digest",       "esp",       NULL,          "SHA256", 0,
	  { ENCAP_ESP, -1, 16, 16, 16 }, NOTHING },
	{ "AH",                "ah",        NULL,          "SHA1",   0,
	  { ENCAP_AH, -1, 16, 16, 12 }, NOTHING },
	{ "either's CBC",      NULL,        "AES-256-CBC", "SHA256", 0,
	  { ENCAP_NONE, ENCAP_MODE_CBC, 16, 16, 32 }, { ENCAP_NONE, -1, 16, 16, 16 } },
	{ "OpenVPN's alone",   NULL,        "BF-CFB",      NULL,     0,
	  { ENCAP_NONE, ENCAP_MODE_CFB, 8, 1, 20 }, NOTHING },
	{ "ESP's alone",       NULL,        "AES-CTR",     "SHA384-192", 0,
	  NOTHING, { ENCAP_NONE, -1, 8, 1, 24 } },
	{ "either's digest",   NULL,        NULL,          "SHA256", 0,
	  { ENCAP_NONE, -1, -1, -1, 32 }, { ENCAP_NONE, -1, -1, -1, 16 } },
	{ "nobody's cipher",   NULL,        "ROT13",       NULL,     -ENOENT, NOTHING, NOTHING },
	{ "nobody's digest",   NULL,        NULL,          "SHA9",   -ENOENT, NOTHING, NOTHING },
	{ "ESP's for OpenVPN", "openvpn",   "AES-CTR",     NULL,     -ENOENT,
	  { ENCAP_OPENVPN, -1, -1, -1, -1 }, NOTHING },
	{ "none to choose",    "wireguard", "AES-256-GCM", NULL,     -ENOENT,
	  { ENCAP_WIREGUARD, -1, -1, -1, -1 }, NOTHING },
};

static int given(const struct encap *encap, enum encap_key key)
{
	return encap_has(encap, key) ? encap->value[key] : -1;
}

static void expect_layer(const char *name, const struct encap *encap, const struct layer *layer)
{
	if (encap->kind != layer->kind || given(encap, ENCAP_KEY_MODE) != layer->mode ||
	    given(encap, ENCAP_KEY_IV) != layer->iv ||
	    given(encap, ENCAP_KEY_BLOCK) != layer->block ||
	    given(encap, ENCAP_KEY_HMAC) != layer->hmac)
		fail_msg("%s: %s, mode %d, IV %d, block %d, HMAC %d", name,
			 encap_kind_name(encap->kind), given(encap, ENCAP_KEY_MODE),
			 given(encap, ENCAP_KEY_IV), given(encap, ENCAP_KEY_BLOCK),
			 given(encap, ENCAP_KEY_HMAC));
}

static void test_words_as_layers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tunnel_override override;
		int r;

		memset(&override, 0xff, sizeof(override));
		r = overrides_parse_encap(cases[i].kind, cases[i].cipher, cases[i].auth,
					  &override);
		if (r != cases[i].r)
			fail_msg("%s: %d", cases[i].name, r);
		assert_int_equal(override.has_encap, i != 0);
		expect_layer(cases[i].name, &override.encap, &cases[i].encap);
		expect_layer(cases[i].name, &override.esp, &cases[i].esp);
	}
}

static void test_entries_in_their_order(void **state)
{
	static char match[] = "tun*", other[] = "ipsec:192.0.2.7", kind[] = "openvpn",
		    cipher[] = "AES-256-CBC", over[] = "lte0";
	struct config_tunnel tunnels[] = {
		{ .match = match, .kind = kind, .cipher = cipher },
		{ .match = other, .over = over, .path_mtu = 1400, .extra = 12 },
	};
	const struct config config = { .tunnels = tunnels, .tunnel_count = COUNT(tunnels) };
	struct tunnel_override *list;
	size_t count;

	(void)state;
	assert_int_equal(overrides_make(&config, &list, &count), 0);
	assert_int_equal(count, 2);
	assert_ptr_equal(list[0].match, match);
	assert_true(list[0].has_encap);
	assert_int_equal(list[0].encap.value[ENCAP_KEY_HMAC], 20); /* SHA1 */
	assert_null(list[0].over);
	assert_int_equal(list[0].path_mtu + list[0].extra, 0);
	assert_ptr_equal(list[1].match, other);
	assert_ptr_equal(list[1].over, over);
	assert_false(list[1].has_encap);
	assert_int_equal(list[1].path_mtu, 1400);
	assert_int_equal(list[1].extra, 12);
	free(list);
}

static void test_no_entries(void **state)
{
	const struct config config = { 0 };
	struct tunnel_override *list;
	size_t count = 7;

	(void)state;
	assert_int_equal(overrides_make(&config, &list, &count), 0);
	assert_int_equal(count, 0);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_as_layers),
		cmocka_unit_test(test_entries_in_their_order),
		cmocka_unit_test(test_no_entries),
	};

	return cmocka_run_group_tests_name("overrides", tests, NULL, NULL);
}
