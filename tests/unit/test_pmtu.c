/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "pmtu_world.h"

static const struct {
	const char *name;
	uint32_t floor, most, first, passes, router;
	uint32_t found;
	unsigned int packets; /* at most */
	bool explained;
} searches[] = {
	/* name                       floor  most first passes router found packets explained */
	{ "nothing is wrong",           576, 1500,    0, 1500,     0, 1500,  2, false },
	{ "more would pass",            576, 1500,    0, 9000,     0, 1500,  2, false },
	{ "a plateau",                  576, 1500,    0, 1492,     0, 1492, 18, false },
	{ "a plateau and one",          576, 1500,    0, 1493,     0, 1493, 20, false },
	{ "to the byte",                576, 1500,    0, 1433,     0, 1433, 22, false },
	{ "the base",                   576, 1500,    0, 1200,     0, 1200, 18, false },
	{ "below the base",             576, 1500,    0,  999,     0,  999, 26, false },
	{ "the floor",                  576, 1500,    0,  576,     0,  576, 20, false },
	{ "below the floor",            576, 1500,    0,  500,     0,  576, 20, false },
	{ "IPv6 base is the floor",    1280, 1500,    0, 1280,     0, 1280, 18, false },
	{ "jumbo",                      576, 9000,    0, 4470,     0, 4470, 22, false },
	{ "most is the floor",         1280, 1280,    0, 1280,     0, 1280,  2, false },
	{ "most below the floor",      1280, 1000,    0, 1000,     0, 1000,  2, false },
	{ "a router tells",             576, 1500,    0, 1492,  1492, 1492,  8, true },
	{ "a router tells no number",   576, 1500,    0, 1492,     0, 1492, 18, false },
	{ "a router tells too little",  576, 1500,    0, 1433,  1300, 1433, 24, false },
	{ "a router tells nonsense",    576, 1500,    0, 1433,    68, 1433, 22, false },
	{ "in force and stands",        576, 1500, 1433, 1433,     0, 1433,  4, false },
	{ "in force, now all passes",   576, 1500, 1433, 1500,     0, 1500,  4, false },
	{ "in force, now a bit more",   576, 1500, 1433, 1434,     0, 1434, 24, false },
	{ "in force, now less",         576, 1500, 1433, 1400,     0, 1400, 30, false },
};

static void test_each_search(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
		struct world world = { .passes = searches[i].passes, .router = searches[i].router };

		begin(&world, searches[i].floor, searches[i].most, searches[i].first);
		if (play(&world) != PMTU_DONE || pmtu_found(&world.pmtu) != searches[i].found ||
		    world.sent > searches[i].packets ||
		    pmtu_explained(&world.pmtu) != searches[i].explained)
			fail_msg("%s: %u with %u packets", searches[i].name,
				 pmtu_found(&world.pmtu), world.sent);
	}
}

/* Every size there is, from the floor up. */
static void test_each_size_is_found(void **state)
{
	(void)state;
	for (uint32_t passes = 576; passes <= 1500; passes++) {
		struct world world = { .passes = passes };

		begin(&world, 576, 1500, 0);
		assert_int_equal(play(&world), PMTU_DONE);
		assert_int_equal(pmtu_found(&world.pmtu), passes);
		assert_true(world.sent <= 28);
	}
}

static uint32_t sixteens(const void *userdata, uint32_t size)
{
	uint32_t header = *(const uint32_t *)userdata;

	return size < header ? size : (size - header) / 16 * 16 + header;
}

/* What is the same on the wire is tried once; the result is its smallest size, or all of it. */
static void test_classes_are_one_size(void **state)
{
	static const uint32_t header = 60;

	(void)state;
	for (uint32_t passes = 576; passes <= 1500; passes++) {
		struct world world = { .passes = passes };

		begin(&world, 576, 1490, 0);
		world.pmtu.config.same_as = sixteens;
		world.pmtu.config.userdata = &header;
		pmtu_limit(&world.pmtu, 1490, 0, false);
		assert_int_equal(play(&world), PMTU_DONE);
		if (passes >= sixteens(&header, 1490))
			assert_int_equal(pmtu_found(&world.pmtu), 1490);
		else if (passes < 588)
			assert_int_equal(pmtu_found(&world.pmtu), 576);
		else
			assert_int_equal(pmtu_found(&world.pmtu), sixteens(&header, passes));
		for (size_t i = 1; i < world.pmtu.size_count; i++)
			assert_int_equal(world.pmtu.sizes[i].size,
					 sixteens(&header, world.pmtu.sizes[i].size));
	}
}

static void test_states_are_those_of_the_rfc(void **state)
{
	struct world world = { .passes = 1433 };
	uint64_t wait_ns;
	uint32_t size = 0;

	(void)state;
	begin(&world, 576, 1500, 0);
	assert_int_equal(pmtu_next(&world.pmtu, world.now_ns, &size, &wait_ns), PMTU_SEND);
	assert_int_equal(size, PMTU_SMALL);
	send_one(&world, size);
	assert_int_equal(pmtu_next(&world.pmtu, world.now_ns, &size, &wait_ns), PMTU_SEND);
	assert_int_equal(size, 1500);
	assert_int_equal(play(&world), PMTU_DONE);
	assert_int_equal(pmtu_found(&world.pmtu), 1433);
	world = (struct world){ .passes = 900 };
	begin(&world, 576, 1500, 0);
	assert_int_equal(play(&world), PMTU_DONE);
	assert_int_equal(pmtu_found(&world.pmtu), 900);
}

static void test_too_large_for_the_link_is_too_large(void **state)
{
	struct world world = { .passes = 1500, .link = 1450 };

	(void)state;
	begin(&world, 576, 1500, 0);
	assert_int_equal(play(&world), PMTU_DONE);
	assert_int_equal(pmtu_found(&world.pmtu), 1450);
	assert_true(pmtu_explained(&world.pmtu));
	assert_int_equal(pmtu_find_size(&world.pmtu, 1451)->sent, 0);
}

static const struct {
	const char *name;
	uint32_t told[4]; /* by one router after the other, to whatever is larger */
	enum pmtu_step step;
	uint32_t found;
} routers[] = {
	{ "nobody tells", { 0 }, PMTU_SILENT, 0 },
	{ "one", { 1400 }, PMTU_DONE, 1400 },
	{ "two", { 1400, 1300 }, PMTU_DONE, 1300 },
	{ "less than the floor", { 552 }, PMTU_DONE, 576 },
	{ "more than was sent", { 1600 }, PMTU_SILENT, 0 },
};

static void test_routers_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(routers) / sizeof(routers[0]); i++) {
		struct world world = { .dead = true };
		enum pmtu_step step;

		begin(&world, 576, 1500, 0);
		assert_int_equal(play(&world), PMTU_SILENT);
		pmtu_go_blind(&world.pmtu);
		for (size_t j = 0; j < 4 && routers[i].told[j]; j++) {
			uint32_t serial, size = 0;
			uint64_t wait_ns;

			assert_int_equal(pmtu_next(&world.pmtu, world.now_ns, &size, &wait_ns),
					 PMTU_SEND);
			serial = pmtu_sent(&world.pmtu, size, 0, world.now_ns);
			assert_true(pmtu_too_big(&world.pmtu, serial, routers[i].told[j]));
		}
		step = play(&world);
		if (step != routers[i].step ||
		    (step == PMTU_DONE && pmtu_found(&world.pmtu) != routers[i].found))
			fail_msg("%s: %u", routers[i].name, pmtu_found(&world.pmtu));
	}
}

/* A router that drops, and tells one byte less than what came each time: it leads only so far. */
static void test_a_router_that_leads_astray(void **state)
{
	struct world world = { .passes = 1300 };

	(void)state;
	begin(&world, 576, 1500, 0);
	for (;;) {
		uint64_t wait_ns = 0;
		uint32_t size = 0;
		enum pmtu_step step = pmtu_next(&world.pmtu, world.now_ns, &size, &wait_ns);

		if (step == PMTU_WAIT)
			world.now_ns = wait_ns;
		else if (step == PMTU_DONE)
			break;
		world.router = size - 1;
		if (step == PMTU_SEND)
			send_one(&world, size);
	}
	assert_int_equal(pmtu_found(&world.pmtu), 1300);
	assert_true(world.sent < 36);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_search),
		cmocka_unit_test(test_each_size_is_found),
		cmocka_unit_test(test_classes_are_one_size),
		cmocka_unit_test(test_states_are_those_of_the_rfc),
		cmocka_unit_test(test_too_large_for_the_link_is_too_large),
		cmocka_unit_test(test_routers_alone),
		cmocka_unit_test(test_a_router_that_leads_astray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
