/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "policy/probe/probe_target.h"

static const struct {
	const char *name;
	enum family family;
	enum encap_kind kind;
	uint32_t link_mtu, extra;
	uint32_t outer, inner; /* the largest packet inside of that one */
	uint32_t least;        /* outer size that carries it */
} sizes[] = {
	/* name                     family       kind             link  extra outer inner least */
	{ "WireGuard fills up",     FAMILY_IPV4, ENCAP_WIREGUARD, 1420, 0, 1433, 1360, 1420 },
	{ "up to its link, no more", FAMILY_IPV4, ENCAP_WIREGUARD, 1420, 0, 1500, 1420, 1480 },
	{ "an odd link",            FAMILY_IPV4, ENCAP_WIREGUARD, 1377, 0, 1437, 1377, 1437 },
	{ "one byte less",          FAMILY_IPV4, ENCAP_WIREGUARD, 1377, 0, 1436, 1376, 1436 },
	{ "over IPv6",              FAMILY_IPV6, ENCAP_WIREGUARD, 1420, 0, 1500, 1420, 1500 },
	{ "obfuscation",            FAMILY_IPV4, ENCAP_WIREGUARD, 1420, 12, 1433, 1360, 1432 },
	{ "GRE",                    FAMILY_IPV4, ENCAP_GRE,       1476, 0, 1400, 1376, 1400 },
	{ "VXLAN over IPv6",        FAMILY_IPV6, ENCAP_VXLAN,     1430, 0, 1500, 1430, 1500 },
	{ "nothing fits",           FAMILY_IPV4, ENCAP_WIREGUARD, 1420, 0, 60,   0,    1    },
	{ "nothing to fit into",    FAMILY_IPV4, ENCAP_WIREGUARD, 1420, 0, 0,    0,    1    },
	{ "no layer",               FAMILY_IPV4, ENCAP_NONE,      0,    0, 1400, 1400, 1400 },
};

static struct probe_target target_of(size_t row)
{
	return (struct probe_target){
		.way = { .destination = { .family = sizes[row].family } },
		.assumed = 1500,
		.layer = { { .kind = sizes[row].kind } },
		.layer_count = 1,
		.link_mtu = sizes[row].link_mtu,
		.extra = sizes[row].extra,
	};
}

static void test_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		const struct probe_target target = target_of(i);
		uint32_t inner = probe_target_inner(&target, sizes[i].outer);
		uint32_t least = probe_target_outer(&target, inner);

		if (inner != sizes[i].inner || least != sizes[i].least)
			fail_msg("%s: %u inside, by %u outside", sizes[i].name, inner, least);
	}
}

static void test_more_outside_is_never_less_inside(void **state)
{
	(void)state;
	for (enum encap_kind kind = 0; kind < ENCAP_KIND_COUNT; kind++) {
		struct probe_target target = { .assumed = 2000, .layer_count = 1,
					       .layer = { { .kind = kind } }, .link_mtu = 1397 };
		uint32_t before = 0;

		for (uint32_t outer = 0; outer <= target.assumed; outer++) {
			uint32_t inner = probe_target_inner(&target, outer);

			if (inner < before)
				fail_msg("%s: %u outside, %u inside", encap_kind_name(kind), outer,
					 inner);
			before = inner;
		}
	}
}

/* The size that is told carries that packet, and one byte less does not. */
static void test_outer_is_the_least(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		const struct probe_target target = target_of(i);
		uint32_t most = probe_target_inner(&target, target.assumed);

		for (uint32_t inner = 1; inner <= most; inner++) {
			uint32_t outer = probe_target_outer(&target, inner);

			if (outer == 0 || probe_target_inner(&target, outer) < inner ||
			    probe_target_inner(&target, outer - 1) >= inner)
				fail_msg("%s: %u by %u", sizes[i].name, inner, outer);
		}
		assert_int_equal(probe_target_outer(&target, most + 1), 0);
	}
}

static void test_done(void **state)
{
	struct probe_target_list targets = { .list = calloc(2, sizeof(*targets.list)), .count = 2 };

	(void)state;
	assert_non_null(targets.list);
	targets.list[0] = (struct probe_target){ .tunnel = strdup("wg0"), .peer = strdup("a"),
						 .name = strdup("alice") };
	targets.list[1] = (struct probe_target){ .tunnel = strdup("gre1"), .peer = strdup("") };
	probe_target_list_done(&targets);
	assert_null(targets.list);
	assert_int_equal(targets.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_more_outside_is_never_less_inside),
		cmocka_unit_test(test_outer_is_the_least),
		cmocka_unit_test(test_done),
	};

	return cmocka_run_group_tests_name("probe_target", tests, NULL, NULL);
}
