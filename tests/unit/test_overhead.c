/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "overhead_cases.h"
#include "policy/overhead/overhead_table.h"

/* A layer of a case: every key must exist. */
static struct encap read_layer(const char *kind, const char *keys)
{
	struct encap encap = { .kind = encap_kind_find(kind) };
	char text[128], name[32], value[32];
	const char *cipher = NULL, *auth = NULL;
	static char names[2][32];
	int used;

	assert_true(encap.kind != ENCAP_NONE || strcmp(kind, "none") == 0);
	snprintf(text, sizeof(text), "%s", keys);
	for (const char *at = text; sscanf(at, " %31[a-z0-9_]=%31s%n", name, value, &used) == 2;
	     at += used) {
		enum encap_key key = overhead_key_find(name);

		assert_true(key != ENCAP_KEY_COUNT);
		if (key == ENCAP_KEY_CIPHER)
			cipher = strcpy(names[0], value);
		else if (key == ENCAP_KEY_AUTH)
			auth = strcpy(names[1], value);
		else
			encap_set(&encap, key, (uint16_t)strtoul(value, NULL, 10));
	}
	if (encap.kind == ENCAP_OPENVPN && cipher)
		assert_int_equal(encap_set_openvpn_cipher(&encap, cipher, auth), 0);
	else if (cipher)
		assert_int_equal(encap_set_esp_cipher(&encap, cipher, auth), 0);
	else if (auth)
		assert_int_equal(encap_set_esp_auth(&encap, auth), 0);
	return encap;
}

/* Each step takes its bytes from what the one before left. */
static void check_steps(const struct overhead_case *row, const struct encap *encap)
{
	struct overhead_steps steps = { .count = 7 };
	struct overhead overhead = overhead_apply(encap, row->outer, &steps);
	uint32_t left = row->outer;

	assert_true(steps.count <= OVERHEAD_STEPS_MAX);
	for (size_t i = 0; i < steps.count; i++) {
		assert_true(*steps.list[i].what != '\0');
		if (!overhead.stream)
			assert_int_equal(steps.list[i].left, left > steps.list[i].bytes ?
								     left - steps.list[i].bytes :
								     0);
		left = steps.list[i].left;
	}
	assert_int_equal(left, overhead.inner_mtu);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(overhead_cases); i++) {
		const struct overhead_case *row = &overhead_cases[i];
		struct encap encap = read_layer(row->kind, row->keys);
		struct overhead overhead = overhead_apply(&encap, row->outer, NULL);

		print_message("%s:%s path %u\n", row->kind, row->keys, row->outer);
		assert_int_equal(overhead.inner_mtu, row->inner);
		assert_int_equal(overhead.fixed, row->fixed);
		assert_true(overhead.stream == (strstr(row->keys, "proto=1") != NULL));
		check_steps(row, &encap);
	}
}

/* Every kind and every key that a kind uses stands in the cases. */
static void test_cases_are_complete(void **state)
{
	(void)state;
	for (enum encap_kind kind = ENCAP_NONE; kind < ENCAP_KIND_COUNT; kind++) {
		uint64_t seen = 0;
		bool found = false;

		for (size_t i = 0; i < COUNT(overhead_cases); i++) {
			const struct overhead_case *row = &overhead_cases[i];

			if (strcmp(row->kind, encap_kind_name(kind)) != 0)
				continue;
			found = true;
			seen |= read_layer(row->kind, row->keys).given;
			seen |= strstr(row->keys, "cipher=") ? 1 << ENCAP_KEY_CIPHER : 0;
			seen |= strstr(row->keys, "auth=") ? 1 << ENCAP_KEY_AUTH : 0;
		}
		print_message("%s\n", encap_kind_name(kind));
		assert_true(found);
		for (const struct overhead_use *use = overhead_row(kind)->uses; use->help; use++) {
			if (!(seen >> use->key & 1))
				fail_msg("%s: no case with %s", encap_kind_name(kind),
					 overhead_key(use->key)->name);
		}
	}
}

/* Nothing that goes in is too large, and one byte more would be: the wire size of an inner packet
 * of WireGuard, ESP and OpenVPN, reckoned forwards. */
static uint32_t wire_of(const struct encap *encap, uint32_t fixed, uint32_t inner)
{
	uint32_t block = overhead_value(encap, ENCAP_KEY_BLOCK), mtu, padded;

	switch (encap->kind) {
	case ENCAP_WIREGUARD:
		mtu = overhead_value(encap, ENCAP_KEY_IFMTU);
		padded = (inner + 15) / 16 * 16;
		return fixed + (mtu && padded > mtu ? mtu : padded);
	case ENCAP_ESP:
		block = block < 4 ? 4 : block;
		padded = (inner + 2 + block - 1) / block * block;
		return fixed - 2 + padded;
	case ENCAP_OPENVPN:
		padded = (inner + 4 + block) / block * block;
		return fixed - 4 + padded;
	default:
		return fixed + inner;
	}
}

static void test_exact(void **state)
{
	static const struct { const char *kind, *keys; } layers[] = {
		{ "wireguard", "" },
		{ "wireguard", "ifmtu=1413 outer=6" },
		{ "esp", "cipher=AES-GCM-16" },
		{ "esp", "cipher=AES-CBC auth=SHA1-96" },
		{ "esp", "cipher=3DES-CBC auth=SHA256-128 encap=1" },
		{ "openvpn", "cipher=AES-256-CBC auth=SHA256" },
		{ "openvpn", "cipher=BF-CBC auth=SHA1 outer=6" },
		{ "gre", "key=1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(layers); i++) {
		struct encap encap = read_layer(layers[i].kind, layers[i].keys);

		for (uint32_t path = 68; path < 2000; path++) {
			struct overhead overhead = overhead_apply(&encap, path, NULL);
			uint32_t mtu = overhead_value(&encap, ENCAP_KEY_IFMTU);

			if (!overhead.inner_mtu)
				continue;
			if (wire_of(&encap, overhead.fixed, overhead.inner_mtu) > path)
				fail_msg("%s %s: too large for %u", layers[i].kind,
					 layers[i].keys, path);
			if (overhead.inner_mtu != mtu &&
			    wire_of(&encap, overhead.fixed, overhead.inner_mtu + 1) <= path)
				fail_msg("%s %s: smaller than need be for %u", layers[i].kind,
					 layers[i].keys, path);
		}
	}
}

static void test_families(void **state)
{
	static const struct {
		const char *kind, *keys;
		bool v4, v6;
		unsigned int outer;
	} cases[] = {
		{ "wireguard", "", true, true, 4 },
		{ "wireguard", "outer=6", true, true, 6 },
		{ "ipip", "", true, false, 4 },
		{ "ipip", "outer=6", true, false, 6 },
		{ "sit", "", false, true, 4 },
		{ "ip6tnl", "", true, true, 6 },
		{ "ip6tnl", "outer=4", true, true, 6 },
		{ "translate46", "", true, false, 6 },
		{ "esp", "", true, true, 4 },
		{ "esp", "mode=1", true, false, 4 },
		{ "esp", "mode=1 outer=6", false, true, 6 },
		{ "ah", "mode=1", true, false, 4 },
		{ "ah", "outer=6", true, true, 6 },
		{ "openvpn", "mode=1", true, true, 4 }, /* cbc, not transport */
		{ "pppoe", "", true, true, 0 },
		{ "macsec", "", true, true, 0 },
		{ "mpls", "", true, true, 0 },
		{ "vlan", "", true, true, 0 },
		{ "route", "", true, true, 0 },
		{ "none", "", true, true, 0 },
		{ "l2tp2_kernel", "outer=6", true, true, 6 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct encap encap = read_layer(cases[i].kind, cases[i].keys);
		struct overhead overhead = overhead_apply(&encap, 1500, NULL);

		print_message("families of %s:%s\n", cases[i].kind, cases[i].keys);
		assert_true(overhead.carries[FAMILY_IPV4] == cases[i].v4);
		assert_true(overhead.carries[FAMILY_IPV6] == cases[i].v6);
		assert_int_equal(overhead_outer_version(&encap), cases[i].outer);
	}
}

static void test_assumptions(void **state)
{
	static const struct { const char *kind, *keys, *text; bool there; } cases[] = {
		{ "wireguard", "", "no interface MTU", true },
		{ "wireguard", "ifmtu=1420", "no interface MTU", false },
		{ "wireguard", "", "at random", false },
		{ "amneziawg", "ifmtu=1420", "at random", true },
		{ "gre", "", "encapsulation limit", false },
		{ "gre", "outer=6", "encapsulation limit", true },
		{ "gre", "outer=6 encap_limit=1", "encapsulation limit", false },
		{ "openvpn", "", "a tag of its own", true },
		{ "openvpn", "mode=1", "a tag of its own", false },
		{ "openvpn", "mode=1", "no HMAC", true },
		{ "openvpn", "mode=1 hmac=20", "no HMAC", false },
		{ "openvpn", "", "TCP stream", false },
		{ "openvpn", "proto=1", "fills one segment", true },
		{ "openvpn", "proto=1 ifmtu=1500", "the interface limits", true },
		{ "esp", "", "no cipher", true },
		{ "esp", "cipher=NULL", "no cipher", false },
		{ "esp", "cipher=NULL", "no ICV", true },
		{ "esp", "cipher=AES-GCM-16", "no ICV", false },
		{ "esp", "encap=2", "no TCP header", true },
		{ "ah", "", "12 bytes", true },
		{ "ah", "icv=16", "12 bytes", false },
		{ "macsec", "sci=1", "ICV", true },
		{ "geneve", "", "options", true },
		{ "vlan", "", "tag", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct encap encap = read_layer(cases[i].kind, cases[i].keys);
		bool there = false;
		const char *text;

		for (size_t n = 0; (text = overhead_assumes(&encap, n)); n++)
			there |= strstr(text, cases[i].text) != NULL;
		print_message("assumed of %s:%s: %s\n", cases[i].kind, cases[i].keys,
			      cases[i].text);
		assert_true(there == cases[i].there);
	}
}

/* The rows hold together: keys have names and ranges, words exist, nothing is both used and
 * ignored, lists end. */
static void test_rows(void **state)
{
	(void)state;
	for (enum encap_key key = 0; key < ENCAP_KEY_COUNT; key++) {
		assert_non_null(overhead_key(key)->name);
		assert_int_equal(overhead_key_find(overhead_key(key)->name), key);
		assert_true(overhead_key(key)->bare <= overhead_key(key)->max);
	}
	assert_int_equal(overhead_key_find("nonsense"), ENCAP_KEY_COUNT);
	for (enum encap_kind kind = ENCAP_NONE; kind < ENCAP_KIND_COUNT; kind++) {
		const struct overhead_row *row = overhead_row(kind);

		print_message("row of %s\n", encap_kind_name(kind));
		assert_non_null(row->title);
		assert_non_null(row->summary);
		assert_non_null(row->source);
		for (const struct overhead_use *use = row->uses; use->help; use++) {
			assert_false(row->ignored >> use->key & 1);
			assert_ptr_equal(overhead_use(kind, use->key), use);
			assert_true((overhead_key(use->key)->type == OVERHEAD_WORD) ==
				    (use->words != NULL));
		}
	}
	assert_null(overhead_use(ENCAP_GRE, ENCAP_KEY_S4));
	assert_non_null(overhead_use(ENCAP_AMNEZIAWG, ENCAP_KEY_S4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),	 cmocka_unit_test(test_cases_are_complete),
		cmocka_unit_test(test_exact),	 cmocka_unit_test(test_families),
		cmocka_unit_test(test_assumptions), cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
