/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "ipsec_make.h"
#include "policy/ipsec/ipsec_layer.h"

#define V4 ENDS("192.0.2.1", "192.0.2.2")
#define V6 ENDS("2001:db8::1", "2001:db8::2")
#define AH_SHA256 .protocol = IPPROTO_AH, .auth = "hmac(sha256)", .icv_bits = 128
#define COMP .protocol = IPPROTO_COMP

static const struct {
	const char *name;
	struct state_row state;
	enum family inner;
	const char *layer; /* "" for none */
	const char *notes;
} layers[] = {
	{ "AES-GCM", { V4, .state = { AES_GCM } }, FAMILY_IPV4, "esp4 tunnel 8+1+16", "" },
	{ "AES-GCM, ICV of 8", { V4, .state = { .aead = "rfc4106(gcm(aes))", .icv_bits = 64 } },
	  FAMILY_IPV4, "esp4 tunnel 8+1+8", "" },
	{ "AES-CBC, SHA2-256", { V4, .state = { AES_SHA256 } }, FAMILY_IPV4,
	  "esp4 tunnel 16+16+16", "" },
	{ "cut to 96 bits", { V4, .state = { .cipher = "cbc(aes)", .auth = "hmac(sha256)",
					     .icv_bits = 96 } }, FAMILY_IPV4,
	  "esp4 tunnel 16+16+12", "" },
	{ "3DES", { V4, .state = { .cipher = "cbc(des3_ede)", .auth = "hmac(md5)",
				   .icv_bits = 96 } }, FAMILY_IPV4, "esp4 tunnel 8+8+12", "" },
	{ "NULL", { V4, .state = { .cipher = "ecb(cipher_null)", .auth = "hmac(sha1)",
				   .icv_bits = 96 } }, FAMILY_IPV4, "esp4 tunnel 0+1+12", "" },
	{ "cipher alone", { V4, .state = { .cipher = "cbc(aes)" } }, FAMILY_IPV4,
	  "esp4 tunnel 16+16+0", "" },
	{ "ChaCha20", { V4, .state = { .aead = "rfc7539esp(chacha20,poly1305)",
				       .icv_bits = 128 } }, FAMILY_IPV4, "esp4 tunnel 8+1+16", "" },
	{ "IPv6 outside", { V6, .state = { AES_GCM } }, FAMILY_IPV4, "esp6 tunnel 8+1+16", "" },
	{ "over UDP", { V4, .state = { AES_GCM, .encap = ENCAP_ESP_UDP } }, FAMILY_IPV4,
	  "esp4 tunnel 8+1+16 udp", "" },
	{ "over TCP", { V4, .state = { AES_GCM, .encap = ENCAP_ESP_TCP } }, FAMILY_IPV4,
	  "esp4 tunnel 8+1+16 tcp", "" },
	{ "over UDP with zeroes", { V4, .state = { AES_GCM, .encap = ENCAP_ESP_UDP,
						   .old_encap = true } }, FAMILY_IPV4,
	  "esp4 tunnel 16+1+16 udp", "" },
	{ "transport", { V4, .state = { AES_GCM }, .transport = true }, FAMILY_IPV4,
	  "esp4 transport 8+1+16", "" },
	{ "BEET", { V4, .state = { AES_GCM, .mode = IPSEC_BEET } }, FAMILY_IPV4,
	  "esp4 transport 8+1+16", "" },
	{ "BEET, IPv6 in IPv4", { V4, .state = { AES_GCM, .mode = IPSEC_BEET } }, FAMILY_IPV6,
	  "esp4 transport 8+1+16", "" },
	{ "BEET, IPv4 in IPv6", { V6, .state = { AES_GCM, .mode = IPSEC_BEET } }, FAMILY_IPV4,
	  "esp6 tunnel 8+1+16", "" },
	{ "IPTFS: 4 bytes", { V4, .state = { AES_GCM, .mode = IPSEC_IPTFS } }, FAMILY_IPV4,
	  "esp4 tunnel 8+1+20", "" },
	{ "IPTFS: a block", { V4, .state = { AES_SHA256, .mode = IPSEC_IPTFS } }, FAMILY_IPV4,
	  "esp4 tunnel 16+16+32", "" },
	{ "AH", { V4, .state = { AH_SHA256 } }, FAMILY_IPV4, "ah4 tunnel 16", "" },
	{ "AH, shorter", { V4, .state = { AH_SHA256, .align4 = true } }, FAMILY_IPV4,
	  "ah4 tunnel 16 align4", "" },
	{ "AH, shorter is for IPv4", { V6, .state = { AH_SHA256, .align4 = true } }, FAMILY_IPV4,
	  "ah6 tunnel 16", "" },
	{ "AH, transport", { V6, .state = { AH_SHA256 }, .transport = true }, FAMILY_IPV6,
	  "ah6 transport 16", "" },
	{ "IPComp, transport", { V4, .state = { COMP }, .transport = true }, FAMILY_IPV4, "", "" },
	{ "IPComp, IPv4 in IPv4", { V4, .state = { COMP } }, FAMILY_IPV4, "ipip4", "" },
	{ "IPComp, IPv6 in IPv4", { V4, .state = { COMP } }, FAMILY_IPV6, "sit4", "" },
	{ "IPComp, IPv6 outside", { V6, .state = { COMP } }, FAMILY_IPV4, "ip6tnl6 limit 0", "" },
	{ "Mobile IPv6", { V6, .state = { .protocol = IPPROTO_DSTOPTS } }, FAMILY_IPV6, "",
	  "a transform of protocol 60 is not counted" },
	{ "unknown AEAD", { V4, .state = { .aead = "new(aead)", .icv_bits = 128 } }, FAMILY_IPV4,
	  "esp4 tunnel 16+16+16", "new(aead) is not known: counted like AES-CBC" },
	{ "unknown cipher", { V4, .state = { .cipher = "new(cipher)", .auth = "hmac(sha1)",
					     .icv_bits = 96 } }, FAMILY_IPV4,
	  "esp4 tunnel 16+16+12", "new(cipher) is not known: counted like AES-CBC" },
	{ "unknown digest", { V4, .state = { .cipher = "cbc(aes)", .auth = "new(digest)",
					     .icv_bits = 192 } }, FAMILY_IPV4,
	  "esp4 tunnel 16+16+24", "" },
	{ "unknown digest and length", { V4, .state = { .cipher = "cbc(aes)",
							.auth = "new(digest)" } }, FAMILY_IPV4,
	  "esp4 tunnel 16+16+32", "new(digest) is not known: counted like SHA2-512" },
	{ "absurd length", { V4, .state = { .aead = "rfc4106(gcm(aes))",
					    .icv_bits = UINT32_MAX } }, FAMILY_IPV4,
	  "esp4 tunnel 16+16+65535", "rfc4106(gcm(aes)) is not known: counted like AES-CBC" },
	{ "TFC padding", { V4, .state = { AES_GCM, .padding = 1400 } }, FAMILY_IPV4,
	  "esp4 tunnel 8+1+16", "TFC padding: packets are filled up to 1400 bytes" },
};

static void test_layers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(layers); i++) {
		struct ipsec_state made = make_state(&layers[i].state);
		struct ipsec_notes notes = { 0 };
		struct encap layer = { 0 };
		char text[128] = "";

		if (ipsec_layer_of_state(&made, layers[i].inner, &layer, &notes))
			describe_layer(&layer, text, sizeof(text));
		if (strcmp(text, layers[i].layer) != 0)
			fail_msg("%s: %s", layers[i].name, text);
		assert_string_equal(notes.text, layers[i].notes);
		(void)ipsec_layer_of_state(&made, layers[i].inner, &layer, NULL);
	}
}

static const struct {
	struct ipsec_template template;
	enum family inner, outer;
	const char *layer, *notes;
} assumed[] = {
	{ { .protocol = IPPROTO_ESP, .mode = IPSEC_TUNNEL }, FAMILY_IPV4, FAMILY_IPV4,
	  "esp4 tunnel 16+16+32 udp",
	  "no state yet: counted as cbc(aes) hmac(sha512)/256 over UDP" },
	{ { .protocol = IPPROTO_ESP, .mode = IPSEC_TRANSPORT }, FAMILY_IPV6, FAMILY_IPV6,
	  "esp6 transport 16+16+32 udp",
	  "no state yet: counted as cbc(aes) hmac(sha512)/256 over UDP" },
	{ { .protocol = IPPROTO_AH, .mode = IPSEC_TUNNEL }, FAMILY_IPV4, FAMILY_IPV4,
	  "ah4 tunnel 32", "no state yet: counted as hmac(sha512)/256" },
	{ { .protocol = IPPROTO_COMP, .mode = IPSEC_TUNNEL }, FAMILY_IPV4, FAMILY_IPV4,
	  "ipip4", "" },
	{ { .protocol = IPPROTO_COMP, .mode = IPSEC_TRANSPORT }, FAMILY_IPV4, FAMILY_IPV4, "", "" },
};

static void test_assumed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(assumed); i++) {
		struct ipsec_notes notes = { 0 };
		struct encap layer = { 0 };
		char text[128] = "";

		if (ipsec_layer_assumed(&assumed[i].template, assumed[i].inner, assumed[i].outer,
					&layer, &notes))
			describe_layer(&layer, text, sizeof(text));
		assert_string_equal(text, assumed[i].layer);
		assert_string_equal(notes.text, assumed[i].notes);
	}
}

static const struct {
	struct ipsec_state state;
	const char *suite;
} suites[] = {
	{ { AES_GCM }, "rfc4106(gcm(aes))/128" },
	{ { AES_GCM, .encap = ENCAP_ESP_UDP }, "rfc4106(gcm(aes))/128 over UDP" },
	{ { AES_SHA256, .encap = ENCAP_ESP_TCP }, "cbc(aes) hmac(sha256)/128 over TCP" },
	{ { .auth = "hmac(sha1)", .icv_bits = 96 }, "hmac(sha1)/96" },
	{ { .cipher = "cbc(aes)" }, "cbc(aes)" },
};

static void test_suites(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		char text[IPSEC_SUITE_MAX];

		assert_string_equal(ipsec_suite_format(&suites[i].state, text), suites[i].suite);
	}
}

static void test_notes(void **state)
{
	struct ipsec_notes notes = { 0 };

	(void)state;
	ipsec_notes_add(&notes, "%d", 1);
	assert_string_equal(notes.text, "1");
	ipsec_notes_add(&notes, "%s", "two");
	assert_string_equal(notes.text, "1; two");
	for (size_t i = 0; i < IPSEC_NOTES_MAX; i++)
		ipsec_notes_add(&notes, "more");
	assert_int_equal(strlen(notes.text), IPSEC_NOTES_MAX - 1);
	ipsec_notes_add(NULL, "nobody reads it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_assumed),
		cmocka_unit_test(test_suites),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
