/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who waits for what is measured: with a prober that sends real packets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "prober_stage.h"

static uint64_t begin_run(struct stage *stage)
{
	const struct probe_run_options usual = { 0 };
	uint64_t run;

	assert_int_equal(probe_plan_run(prober_plan(stage->prober), "wg0", "peer", NULL, &usual,
					clock_boottime_ns(), &run), 0);
	return run;
}

static void test_who_waits_is_told(void **state)
{
	struct stage stage;
	struct prober_waiter waiter = { .told = on_told, .userdata = &stage };
	uint64_t run;

	(void)state;
	begin(&stage, FAR_ADDRESS, false);
	run_until(&stage, &stage.fills, 1);
	prober_wait(stage.prober, &waiter);
	waiter.run = run = begin_run(&stage);
	prober_wake(stage.prober);
	assert_int_equal(stage.waits, 1);
	run_until(&stage, &stage.ends, 1);
	assert_true(stage.waits > 3);
	assert_int_equal(stage.last.run, run);
	assert_int_equal(waiter.run, 0);
	assert_int_equal(stage.last.mtu, 1400);
	assert_int_equal(stage.last.old_mtu, 1500);
	assert_true(stage.last.icmp_seen);
	assert_int_equal(stage.changes, 0); /* nothing is in force where nobody measures */
	run_for(&stage, 100);
	assert_int_equal(stage.ends, 1);
	assert_int_equal(stage.gone, 0);
	prober_forsake(stage.prober, &waiter);
	end(&stage);
}

/* Also of a peer that says nothing: there is nothing to be heard then. */
static void test_who_waits_for_silence_is_told(void **state)
{
	struct stage stage;
	struct prober_waiter first = { .told = on_told, .userdata = &stage }, second = first;

	(void)state;
	begin(&stage, SILENT_ADDRESS, false);
	run_until(&stage, &stage.fills, 1);
	prober_wait(stage.prober, &first);
	first.run = begin_run(&stage);
	prober_wake(stage.prober);
	run_for(&stage, 300);
	assert_true(stage.waits > 1);
	assert_int_equal(stage.gone, 0);
	/* Somebody else begins anew. */
	prober_wait(stage.prober, &second);
	second.run = begin_run(&stage);
	prober_wake(stage.prober);
	assert_int_equal(stage.gone, 1);
	prober_forsake(stage.prober, &first);
	/* The peer goes. */
	stage.nobody = true;
	prober_follow(stage.prober);
	run_until(&stage, &stage.gone, 2);
	prober_forsake(stage.prober, &second);
	assert_int_equal(stage.ends, 0);
	end(&stage);
}

static void test_who_is_forsaken_sends_no_more(void **state)
{
	struct stage stage;
	struct prober_waiter waiter = { .told = on_told, .userdata = &stage };
	unsigned int told;
	uint64_t before;

	(void)state;
	begin(&stage, SILENT_ADDRESS, false);
	run_until(&stage, &stage.fills, 1);
	prober_wait(stage.prober, &waiter);
	waiter.run = begin_run(&stage);
	prober_wake(stage.prober);
	while (sent(&stage) == 0)
		assert_true(sd_event_run(stage.event, 100000) > 0);
	prober_forsake(stage.prober, &waiter);
	before = sent(&stage);
	told = stage.waits;
	run_for(&stage, 1200);
	assert_int_equal(sent(&stage), before);
	assert_int_equal(stage.waits, told);
	assert_int_equal(stage.ends + stage.gone, 0);
	end(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_waits_is_told),
		cmocka_unit_test(test_who_waits_for_silence_is_told),
		cmocka_unit_test(test_who_is_forsaken_sends_no_more),
	};

	return cmocka_run_group_tests_name("prober_waiters", tests, set_up, tear_down);
}
