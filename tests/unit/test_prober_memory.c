/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files in a folder of their own, and a plan that sends nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "daemon/paths/prober_memory.h"
#include "edge/state_file.h"
#include "scratch_folder.h"

static atomic_bool stuck; /* whether the disk does not answer */

int fdatasync(int fd)
{
	while (atomic_load(&stuck))
		usleep(1000);
	return fsync(fd);
}

static struct path_measure measure_of(const char *peer, uint8_t host, uint32_t mtu)
{
	return (struct path_measure){
		.tunnel = "wg0", .peer = peer, .mtu = mtu, .how = MEASURE_OUTSIDE,
		.endpoint = { .family = FAMILY_IPV4, .bytes = { 192, 0, 2, host } },
		.at_ns = path_memory_now().boot_ns,
	};
}

static void write_file(const struct path_measure *measures, size_t count)
{
	const struct path_memory_clock now = path_memory_now();
	size_t len;
	char *text = path_memory_format(measures, count, &now, &len);

	assert_non_null(text);
	assert_int_equal(state_file_write(file, text, len), 0);
	free(text);
}

static struct probe_plan *new_plan(void)
{
	struct probe_plan *plan = probe_plan_new(&(const struct probe_plan_config){
		.interval_ns = 600 * NS_PER_SECOND, .rate_pps = 10, .floor = { 576, 1280 },
	});

	assert_non_null(plan);
	return plan;
}

static void set_floor(struct probe_plan *plan, uint32_t floor)
{
	probe_plan_configure(plan, &(const struct probe_plan_config){
		.rate_pps = 10, .floor = { floor, 1280 } });
}

/* The only far end that there is. */
static void set_peer(struct probe_plan *plan, const char *peer, uint8_t host)
{
	struct probe_target_list targets = { .list = calloc(1, sizeof(struct probe_target)) };

	assert_non_null(targets.list);
	targets.list[targets.count++] = (struct probe_target){
		.tunnel = strdup("wg0"), .peer = strdup(peer), .assumed = 1500,
		.way.destination = { .family = FAMILY_IPV4, .bytes = { 192, 0, 2, host } },
	};
	assert_true(probe_plan_update(plan, &targets, clock_boottime_ns()) >= 0);
}

/* The MTUs in the file in its order, as words. */
static const char *read_file(const char *name)
{
	static char text[256];
	const struct path_memory_clock now = path_memory_now();
	struct path_memory memory;
	size_t len = 0;

	path_memory_load(name, &now, &memory);
	text[0] = '\0';
	for (size_t i = 0; i < memory.count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s.%u %u", i ? ", " : "",
					memory.list[i].peer, memory.list[i].endpoint.bytes[3],
					memory.list[i].mtu);
	path_memory_done(&memory);
	return text;
}

/* Alice and bob are remembered; one far end is there when it is saved. */
static const struct { const char *name, *peer; uint8_t host; const char *saved; } returns[] = {
	{ "one of two came back",  "alice", 1, "alice.1 1433, bob.2 1400" },
	{ "from another endpoint", "alice", 9, "alice.1 1433, bob.2 1400" },
	{ "somebody new",          "carol", 3, "alice.1 1433, bob.2 1400" },
};

static void test_who_has_not_come_back_is_not_forgotten(void **state)
{
	const struct path_measure both[] = { measure_of("alice", 1, 1433),
					     measure_of("bob", 2, 1400) };

	(void)state;
	for (size_t i = 0; i < COUNT(returns); i++) {
		struct probe_plan *plan = new_plan();
		struct prober_memory memory;

		write_file(both, COUNT(both));
		assert_int_equal(prober_memory_init(&memory, file), 0);
		prober_memory_recall(&memory, plan);
		set_peer(plan, returns[i].peer, returns[i].host);
		prober_memory_note(&memory, true);
		unlink(file);
		prober_memory_save(&memory, plan);
		assert_false(memory.unsaved);
		if (strcmp(read_file(file), returns[i].saved) != 0)
			fail_msg("%s: %s", returns[i].name, read_file(file));
		prober_memory_done(&memory);
		probe_plan_free(plan);
	}
}

static void test_what_is_in_force_is_what_is_kept(void **state)
{
	const struct path_measure before = measure_of("alice", 1, 1433);
	struct probe_plan *plan = new_plan();
	struct prober_memory memory;

	(void)state;
	write_file(&before, 1);
	assert_int_equal(prober_memory_init(&memory, file), 0);
	set_peer(plan, "alice", 1);
	assert_int_equal(probe_plan_remember(plan, &(struct path_measure){ 0 }, 0, 1), 0);
	prober_memory_recall(&memory, plan);
	/* The plan has its own idea by now. */
	set_floor(plan, 1450);
	prober_memory_note(&memory, true);
	prober_memory_save(&memory, plan);
	assert_string_equal(read_file(file), "alice.1 1450");
	prober_memory_done(&memory);
	probe_plan_free(plan);
}

/* What this process has found of somebody who left, not what a former one had. */
static void test_who_leaves_is_not_forgotten(void **state)
{
	const struct path_measure before = measure_of("alice", 1, 1433);
	struct probe_plan *plan = new_plan();
	struct prober_memory memory;
	size_t count;

	(void)state;
	write_file(&before, 1);
	assert_int_equal(prober_memory_init(&memory, file), 0);
	prober_memory_recall(&memory, plan);
	set_peer(plan, "alice", 1);
	set_floor(plan, 1450);
	prober_memory_note(&memory, true);
	prober_memory_save(&memory, plan);
	set_peer(plan, "bob", 2);
	prober_memory_note(&memory, true);
	prober_memory_save(&memory, plan);
	assert_string_equal(read_file(file), "alice.1 1450");
	set_floor(plan, 576);
	set_peer(plan, "alice", 1);
	assert_int_equal(probe_plan_measures(plan, &count)->mtu, 1450);
	assert_int_equal(count, 1);
	prober_memory_done(&memory);
	probe_plan_free(plan);
}

static void test_nothing_new_is_not_written(void **state)
{
	struct probe_plan *plan = new_plan();
	struct prober_memory memory;

	(void)state;
	unlink(file);
	assert_int_equal(prober_memory_init(&memory, file), 0);
	prober_memory_save(&memory, plan);
	assert_int_equal(access(file, F_OK), -1);
	prober_memory_note(&memory, true);
	prober_memory_save(&memory, plan);
	assert_int_equal(access(file, F_OK), 0);
	prober_memory_done(&memory);
	probe_plan_free(plan);
}

static void test_what_could_not_be_written_is_tried_again(void **state)
{
	const struct path_measure one = measure_of("alice", 1, 1433);
	struct probe_plan *plan = new_plan();
	struct prober_memory memory;

	(void)state;
	write_file(&one, 1);
	assert_int_equal(prober_memory_init(&memory, file), 0);
	prober_memory_recall(&memory, plan);
	set_peer(plan, "alice", 1);
	prober_memory_note(&memory, true);
	unlink(file);
	assert_int_equal(mkdir(file, 0700), 0); /* in its place */
	prober_memory_save(&memory, plan);
	assert_true(memory.unsaved);
	assert_int_equal(rmdir(file), 0);
	prober_memory_save(&memory, plan);
	assert_false(memory.unsaved);
	assert_string_equal(read_file(file), "alice.1 1433");
	prober_memory_done(&memory);
	probe_plan_free(plan);
}

/* Until what was begun is seen to have ended. */
static void settle(struct prober_memory *memory, struct probe_plan *plan)
{
	for (int ms = 0; memory->writer.busy; ms++) {
		assert_true(ms < 5000);
		usleep(1000);
		prober_memory_save_in_time(memory, plan, memory->saved_ns);
	}
}

static void test_a_disk_that_does_not_answer(void **state)
{
	const struct path_measure one = measure_of("alice", 1, 1433);
	struct probe_plan *plan = new_plan();
	struct prober_memory memory;

	(void)state;
	write_file(&one, 1);
	assert_int_equal(prober_memory_init(&memory, file), 0);
	prober_memory_recall(&memory, plan);
	set_peer(plan, "alice", 1);
	prober_memory_note(&memory, true);
	atomic_store(&stuck, true);
	prober_memory_save_in_time(&memory, plan, memory.saved_ns);
	assert_true(memory.writer.busy);
	/* What comes meanwhile has to wait, and is not lost. */
	set_floor(plan, 1450);
	prober_memory_note(&memory, true);
	prober_memory_save_in_time(&memory, plan, memory.saved_ns);
	assert_true(memory.unsaved);
	assert_string_equal(read_file(file), "alice.1 1433");
	atomic_store(&stuck, false);
	settle(&memory, plan);
	assert_true(prober_memory_save_in_time(&memory, plan, memory.saved_ns));
	settle(&memory, plan);
	assert_false(memory.unsaved);
	assert_string_equal(read_file(file), "alice.1 1450");
	prober_memory_done(&memory);
	probe_plan_free(plan);
}

/* Who fails to write it tries again, also where that was seen later. */
static void test_a_failure_seen_later(void **state)
{
	struct probe_plan *plan = new_plan();
	struct prober_memory memory;

	(void)state;
	unlink(file);
	assert_int_equal(mkdir(file, 0700), 0); /* in its place */
	assert_int_equal(prober_memory_init(&memory, file), 0);
	prober_memory_note(&memory, true);
	prober_memory_save_in_time(&memory, plan, memory.saved_ns);
	assert_true(memory.writer.busy);
	assert_int_equal(prober_memory_move(&memory, "/nowhere/paths"), 1);
	assert_false(memory.writer.busy);
	assert_int_equal(memory.said.error, -EISDIR);
	prober_memory_save(&memory, plan);
	assert_int_equal(memory.said.error, -ENOENT);
	assert_true(memory.unsaved);
	assert_int_equal(rmdir(file), 0);
	assert_int_equal(prober_memory_move(&memory, file), 1);
	prober_memory_save_in_time(&memory, plan, memory.saved_ns);
	settle(&memory, plan);
	assert_false(memory.unsaved);
	assert_int_equal(access(file, F_OK), 0);
	prober_memory_done(&memory);
	probe_plan_free(plan);
}

/* Whether it was written before; seconds since, or 0 for the last time of all. */
static const struct {
	const char *name;
	bool note, changed, before;
	uint64_t seconds;
	bool saved;
} times[] = {
	{ "nothing new",             false, false, true,  9999, false },
	{ "nothing new at the end",  false, false, true,  0,    false },
	{ "nothing at all",          false, false, false, 9999, false },
	{ "another one",             true,  true,  true,  10,   true },
	{ "another one at the end",  true,  true,  true,  0,    true },
	{ "the same",                true,  false, true,  3590, false },
	{ "the same for an hour",    true,  false, true,  3601, true },
	{ "the same at the end",     true,  false, true,  0,    true },
	{ "the same, the first time", true, false, false, 10,   true },
};

static void test_how_often_it_is_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		struct probe_plan *plan = new_plan();
		struct prober_memory memory;

		unlink(file);
		assert_int_equal(prober_memory_init(&memory, file), 0);
		if (times[i].before) {
			prober_memory_note(&memory, true);
			prober_memory_save(&memory, plan);
			unlink(file);
		}
		if (times[i].note)
			prober_memory_note(&memory, times[i].changed);
		if (times[i].seconds)
			prober_memory_save_in_time(&memory, plan, memory.saved_ns +
						   times[i].seconds * NS_PER_SECOND);
		else
			prober_memory_save(&memory, plan);
		settle(&memory, plan);
		if ((access(file, F_OK) == 0) != times[i].saved)
			fail_msg("%s", times[i].name);
		/* It is written once. */
		unlink(file);
		if (times[i].saved)
			prober_memory_save_in_time(&memory, plan, UINT64_MAX);
		settle(&memory, plan);
		assert_int_equal(access(file, F_OK), -1);
		prober_memory_done(&memory);
		probe_plan_free(plan);
	}
}

/* What was known before goes there too, unless it was known there. */
static void test_another_file(void **state)
{
	const struct path_measure first = measure_of("alice", 1, 1433);
	const struct path_measure others[] = { measure_of("alice", 1, 1280),
					       measure_of("bob", 2, 1400) };
	struct probe_plan *plan = new_plan();
	struct prober_memory memory;
	char first_file[PATH_MAX + 8];

	(void)state;
	snprintf(first_file, sizeof(first_file), "%s.first", file);
	write_file(&first, 1);
	assert_int_equal(rename(file, first_file), 0);
	write_file(others, COUNT(others));
	assert_int_equal(prober_memory_init(&memory, first_file), 0);
	prober_memory_recall(&memory, plan);
	set_peer(plan, "alice", 1);
	assert_int_equal(prober_memory_move(&memory, first_file), 0);
	assert_false(memory.unsaved);
	assert_int_equal(prober_memory_move(&memory, file), 1);
	prober_memory_recall(&memory, plan);
	prober_memory_save(&memory, plan);
	assert_string_equal(read_file(file), "alice.1 1433, bob.2 1400");
	assert_string_equal(read_file(first_file), "alice.1 1433");
	prober_memory_done(&memory);
	probe_plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_has_not_come_back_is_not_forgotten),
		cmocka_unit_test(test_what_is_in_force_is_what_is_kept),
		cmocka_unit_test(test_who_leaves_is_not_forgotten),
		cmocka_unit_test(test_nothing_new_is_not_written),
		cmocka_unit_test(test_what_could_not_be_written_is_tried_again),
		cmocka_unit_test(test_how_often_it_is_written),
		cmocka_unit_test(test_a_disk_that_does_not_answer),
		cmocka_unit_test(test_a_failure_seen_later),
		cmocka_unit_test(test_another_file),
	};

	return cmocka_run_group_tests_name("prober_memory", tests, make_folder, remove_folder);
}
