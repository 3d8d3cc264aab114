/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "edge/firewall/firewall.h"
#include "offload_fixture.h"

enum { LAN = 2, WG0 = 7, LINKS = 2 * FAMILY_COUNT };

static const struct offload_frame frame = {
	.hooks = FIREWALL_FORWARD, .queue_first = 5000, .queue_count = 2,
};

/* lan and wg0 with one limit each. */
struct world {
	struct offload_link links[LINKS];
	struct offload_range hosts[2], nets[1];
	struct offload_plan plan;
};

static struct address address(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct address){ .family = FAMILY_IPV4, .bytes = { a, b, c, d } };
}

static void make_world(struct world *world)
{
	*world = (struct world){
		.links = {
			{ LAN, FAMILY_IPV4, .mss = 1460 }, { LAN, FAMILY_IPV6, .mss = 1440 },
			{ WG0, FAMILY_IPV4, .mss = 1380 }, { WG0, FAMILY_IPV6, .mss = 1360 },
		},
		.hosts = { { address(10, 0, 0, 1), address(10, 0, 0, 1), 1300 },
			   { address(10, 0, 0, 3), address(10, 0, 0, 3), 1301 } },
		.nets = { { address(10, 9, 0, 0), address(10, 9, 255, 255), 1200 } },
	};
	world->plan = (struct offload_plan){ .links = world->links, .count = LINKS };
}

static void give_hosts(struct world *world, size_t count)
{
	world->links[2].ranges[OFFLOAD_HOSTS] =
		(struct offload_ranges){ .list = world->hosts, .count = count };
}

static char *text_of(const struct offload_plan *from, const struct offload_plan *to)
{
	return commands_of(&frame, from, to);
}

static void has(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no \"%s\" in\n%s", line, text);
}

static void lacks(const char *text, const char *line)
{
	if (strstr(text, line))
		fail_msg("\"%s\" in\n%s", line, text);
}

/* The smallest limit is asked for first, on both sides: it decides, and there is one edit. */
static void test_few_limits_are_one_chain(void **state)
{
	struct world world;
	char *text;

	(void)state;
	make_world(&world);
	text = text_of(NULL, &world.plan);
	has(text, "offload_in4 iif 7 tcp option maxseg size set 1380 counter accept "
		  "comment \"in4_if7\"\n"
		  "add rule inet mssclamp offload_in4 oif 7 tcp option maxseg size set 1380 "
		  "counter accept comment \"out4_if7\"\n"
		  "add rule inet mssclamp offload_in4 iif 2 tcp option maxseg size set 1460 ");
	has(text, "offload_in6 iif 7 tcp option maxseg size set 1360 counter accept ");
	has(text, "\"out4_if2\"\nadd rule inet mssclamp offload_in4 counter goto offload_queue\n");
	lacks(text, "rule inet mssclamp offload_out");
	has(text, "offload_queue counter queue flags bypass,fanout to 5000-5001\n");
	lacks(text, "add map");
	free(text);
}

/* In front of the queue, for the kernel's own statement and for one that is added by other means. */
static void test_limit_per_source(void **state)
{
	struct offload_frame limited = frame;
	struct world world;

	(void)state;
	limited.per_source = 50;
	for (int given = 0; given < 2; given++) {
		char *text, *rule, *queue;

		make_world(&world);
		limited.queue_is_given = given;
		text = commands_of(&limited, NULL, &world.plan);
		has(text, "add set inet mssclamp offload_from4_50 { type ipv4_addr; size 16384; ");
		rule = strstr(text, "offload_queue tcp flags & (fin|syn|rst|ack) == (syn|ack) "
			      "update @offload_to6_50 { ip6 daddr and ffff:ffff:ffff:ffff:: limit "
			      "rate over 50/second burst 100 packets } counter accept\n");
		queue = strstr(text, "offload_queue counter queue");
		assert_non_null(rule);
		assert_true(given ? !queue : queue > rule);
		free(text);
	}
}

static void test_no_limit_is_no_edit(void **state)
{
	struct world world;
	char *text;

	(void)state;
	make_world(&world);
	world.links[0].mss = world.links[2].mss = OFFLOAD_UNLIMITED;
	text = text_of(NULL, &world.plan);
	has(text, "offload_in4 oif 7 counter accept comment ");
	lacks(text, "size set 65535");
	free(text);
}

static void test_what_is_not_known_goes_to_the_queue(void **state)
{
	struct world world;
	char *text;

	(void)state;
	make_world(&world);
	world.links[2].why = OFFLOAD_MARK;
	text = text_of(NULL, &world.plan);
	has(text, "add rule inet mssclamp offload_in4 iif 7 counter goto offload_queue ");
	has(text, "offload_in4 oif 7 counter goto offload_queue ");
	assert_true(strstr(text, "in4 oif 7 counter goto") < strstr(text, "in4 iif 2 "));
	has(text, "offload_in6 iif 7 tcp option maxseg size set 1360 ");
	free(text);
}

static void test_tiny_ones_go_to_the_queue(void **state)
{
	struct world one, two;
	char *text;

	(void)state;
	make_world(&one);
	make_world(&two);
	two.plan.low_mss[FAMILY_IPV6] = 900;
	assert_false(offload_keeps_rules(&one.plan, &two.plan));
	text = text_of(NULL, &two.plan);
	has(text, "offload_in6 @th,176,16 < 900 counter goto offload_queue comment \"low_mss6\"\n"
		  "add rule inet mssclamp offload_in6 iif 7 ");
	lacks(text, "offload_in4 @th,176,16");
	free(text);
}

static void test_hosts_and_nets_are_maps(void **state)
{
	struct world world;
	char *text;

	(void)state;
	make_world(&world);
	give_hosts(&world, 2);
	world.links[2].ranges[OFFLOAD_NETS] =
		(struct offload_ranges){ .list = world.nets, .count = 1 };
	text = text_of(NULL, &world.plan);
	has(text, "add map inet mssclamp offload_hosts4_if7 { typeof @nh,96,32 : "
		  "tcp option maxseg size; }\n"
		  "add element inet mssclamp offload_hosts4_if7 { 0x0a000001 : 1300, "
		  "0x0a000003 : 1301 }\n");
	has(text, "offload_nets4_if7 { typeof @nh,96,32 : tcp option maxseg size; "
		  "flags interval; }\n"
		  "add element inet mssclamp offload_nets4_if7 { 0x0a090000-0x0a09ffff : 1200 }\n");
	has(text, "offload_out4_if7 tcp option maxseg size set @nh,128,32 map "
		  "@offload_hosts4_if7 counter accept\n");
	/* No limit behind wg0 is larger than lan's: whoever passes wg0 is asked for there alone. */
	has(text, "offload_in4 iif 7 goto offload_in4_if7 comment \"in4_if7\"\n"
		  "add rule inet mssclamp offload_in4 oif 7 goto offload_out4_if7 comment "
		  "\"out4_if7\"\n"
		  "add rule inet mssclamp offload_out4 oif 7 goto offload_out4_if7\n"
		  "add rule inet mssclamp offload_in4 iif 2 tcp option maxseg size set 1460 ");
	has(text, "add rule inet mssclamp offload_out4 counter accept\n");
	has(text, "offload_in4_if7 tcp option maxseg size set 1380 counter goto offload_out4\n");
	lacks(text, "offload_in4_mss1460");
	free(text);
}

/* One peer's limit is larger than lan's: each side has its say. */
static void test_without_an_order_both_sides_lower(void **state)
{
	struct world one, two;
	char *text;

	(void)state;
	make_world(&one);
	make_world(&two);
	give_hosts(&one, 2);
	give_hosts(&two, 2);
	two.hosts[1].mss = 1461;
	text = text_of(NULL, &two.plan);
	has(text, "offload_in4_mss1460 tcp option maxseg size set 1460 goto offload_out4\n");
	has(text, "offload_out4_mss1460 tcp option maxseg size set 1460 counter accept\n");
	has(text, "offload_in4 iif 7 goto offload_in4_if7\n");
	has(text, "offload_in4 iif 0 goto offload_out4\n");
	has(text, "offload_out4 counter goto offload_queue\n");
	has(text, "offload_in6 iif 7 tcp option maxseg size set 1360 counter accept ");
	free(text);
	/* One element is all that differs, and yet the rules do. */
	assert_false(offload_keeps_rules(&one.plan, &two.plan));
	text = text_of(&one.plan, &two.plan);
	has(text, "flush chain inet mssclamp offload_in4\n");
	has(text, "add chain inet mssclamp offload_out4_mss1460\n");
	free(text);
	text = text_of(&two.plan, &one.plan);
	has(text, "delete chain inet mssclamp offload_in4_mss1460\n");
	free(text);
}

static void test_an_element_alone_touches_no_chain(void **state)
{
	struct world one, two;
	char *text;

	(void)state;
	make_world(&one);
	make_world(&two);
	give_hosts(&one, 2);
	give_hosts(&two, 2);
	two.hosts[1].mss = 1299;
	text = text_of(&one.plan, &two.plan);
	assert_string_equal(text, "delete element inet mssclamp offload_hosts4_if7 "
				  "{ 0x0a000003 : 1301 }\n"
				  "add element inet mssclamp offload_hosts4_if7 "
				  "{ 0x0a000003 : 1299 }\n");
	free(text);
	text = text_of(&two.plan, &two.plan);
	assert_string_equal(text, "");
	free(text);
}

static void test_what_is_used_no_more_is_deleted(void **state)
{
	struct world one, two;
	char *text;

	(void)state;
	make_world(&one);
	make_world(&two);
	give_hosts(&one, 1);
	text = text_of(&one.plan, &two.plan);
	has(text, "flush chain inet mssclamp offload_in4_if7\n");
	has(text, "delete chain inet mssclamp offload_in4_if7\n");
	has(text, "delete chain inet mssclamp offload_out4_if7\n");
	has(text, "delete map inet mssclamp offload_hosts4_if7\n");
	lacks(text, "offload_in4_mss1460");
	has(text, "add rule inet mssclamp offload_in4 iif 7 tcp option maxseg size set 1380 ");
	/* A chain is deleted when no rule leads to it any more, a map when none asks it. */
	assert_true(strstr(text, "delete map") > strstr(text, "delete chain"));
	assert_true(strstr(text, "delete chain") > strstr(text, "add rule"));
	free(text);
}

static void test_many_interfaces_are_looked_up(void **state)
{
	struct offload_link links[2 * (OFFLOAD_FEW + 1)] = { 0 };
	struct offload_plan plan = { .links = links, .count = 2 * (OFFLOAD_FEW + 1) };
	char *text;

	(void)state;
	for (size_t i = 0; i < plan.count; i++)
		links[i] = (struct offload_link){ .ifindex = (uint32_t)(i / 2 + 1),
						  .family = i % 2 ? FAMILY_IPV6 : FAMILY_IPV4,
						  .mss = 1400 };
	text = text_of(NULL, &plan);
	has(text, "offload_out4 oif vmap { 9 : goto offload_out4_mss1400, 8 : ");
	has(text, "1 : goto offload_out4_mss1400, 0 : goto offload_host }\n");
	has(text, "offload_in6 iif vmap { 9 : goto offload_in6_mss1400, ");
	lacks(text, "oif 9 ");
	free(text);
}

static void test_policies_send_to_the_queue(void **state)
{
	struct world world;
	char *text;

	(void)state;
	make_world(&world);
	world.plan.queued[FAMILY_IPV4] = (struct offload_ranges){ .list = world.nets, .count = 1 };
	text = text_of(NULL, &world.plan);
	has(text, "offload_in4 @nh,96,32 { 0x0a090000-0x0a09ffff } counter goto offload_queue\n");
	has(text, "offload_in4 @nh,128,32 { 0x0a090000-0x0a09ffff } counter goto offload_queue\n");
	lacks(text, "offload_in6 @nh");
	free(text);
}

static void test_a_map_of_nets_that_changes_much_is_replaced(void **state)
{
	enum { COUNT = OFFLOAD_NET_CHANGES_MAX / 2 + 1 };
	static struct offload_range old[COUNT], new[COUNT];
	struct world one, two;
	char *text;

	(void)state;
	make_world(&one);
	make_world(&two);
	for (size_t i = 0; i < COUNT; i++) {
		struct address first = address(10, (uint8_t)i, 0, 0);
		struct address last = address(10, (uint8_t)i, 0, 255);

		old[i] = (struct offload_range){ first, last, 1200 };
		new[i] = (struct offload_range){ first, last, 1201 };
	}
	one.links[2].ranges[OFFLOAD_NETS] = (struct offload_ranges){ .list = old, .count = COUNT };
	two.links[2].ranges[OFFLOAD_NETS] = (struct offload_ranges){ .list = new, .count = COUNT };
	text = text_of(&one.plan, &two.plan);
	lacks(text, "delete element");
	/* No rule asks the map while another takes its place. */
	assert_true(strstr(text, "flush chain inet mssclamp offload_in4_if7\n") <
		    strstr(text, "delete map inet mssclamp offload_nets4_if7\n"));
	assert_true(strstr(text, "delete map inet mssclamp offload_nets4_if7\n") <
		    strstr(text, "add map inet mssclamp offload_nets4_if7 "));
	assert_true(strstr(text, "add map ") < strstr(text, "@offload_nets4_if7"));
	free(text);
	new[0].mss = old[0].mss;
	text = text_of(&one.plan, &two.plan);
	has(text, "delete element inet mssclamp offload_nets4_if7 { ");
	lacks(text, "delete map");
	free(text);
}

/* Each layout's words lie inside its options, beside each other with the MSS, and fill them. */
static void test_layouts_fill_their_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < offload_layout_count; i++) {
		const struct offload_layout *layout = &offload_layouts[i];
		unsigned int end = 24;

		for (size_t w = 0; w < 3 && layout->words[w].byte; w++) {
			uint32_t value = layout->words[w].value;

			assert_int_equal(layout->words[w].byte, end);
			assert_int_equal(value & ~layout->words[w].mask, 0);
			/* A timestamp option has eight bytes more behind its word. */
			end += (value & 0xffff) == 0x080a ? 12 : 4;
		}
		assert_int_equal(layout->data_offset * 4, end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_limits_are_one_chain),
		cmocka_unit_test(test_limit_per_source),
		cmocka_unit_test(test_no_limit_is_no_edit),
		cmocka_unit_test(test_what_is_not_known_goes_to_the_queue),
		cmocka_unit_test(test_tiny_ones_go_to_the_queue),
		cmocka_unit_test(test_hosts_and_nets_are_maps),
		cmocka_unit_test(test_without_an_order_both_sides_lower),
		cmocka_unit_test(test_an_element_alone_touches_no_chain),
		cmocka_unit_test(test_what_is_used_no_more_is_deleted),
		cmocka_unit_test(test_many_interfaces_are_looked_up),
		cmocka_unit_test(test_policies_send_to_the_queue),
		cmocka_unit_test(test_a_map_of_nets_that_changes_much_is_replaced),
		cmocka_unit_test(test_layouts_fill_their_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
