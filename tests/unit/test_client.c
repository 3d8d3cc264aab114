/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a client waits: the rest of it is seen by the tests of the program. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "ctl/client/client.h"

#define REPLY "{\"parameters\":{\"schema\":1},\"continues\":true}"

struct scene {
	char directory[32], path[64];
	int listener;
	unsigned int replies, ends, silences;
};

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(scene->directory, "/tmp/client-XXXXXX");
	if (!mkdtemp(scene->directory))
		return -1;
	snprintf(scene->path, sizeof(scene->path), "%s/s", scene->directory);
	strcpy(address.sun_path, scene->path);
	scene->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*state = scene;
	if (bind(scene->listener, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return listen(scene->listener, 4);
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	close(scene->listener);
	unlink(scene->path);
	rmdir(scene->directory);
	free(scene);
	return 0;
}

static int on_reply(const struct ctl *ctl, const json_t *reply, void *userdata)
{
	struct scene *scene = userdata;

	(void)ctl;
	(void)reply;
	assert_int_equal(scene->ends, 0);
	scene->replies++;
	return CTL_OK;
}

static void on_end(void *userdata)
{
	((struct scene *)userdata)->ends++;
}

/* A child that sends so many replies to the first who comes, and then nothing until he leaves. */
static pid_t serve(struct scene *scene, unsigned int replies)
{
	pid_t child = fork();
	int fd;

	assert_true(child >= 0);
	if (child > 0)
		return child;
	alarm(20);
	fd = accept(scene->listener, NULL, NULL);
	for (unsigned int i = 0; i < replies; i++)
		if (send(fd, REPLY, sizeof(REPLY), MSG_NOSIGNAL) < 0)
			_exit(1);
	while (recv(fd, (char[64]){ 0 }, 64, 0) > 0)
		;
	_exit(0);
}

/* The first reply has the time-out of the caller, each further one that of the stream. */
static void test_silence(void **state)
{
	static const struct {
		const char *name;
		unsigned int replies;
		uint64_t timeout_ms, silence_ms, least_ms, most_ms;
	} rows[] = {
		/* clang-format off */
		/* name            replies  timeout  silence  least  most */
		{ "no reply at all",     0,     300,   60000,   300, 5000 },
		{ "one, then nothing",   1,   60000,     300,   300, 5000 },
		{ "three, then nothing", 3,   60000,     300,   300, 5000 },
		/* clang-format on */
	};
	struct scene *scene = *state;
	struct ctl_memory memory = { 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct ctl ctl = {
			.socket = scene->path,
			.timeout_ns = rows[i].timeout_ms * NS_PER_MS,
			.interrupt_fd = -1,
			.memory = &memory,
		};
		const struct client_listener listener = {
			.on_reply = on_reply,
			.on_end = on_end,
			.userdata = scene,
			.silence_ns = rows[i].silence_ms * NS_PER_MS,
		};
		uint64_t start_ns = clock_boottime_ns(), took_ms;
		pid_t server;

		print_message("%s\n", rows[i].name);
		scene->replies = scene->ends = 0;
		server = serve(scene, rows[i].replies);
		assert_int_equal(client_stream(&ctl, "Probe", NULL, &listener), CTL_UNKNOWN);
		took_ms = (clock_boottime_ns() - start_ns) / NS_PER_MS;
		assert_int_equal(scene->replies, rows[i].replies);
		assert_int_equal(scene->ends, 1);
		assert_in_range(took_ms, rows[i].least_ms, rows[i].most_ms);
		assert_int_equal(waitpid(server, NULL, 0), server);
	}
}

/* Silence three times, then it was enough. */
static int on_silence(const struct ctl *ctl, void *userdata)
{
	struct scene *scene = userdata;

	(void)ctl;
	return ++scene->silences == 3 ? CTL_FOUND : CTL_OK;
}

static void test_silence_that_is_borne(void **state)
{
	struct scene *scene = *state;
	struct ctl_memory memory = { 0 };
	const struct ctl ctl = { .socket = scene->path, .timeout_ns = 60 * NS_PER_SECOND,
				 .interrupt_fd = -1, .memory = &memory };
	const struct client_listener listener = {
		.on_reply = on_reply, .on_end = on_end, .on_silence = on_silence,
		.userdata = scene, .silence_ns = 100 * NS_PER_MS,
	};
	pid_t server = serve(scene, 2);

	assert_int_equal(client_stream(&ctl, "Subscribe", NULL, &listener), CTL_FOUND);
	assert_int_equal(scene->replies, 2);
	assert_int_equal(scene->silences, 3);
	assert_int_equal(scene->ends, 1);
	assert_int_equal(waitpid(server, NULL, 0), server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_silence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_silence_that_is_borne, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
