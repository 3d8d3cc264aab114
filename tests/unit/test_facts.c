/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection to mssclamp-facts, with this test at its other end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/array.h"
#include "edge/peers/facts.h"
#include "edge/peers/facts_child.h"

#define FIRST_NS UINT64_C(1000000000)

struct place {
	char folder[64], path[96];
	int listening;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	assert_non_null(place);
	strcpy(place->folder, "/tmp/facts-test-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->path, sizeof(place->path), "%s/facts", place->folder);
	strcpy(address.sun_path, place->path);
	place->listening = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(place->listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(place->listening, 4), 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	close(place->listening);
	unlink(place->path);
	rmdir(place->folder);
	free(place);
	return 0;
}

static int accept_one(const struct place *place)
{
	int fd = accept(place->listening, NULL, NULL);

	assert_true(fd >= 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text) + 1, 0), strlen(text) + 1);
}

static void hear(int fd, const char *expected)
{
	char text[4096];
	ssize_t n = recv(fd, text, sizeof(text), 0);

	assert_int_equal(n, strlen(expected) + 1);
	assert_string_equal(text, expected);
}

static void test_asks_and_reads(void **state)
{
	static const struct link links[] = {
		{ .name = "lo" },
		{ .name = "tun0", .kind = "tun" },
		{ .name = "wg0", .kind = "wireguard" },
		{ .name = "tun1", .kind = "ovpn-dco" },
		{ .name = "ppp0", .kind = "ppp" },
	};
	static const struct facts_source sources[] = {
		{ .match = "a", .status_file = "/run/s" },
		{ .match = "b", .status_file = "/run/s" },
		{ .match = "c", .status_file = "relative" },
		{ .match = "d" },
	};
	static const char question[] = "{\"tun\":[\"tun0\"],\"dco\":[\"tun1\"],"
				       "\"status_files\":[\"/run/s\"],\"wireguard\":[\"tun0\"],"
				       "\"ppp\":[\"ppp0\"]}";
	const struct place *place = *state;
	struct facts_reader *reader = facts_new(place->path, NULL);
	int fd;

	assert_non_null(reader);
	assert_int_equal(facts_fd(reader), -1);
	assert_int_equal(facts_ask(reader, links, COUNT(links), sources, COUNT(sources)), 0);
	assert_true(facts_connect(reader, FIRST_NS));
	assert_false(facts_connect(reader, FIRST_NS));
	fd = accept_one(place);
	hear(fd, question);
	/* the same is not asked again */
	assert_int_equal(facts_ask(reader, links, COUNT(links), sources, COUNT(sources)), 0);
	assert_int_equal(facts_ask(reader, links, 1, NULL, 0), 0);
	hear(fd, "{}");
	assert_int_equal(facts_read(reader), 0);
	say(fd, "{\"warnings\":[\"a\"]}");
	assert_int_equal(facts_read(reader), 1);
	assert_string_equal(facts_current(reader)->warnings.list[0], "a");
	/* the same again is no news */
	say(fd, "{\"warnings\":[\"a\"]}");
	assert_int_equal(facts_read(reader), 0);
	/* the last of several counts */
	say(fd, "{}");
	say(fd, "{\"warnings\":[\"b\"]}");
	assert_int_equal(facts_read(reader), 1);
	assert_string_equal(facts_current(reader)->warnings.list[0], "b");
	close(fd);
	facts_free(reader);
}

static const struct { const char *name, *text; } malformed[] = {
	{ "no JSON", "{" },
	{ "no object", "[]" },
	{ "a field of the wrong type", "{\"warnings\":7}" },
	{ "right and wrong", "{\"warnings\":[\"b\"],\"names\":[{}]}" },
	{ "a key twice", "{\"warnings\":[],\"warnings\":[]}" },
	{ "too deep", "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}" },
};

static void test_malformed_is_dropped_whole(void **state)
{
	const struct place *place = *state;
	struct facts_reader *reader = facts_new(place->path, NULL);
	int fd;

	assert_true(facts_connect(reader, FIRST_NS));
	fd = accept_one(place);
	say(fd, "{\"warnings\":[\"a\"]}");
	assert_int_equal(facts_read(reader), 1);
	for (size_t i = 0; i < COUNT(malformed); i++) {
		print_message("  %s\n", malformed[i].name);
		say(fd, malformed[i].text);
		assert_int_equal(facts_read(reader), 0);
		assert_int_equal(facts_malformed_total(reader), i + 1);
		assert_string_equal(facts_current(reader)->warnings.list[0], "a");
	}
	say(fd, "{}");
	assert_int_equal(facts_read(reader), 1);
	assert_int_equal(facts_current(reader)->warnings.count, 0);
	close(fd);
	facts_free(reader);
}

static void test_comes_again(void **state)
{
	const struct place *place = *state;
	struct facts_reader *reader = facts_new(place->path, NULL);
	const struct link link = { .name = "tun0", .kind = "tun" };
	int fd;

	assert_true(facts_connect(reader, FIRST_NS));
	fd = accept_one(place);
	assert_int_equal(facts_ask(reader, &link, 1, NULL, 0), 0);
	say(fd, "{\"warnings\":[\"a\"]}");
	close(fd);
	/* what came before the end counts, and stays */
	assert_int_equal(facts_read(reader), -EPIPE);
	assert_int_equal(facts_fd(reader), -1);
	assert_int_equal(facts_current(reader)->warnings.count, 1);
	assert_int_equal(facts_read(reader), -EPIPE);
	assert_int_equal(facts_due(reader), FIRST_NS + FACTS_RETRY_NS);
	assert_false(facts_connect(reader, FIRST_NS + FACTS_RETRY_NS - 1));
	assert_true(facts_connect(reader, FIRST_NS + FACTS_RETRY_NS));
	fd = accept_one(place);
	hear(fd, "{\"tun\":[\"tun0\"],\"wireguard\":[\"tun0\"]}");
	close(fd);
	facts_free(reader);
}

/* A program that hangs: its kernel end takes what is sent, and nothing comes back. */
static void test_silence_is_noticed(void **state)
{
	const struct place *place = *state;
	struct facts_reader *reader = facts_new(place->path, NULL);
	const struct link link = { .name = "tun0", .kind = "tun" };
	static const char question[] = "{\"tun\":[\"tun0\"],\"wireguard\":[\"tun0\"]}";
	uint64_t due_ns;
	int fd;

	assert_true(facts_connect(reader, FIRST_NS));
	fd = accept_one(place);
	assert_true(facts_due(reader) == UINT64_MAX);
	assert_int_equal(facts_ask(reader, &link, 1, NULL, 0), 0);
	hear(fd, question);
	/* a link that has just come may get another kind by the answer, or soon after it */
	due_ns = clock_boottime_ns();
	assert_true(facts_is_looking(reader, due_ns + FACTS_SETTLE_NS));
	assert_false(facts_is_looking(reader, due_ns + FACTS_LOOK_NS));
	say(fd, "{}");
	assert_int_equal(facts_read(reader), 0);
	assert_true(facts_is_looking(reader, due_ns));
	assert_false(facts_is_looking(reader, due_ns + FACTS_SETTLE_NS));
	/* it has answered: it is asked again some time later */
	due_ns = facts_due(reader);
	assert_int_equal(facts_check(reader, due_ns - 1), 0);
	assert_int_equal(recv(fd, &(char){ 0 }, 1, MSG_DONTWAIT), -1);
	assert_int_equal(facts_check(reader, due_ns), 0);
	hear(fd, question);
	/* and now is expected to say something */
	due_ns = facts_due(reader);
	assert_in_range(due_ns, clock_boottime_ns() + FACTS_PATIENCE_NS - NS_PER_SECOND,
			clock_boottime_ns() + FACTS_PATIENCE_NS);
	assert_int_equal(facts_check(reader, due_ns - 1), 0);
	assert_null(facts_absence(reader));
	assert_int_equal(facts_check(reader, due_ns), -EPIPE);
	assert_int_equal(facts_fd(reader), -1);
	assert_non_null(strstr(facts_absence(reader), "stay as they were"));
	close(fd);
	/* a connection alone is no answer */
	assert_true(facts_connect(reader, FIRST_NS + FACTS_RETRY_NS));
	fd = accept_one(place);
	assert_non_null(facts_absence(reader));
	assert_false(facts_is_looking(reader, due_ns));
	say(fd, "{}");
	assert_int_equal(facts_read(reader), 0);
	assert_null(facts_absence(reader));
	close(fd);
	facts_free(reader);
}

static void test_too_long_is_the_end(void **state)
{
	const struct place *place = *state;
	struct facts_reader *reader = facts_new(place->path, NULL);
	static char bytes[65536];
	size_t sent = 0;
	int fd, r = 0;

	memset(bytes, ' ', sizeof(bytes));
	assert_true(facts_connect(reader, FIRST_NS));
	fd = accept_one(place);
	while (r == 0 && sent < 2 * (size_t)FACTS_MESSAGE_MAX) {
		ssize_t n = send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		r = facts_read(reader);
	}
	assert_int_equal(r, -EPIPE);
	assert_in_range(sent, FACTS_MESSAGE_MAX, FACTS_MESSAGE_MAX + (1u << 20));
	assert_int_equal(facts_malformed_total(reader), 1);
	close(fd);
	facts_free(reader);
}

static pid_t started;

static int start_child(void *userdata, int *ret_fd)
{
	(void)userdata;
	return facts_child_start(&started, ret_fd);
}

/* Where no unit listens, root starts the program that lies beside its own. */
static void test_child(void **state)
{
	static const char script[] = "#!/bin/sh\n[ \"$*\" = '--fd 3' ] || exit 1\n"
				     "printf '{\"warnings\":[\"child\"]}\\0' >&3\n"
				     "exec cat <&3 >/dev/null\n";
	char program[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 32);
	const struct facts_starter starter = { start_child, NULL };
	struct facts_reader *reader = facts_new("/nonexistent/facts", &starter);
	struct pollfd poll_fd;
	FILE *file;

	(void)state;
	assert_true(len > 0);
	program[len] = '\0';
	strcpy(strrchr(program, '/') + 1, "mssclamp-facts");
	unlink(program);
	assert_false(facts_connect(reader, FIRST_NS));
	assert_int_equal(facts_fd(reader), -1);
	assert_non_null(strstr(facts_absence(reader), "MTU of their interface alone"));
	file = fopen(program, "we");
	assert_non_null(file);
	fputs(script, file);
	fclose(file);
	chmod(program, 0755);
	assert_true(facts_connect(reader, FIRST_NS + FACTS_RETRY_NS));
	poll_fd = (struct pollfd){ .fd = facts_fd(reader), .events = POLLIN };
	assert_int_equal(poll(&poll_fd, 1, 10000), 1);
	assert_int_equal(facts_read(reader), 1);
	assert_string_equal(facts_current(reader)->warnings.list[0], "child");
	unlink(program);
	facts_free(reader);
	facts_child_reap(&started);
	assert_int_equal(started, 0);
}

static int start_nothing(void *userdata, int *ret_fd)
{
	const int *result = userdata;

	(void)ret_fd;
	return *result;
}

/* Who waits for a start in vain does so ever less often, and as often as ever once that is over. */
static void test_a_start_that_takes_too_long(void **state)
{
	static const uint64_t pauses[] = { 2, 4, 8, 8 };
	int result = -ETIME;
	const struct facts_starter starter = { start_nothing, &result };
	struct facts_reader *reader = facts_new("/nonexistent/facts", &starter);
	uint64_t now_ns = FIRST_NS;

	(void)state;
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		assert_false(facts_connect(reader, now_ns));
		assert_non_null(facts_absence(reader));
		assert_int_equal(facts_due(reader), now_ns + pauses[i] * FACTS_RETRY_NS);
		now_ns = facts_due(reader);
	}
	assert_int_equal(8 * FACTS_RETRY_NS, FACTS_RETRY_MAX_NS);
	result = -ENOENT;
	assert_false(facts_connect(reader, now_ns));
	assert_int_equal(facts_due(reader), now_ns + FACTS_RETRY_NS);
	facts_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_asks_and_reads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_malformed_is_dropped_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_comes_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_silence_is_noticed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_long_is_the_end, set_up, tear_down),
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_a_start_that_takes_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
