/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is measured, kept and sent. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "prober_stage.h"

static const struct path_measure *only_measure(struct stage *stage)
{
	size_t count;
	const struct path_measure *measures = prober_measures(stage->prober, &count);

	assert_int_equal(count, 1);
	return measures;
}

static void test_measured_then_remembered(void **state)
{
	enum probe_result result;
	struct stage stage;

	(void)state;
	begin(&stage, FAR_ADDRESS, true);
	assert_false(prober_last(stage.prober, "wg0", "peer", NULL, &result));
	run_until(&stage, &stage.changes, 1);
	assert_int_equal(only_measure(&stage)->mtu, 1400);
	assert_int_equal(only_measure(&stage)->how, MEASURE_OUTSIDE);
	assert_true(prober_last(stage.prober, "wg0", "peer", NULL, &result));
	assert_int_equal(result, PROBE_OK); /* a router said why */
	assert_int_equal(prober_strangers(stage.prober), 0);
	run_for(&stage, 300);
	assert_int_equal(stage.changes, 1);
	assert_int_equal(prober_totals(stage.prober).runs[PROBE_OK], 1);

	/* Who comes after it knows at once, and says so. */
	prober_close(stage.prober);
	open_prober(&stage);
	run_until(&stage, &stage.changes, 2);
	assert_int_equal(sent(&stage), 0);
	assert_int_equal(only_measure(&stage)->mtu, 1400);
	prober_follow(stage.prober);
	run_for(&stage, 100);
	assert_int_equal(stage.changes, 2);
	end(&stage);
}

static void test_many_reasons_to_follow_are_one(void **state)
{
	struct stage stage;

	(void)state;
	begin(&stage, SILENT_ADDRESS, false);
	for (int i = 0; i < 100; i++)
		prober_follow(stage.prober);
	run_for(&stage, 100);
	assert_int_equal(stage.fills, 1);
	prober_follow(stage.prober);
	run_until(&stage, &stage.fills, 2);
	assert_int_equal(stage.changes, 0);
	end(&stage);
}

static void test_off_and_on(void **state)
{
	struct stage stage;
	uint64_t before;
	size_t count;

	(void)state;
	begin(&stage, FAR_ADDRESS, true);
	run_until(&stage, &stage.changes, 1);
	stage.config->path.probe = false;
	prober_configure(stage.prober, stage.config);
	/* The last save was none: there is one now. */
	assert_int_equal(access(stage.config->path.state, F_OK), 0);
	assert_false(prober_is_automatic(stage.prober));
	assert_null(prober_measures(stage.prober, &count));
	assert_int_equal(count, 0);
	before = sent(&stage);
	run_for(&stage, 200);
	assert_int_equal(sent(&stage), before);
	stage.config->path.probe = true;
	prober_configure(stage.prober, stage.config);
	assert_true(prober_is_automatic(stage.prober));
	assert_int_equal(only_measure(&stage)->mtu, 1400);
	end(&stage);
}

static void test_off_in_the_middle(void **state)
{
	struct stage stage;
	uint64_t before;

	(void)state;
	begin(&stage, SILENT_ADDRESS, true);
	while (sent(&stage) == 0)
		assert_true(sd_event_run(stage.event, 100000) > 0);
	stage.config->path.probe = false;
	prober_configure(stage.prober, stage.config);
	before = sent(&stage);
	run_for(&stage, 1200);
	assert_int_equal(sent(&stage), before);
	end(&stage);
}

/* A process that finds another one in its place has opened a prober, and closes it. */
static void test_who_is_sent_away_touches_no_file(void **state)
{
	struct stage stage;
	const struct prober_owner owner = { on_changed, on_contradiction, fill, &stage };
	char damaged[PATH_MAX];

	(void)state;
	begin(&stage, FAR_ADDRESS, true);
	prober_close(stage.prober);
	snprintf(damaged, sizeof(damaged), "echo damaged >%s", stage.config->path.state);
	assert_int_equal(system(damaged), 0);
	assert_int_equal(prober_open(stage.event, stage.config, &owner, &stage.prober), 0);
	prober_close(stage.prober);
	snprintf(damaged, sizeof(damaged), "grep -q damaged %s", stage.config->path.state);
	assert_int_equal(system(damaged), 0);
	/* Who is not sets it aside. */
	open_prober(&stage);
	assert_int_equal(access(stage.config->path.state, F_OK), -1);
	end(&stage);
}

static void test_another_state_file(void **state)
{
	struct stage stage;
	char other[PATH_MAX];

	(void)state;
	begin(&stage, FAR_ADDRESS, true);
	run_until(&stage, &stage.changes, 1);
	snprintf(other, sizeof(other), "%s/other", folder);
	free(stage.config->path.state);
	stage.config->path.state = strdup(other);
	prober_configure(stage.prober, stage.config);
	assert_int_equal(only_measure(&stage)->mtu, 1400);
	prober_close(stage.prober);
	assert_int_equal(access(other, F_OK), 0);
	open_prober(&stage);
	run_until(&stage, &stage.changes, 2); /* it is read */
	end(&stage);
}

/* A peer that came while nothing was measured is found in the file when it is. */
static void test_switched_on(void **state)
{
	struct stage stage;

	(void)state;
	begin(&stage, FAR_ADDRESS, true);
	run_until(&stage, &stage.changes, 1);
	prober_close(stage.prober);
	stage.config->path.probe = false;
	stage.fills = 0;
	open_prober(&stage);
	run_until(&stage, &stage.fills, 1);
	stage.config->path.probe = true;
	prober_configure(stage.prober, stage.config);
	assert_int_equal(sent(&stage), 0);
	assert_int_equal(only_measure(&stage)->mtu, 1400);
	end(&stage);
}

static void on_own(const struct probe_heard *heard, void *userdata)
{
	struct stage *stage = userdata;

	assert_int_equal(heard->id, PROBER_OWN_ID | 5);
	stage->heard++;
	stage->answered += heard->kind == PROBE_HEARD_ANSWER;
}

static void send_own(struct stage *stage, const struct probe_packet *packet)
{
	uint64_t wait_ns;
	int r;

	while ((r = prober_send(stage->prober, packet, &wait_ns)) == 1)
		usleep((useconds_t)((wait_ns - clock_boottime_ns()) / 1000 + 1));
	assert_int_equal(r, 0);
}

static void test_own_probes(void **state)
{
	struct probe_packet packet = { .id = PROBER_OWN_ID | 5, .udp = true, .size = 100 };
	struct stage stage;

	(void)state;
	begin(&stage, SILENT_ADDRESS, false);
	packet.destination = address_of(FAR_ADDRESS);
	assert_int_equal(prober_listen(stage.prober, on_own, &stage), 0);
	assert_int_equal(prober_listen(stage.prober, on_own, &stage), -EBUSY);
	send_own(&stage, &packet);
	run_until(&stage, &stage.answered, 1);
	assert_int_equal(stage.heard, 1);
	assert_int_equal(sent(&stage), 1);
	/* Nobody listens: what comes is nobody's. */
	send_own(&stage, &packet);
	assert_int_equal(prober_listen(stage.prober, NULL, NULL), 0);
	run_for(&stage, 200);
	assert_int_equal(stage.heard, 1);
	end(&stage);
}

static void test_own_probes_have_the_budget_of_all(void **state)
{
	struct probe_packet packet = { .id = PROBER_OWN_ID | 5, .udp = true, .size = 100 };
	struct stage stage;
	uint64_t begin_ns, wait_ns = 0;
	unsigned int count = 0;

	(void)state;
	begin(&stage, SILENT_ADDRESS, false);
	stage.config->path.rate_pps = 10;
	prober_configure(stage.prober, stage.config);
	packet.destination = address_of(SILENT_ADDRESS);
	begin_ns = clock_boottime_ns();
	while (clock_boottime_ns() - begin_ns < NS_PER_SECOND) {
		uint64_t now_ns = clock_boottime_ns();
		int r = prober_send(stage.prober, &packet, &wait_ns);

		count += r == 0;
		if (r == 0)
			continue;
		assert_int_equal(r, 1);
		assert_true(wait_ns > now_ns && wait_ns < now_ns + NS_PER_SECOND);
		usleep((useconds_t)((wait_ns - now_ns) / 1000 + 1));
	}
	assert_in_range(count, 8, 10);
	assert_int_equal(sent(&stage), count);
	end(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_measured_then_remembered),
		cmocka_unit_test(test_many_reasons_to_follow_are_one),
		cmocka_unit_test(test_off_and_on),
		cmocka_unit_test(test_off_in_the_middle),
		cmocka_unit_test(test_who_is_sent_away_touches_no_file),
		cmocka_unit_test(test_another_state_file),
		cmocka_unit_test(test_switched_on),
		cmocka_unit_test(test_own_probes),
		cmocka_unit_test(test_own_probes_have_the_budget_of_all),
	};

	return cmocka_run_group_tests_name("prober", tests, set_up, tear_down);
}
