/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "policy/offload/offload_order.h"

enum { LINKS = 4, HOSTS = 3, WORLDS = 20000 };

/* lan, wg0 and others of one family, each with some hosts, or nets, of their own limits. */
struct world {
	struct offload_link links[OFFLOAD_FEW * FAMILY_COUNT + 1];
	struct offload_range hosts[LINKS][HOSTS];
	struct offload_plan plan;
};

static void add_link(struct world *world, enum family family, uint16_t mss, size_t hosts)
{
	size_t at = world->plan.count++;

	world->links[at] = (struct offload_link){
		.ifindex = (uint32_t)at + 1, .family = family, .mss = mss,
	};
	world->links[at].ranges[at % OFFLOAD_KINDS] = (struct offload_ranges){
		.list = at < LINKS ? world->hosts[at] : NULL, .count = hosts,
	};
	world->plan.links = world->links;
}

static uint16_t some_mss(void)
{
	return (uint16_t)(1000 + rand() % 6);
}

static void make_random(struct world *world)
{
	size_t count = 1 + (size_t)rand() % LINKS;

	*world = (struct world){ .plan.count = 0 };
	for (size_t i = 0; i < count; i++) {
		size_t hosts = rand() % 2 ? (size_t)rand() % (HOSTS + 1) : 0;

		for (size_t host = 0; host < hosts; host++)
			world->hosts[i][host].mss = some_mss();
		add_link(world, FAMILY_IPV4, some_mss(), hosts);
		if (rand() % 8 == 0)
			world->links[i].why = OFFLOAD_MARK;
	}
}

/* Whether no limit of b is smaller than one of a. */
static bool may_precede(const struct offload_link *a, const struct offload_link *b)
{
	const struct offload_ranges *of_a = &a->ranges[(a->ifindex - 1) % OFFLOAD_KINDS];
	const struct offload_ranges *of_b = &b->ranges[(b->ifindex - 1) % OFFLOAD_KINDS];

	for (size_t i = 0; i <= of_a->count; i++) {
		uint16_t x = i ? of_a->list[i - 1].mss : a->mss;

		for (size_t k = 0; k <= of_b->count; k++) {
			if ((k ? of_b->list[k - 1].mss : b->mss) < x)
				return false;
		}
	}
	return true;
}

/* By trying: an order of all exists where of each two one may precede the other. */
static bool can_be_ordered(const struct offload_plan *plan, size_t *ret_known)
{
	bool can = true;

	*ret_known = 0;
	for (size_t i = 0; i < plan->count; i++) {
		*ret_known += plan->links[i].why == OFFLOAD_KNOWN;
		for (size_t k = 0; k < i; k++) {
			if (plan->links[i].why == OFFLOAD_KNOWN &&
			    plan->links[k].why == OFFLOAD_KNOWN)
				can &= may_precede(&plan->links[i], &plan->links[k]) ||
				       may_precede(&plan->links[k], &plan->links[i]);
		}
	}
	return can;
}

static void test_random_worlds(void **state)
{
	size_t ordered = 0, known;

	(void)state;
	srand(1);
	for (size_t n = 0; n < WORLDS; n++) {
		struct world world;
		struct offload_order order;
		bool can;

		make_random(&world);
		order = offload_order_of(&world.plan, FAMILY_IPV4);
		can = can_be_ordered(&world.plan, &known);
		assert_int_equal(order.exists, can && known > 0);
		ordered += order.exists;
		if (!order.exists)
			continue;
		assert_int_equal(order.count, known);
		for (size_t i = 1; i < order.count; i++)
			assert_true(may_precede(order.links[i - 1], order.links[i]));
		assert_true(offload_order_equal(&order, &order));
	}
	assert_true(ordered > WORLDS / 10 && ordered < WORLDS * 9 / 10);
}

static void test_equality(void **state)
{
	struct world world = { .plan.count = 0 };
	struct offload_order one, two, none = { .exists = false };

	(void)state;
	add_link(&world, FAMILY_IPV4, 1460, 0);
	add_link(&world, FAMILY_IPV4, 1380, 0);
	one = offload_order_of(&world.plan, FAMILY_IPV4);
	assert_int_equal(one.links[0]->ifindex, 2);
	world.links[0].mss = 1300;
	two = offload_order_of(&world.plan, FAMILY_IPV4);
	assert_int_equal(two.links[0]->ifindex, 1);
	assert_false(offload_order_equal(&one, &two));
	assert_false(offload_order_equal(&one, &none));
	assert_true(offload_order_equal(&none, &none));
	assert_false(offload_order_of(&world.plan, FAMILY_IPV6).exists); /* of nobody */
}

static void test_many_have_none(void **state)
{
	struct world world = { .plan.count = 0 };

	(void)state;
	for (size_t i = 0; i < OFFLOAD_FEW; i++) {
		add_link(&world, FAMILY_IPV4, 1400, 0);
		add_link(&world, FAMILY_IPV6, 1400, 0);
	}
	assert_int_equal(offload_order_of(&world.plan, FAMILY_IPV6).count, OFFLOAD_FEW);
	add_link(&world, FAMILY_IPV4, 1400, 0);
	assert_false(offload_order_of(&world.plan, FAMILY_IPV4).exists);
	assert_true(offload_order_of(&world.plan, FAMILY_IPV6).exists);
	world.links[0].why = OFFLOAD_MARK; /* each would need its rule too */
	assert_false(offload_order_of(&world.plan, FAMILY_IPV4).exists);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_worlds),
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_many_have_none),
	};

	return cmocka_run_group_tests_name("offload_order", tests, NULL, NULL);
}
