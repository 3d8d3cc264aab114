/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/loop.h"

struct scene {
	sd_event *event;
	int pipe[2];
	struct loop_io io;
	unsigned int turns;
	bool reads;
};

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct scene *scene = userdata;
	char byte;

	(void)source;
	(void)revents;
	scene->turns++;
	if (scene->reads && read(fd, &byte, 1) == 1 && byte == 'e')
		sd_event_exit(scene->event, 0);
	return 0;
}

static void open_scene(struct scene *scene)
{
	assert_int_equal(sd_event_new(&scene->event), 0);
	assert_int_equal(pipe(scene->pipe), 0);
	assert_int_equal(loop_io_init(&scene->io, scene->event, scene->pipe[0], on_readable,
				      scene), 0);
}

static void close_scene(struct scene *scene)
{
	loop_io_done(&scene->io);
	sd_event_unref(scene->event);
	close(scene->pipe[0]);
	close(scene->pipe[1]);
}

/* Nobody reads, so it stays readable. */
static void test_it_does_not_run_hot(void **state)
{
	struct scene scene = { 0 };
	uint64_t begin_ns = clock_monotonic_ns(), windows;

	(void)state;
	open_scene(&scene);
	assert_int_equal(write(scene.pipe[1], "x", 1), 1);
	while (clock_monotonic_ns() - begin_ns < 3 * LOOP_IO_WINDOW_NS)
		assert_true(sd_event_run(scene.event, 10000) >= 0);
	windows = (clock_monotonic_ns() - begin_ns) / LOOP_IO_WINDOW_NS + 1;
	assert_true(scene.turns >= LOOP_IO_TURNS);
	assert_true(scene.turns <= windows * LOOP_IO_TURNS);
	close_scene(&scene);
}

/* More than a window allows: none is forgotten, and the end ends it. */
static void test_all_is_read(void **state)
{
	struct scene scene = { .reads = true };

	(void)state;
	open_scene(&scene);
	for (unsigned int i = 0; i < 2 * LOOP_IO_TURNS; i++)
		assert_int_equal(write(scene.pipe[1], "x", 1), 1);
	assert_int_equal(write(scene.pipe[1], "e", 1), 1);
	assert_int_equal(loop_run(scene.event), 0);
	assert_int_equal(scene.turns, 2 * LOOP_IO_TURNS + 1);
	close_scene(&scene);
}

/* A loop that does not work at all: it is one of another process. */
static void test_errors_end_it_in_the_end(void **state)
{
	sd_event *event;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(sd_event_new(&event), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		log_set_max(-1);
		_exit(loop_run(event) < 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	sd_event_unref(event);
}

static void test_zeroed(void **state)
{
	struct loop_io io = { 0 };

	(void)state;
	loop_io_done(&io);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_does_not_run_hot),
		cmocka_unit_test(test_all_is_read),
		cmocka_unit_test(test_errors_end_it_in_the_end),
		cmocka_unit_test(test_zeroed),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
