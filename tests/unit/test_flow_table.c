/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "ctl/trace/flow_table.h"

#define ROOM 4

/* What was concluded, in order: the source ports. */
static struct {
	unsigned int count;
	uint16_t ports[64];
} done;

static void note(void *userdata, const struct trace_flow *flow)
{
	assert_ptr_equal(userdata, &done);
	done.ports[done.count++] = flow->ends.sport;
}

static struct trace_packet packet(uint16_t port, uint32_t seq, bool back)
{
	struct trace_packet packet = { .is_tcp = true, .tcp = { .flags = TRACE_SYN, .seq = seq } };

	packet.ends.source[0] = back ? 2 : 1;
	packet.ends.destination[0] = back ? 1 : 2;
	packet.ends.sport = back ? 80 : port;
	packet.ends.dport = back ? port : 80;
	return packet;
}

static struct trace_flow *take(struct flow_table *table, uint16_t port, uint32_t seq)
{
	struct trace_packet syn = packet(port, seq, false);
	struct trace_flow *flow = flow_table_get(table, &syn, 1);

	flow_take(flow, &syn, 1);
	return flow;
}

static void test_the_silent_one_goes(void **unused)
{
	struct flow_table table;

	(void)unused;
	done.count = 0;
	assert_int_equal(flow_table_init(&table, ROOM, note, &done), 0);
	for (uint16_t port = 1; port <= ROOM; port++)
		take(&table, port, 7);
	take(&table, 1, 7); /* 2 is now the one that was silent for longest */
	take(&table, 5, 7);
	assert_int_equal(done.count, 1);
	assert_int_equal(done.ports[0], 2);
	take(&table, 6, 7);
	assert_int_equal(done.ports[1], 3);
	assert_int_equal(table.pushed_out, 2);
	flow_table_finish(&table);
	assert_int_equal(done.count, 6);
	assert_int_equal(done.ports[2], 4);
	assert_int_equal(done.ports[3], 1);
	assert_int_equal(table.seen, 6);
	flow_table_done(&table);
}

static void test_both_directions_are_one(void **unused)
{
	struct trace_packet back = packet(1, 9, true), other = packet(2, 9, true);
	struct flow_table table;
	struct trace_flow *flow;

	(void)unused;
	done.count = 0;
	assert_int_equal(flow_table_init(&table, ROOM, note, &done), 0);
	flow = take(&table, 1, 7);
	assert_ptr_equal(flow_table_find(&table, &back.ends), flow);
	assert_null(flow_table_find(&table, &other.ends));
	assert_int_equal(flow_side_of(flow, &back.ends), 1);
	flow_table_done(&table);
}

/* The same ends with another sequence number: another connection. */
static void test_ports_are_used_again(void **unused)
{
	struct flow_table table;

	(void)unused;
	done.count = 0;
	assert_int_equal(flow_table_init(&table, ROOM, note, &done), 0);
	take(&table, 1, 7);
	take(&table, 1, 7);
	assert_int_equal(done.count, 0);
	take(&table, 1, 8);
	assert_int_equal(done.count, 1);
	assert_int_equal(table.seen, 2);
	assert_int_equal(table.pushed_out, 0);
	flow_table_done(&table);
}

static void test_many(void **unused)
{
	struct flow_table table;

	(void)unused;
	done.count = 0;
	assert_int_equal(flow_table_init(&table, 40, note, &done), 0);
	for (unsigned int round = 0; round < 50; round++)
		for (uint16_t port = 0; port < 40; port++)
			take(&table, port, 7);
	assert_int_equal(table.seen, 40);
	flow_table_finish(&table);
	assert_int_equal(done.count, 40);
	take(&table, 3, 7); /* it can be used on */
	assert_int_equal(table.seen, 41);
	flow_table_done(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_silent_one_goes),
		cmocka_unit_test(test_both_directions_are_one),
		cmocka_unit_test(test_ports_are_used_again),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
