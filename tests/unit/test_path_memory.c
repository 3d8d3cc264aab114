/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are there, or not, and what is said of them. In a folder of its own. Needs root. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "daemon/paths/path_memory.h"
#include "edge/state_file.h"
#include "scratch_folder.h"

static void run(const char *command)
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "cd %s && { %s; }", folder, command);
	assert_int_equal(system(text), 0);
}

/* stderr while something runs. */
static struct {
	int before, during;
	char text[4096];
} log_lines;

static void listen_to_log(void)
{
	log_lines.before = dup(STDERR_FILENO);
	log_lines.during = memfd_create("log", MFD_CLOEXEC);
	assert_true(log_lines.before >= 0 && log_lines.during >= 0);
	assert_true(dup2(log_lines.during, STDERR_FILENO) >= 0);
}

/* Returns how many lines there were. */
static size_t lines_of_log(void)
{
	size_t lines = 0;
	ssize_t len;

	assert_true(dup2(log_lines.before, STDERR_FILENO) >= 0);
	close(log_lines.before);
	len = pread(log_lines.during, log_lines.text, sizeof(log_lines.text) - 1, 0);
	assert_true(len >= 0);
	log_lines.text[len] = '\0';
	close(log_lines.during);
	for (const char *at = log_lines.text; *at; at++)
		lines += *at == '\n';
	return lines;
}

static const struct path_measure *some(size_t *ret_count)
{
	static struct path_measure measures[2];

	for (size_t i = 0; i < COUNT(measures); i++) {
		measures[i] = (struct path_measure){ .tunnel = "wg0", .peer = i ? "b" : "a",
						     .mtu = 1433, .how = MEASURE_ICMP };
		assert_int_equal(address_parse("192.0.2.7", &measures[i].endpoint), 0);
		measures[i].at_ns = path_memory_now().boot_ns;
	}
	*ret_count = COUNT(measures);
	return measures;
}

/* Replaces the file and says what came of it. */
static int save(const struct path_measure *measures, size_t count,
		const struct path_memory_clock *now, struct path_memory_said *said)
{
	size_t len;
	char *text = path_memory_format(measures, count, now, &len);
	int r;

	assert_non_null(text);
	r = state_file_write(file, text, len);
	free(text);
	path_memory_say(file, r, said);
	return r;
}

static void test_saved_and_loaded(void **state)
{
	struct path_memory_clock now = path_memory_now();
	struct path_memory_said said = { 0 };
	struct path_memory memory;
	const struct path_measure *measures;
	size_t count;

	(void)state;
	measures = some(&count);
	listen_to_log();
	assert_int_equal(save(measures, count, &now, &said), 0);
	path_memory_load(file, &now, &memory);
	assert_int_equal(lines_of_log(), 0);
	assert_int_equal(memory.count, 2);
	assert_string_equal(memory.list[1].peer, "b");
	assert_int_equal(memory.list[1].how, MEASURE_ICMP);
	assert_in_range(now.boot_ns - memory.list[1].at_ns + 1000000000, 0, 2000000000);
	path_memory_done(&memory);
}

static const struct {
	const char *name, *make;
	const char *said;  /* NULL: nothing */
	bool aside;        /* set aside, so that a save succeeds */
} cases[] = {
	{ "no file", "true", NULL, false },
	{ "empty", ": >paths", "set aside as", true },
	{ "garbage", "head -c 5000 /dev/urandom >paths", "set aside as", true },
	{ "another version", "echo '{\"schema\": 2, \"paths\": []}' >paths", "another version", true },
	{ "huge", "truncate -s 9M paths", "larger than anything", true },
	{ "a link", "echo x >y && ln -s y paths", "Too many levels of symbolic links", false },
	{ "a folder", "mkdir paths", "Is a directory", false },
	{ "somebody else's", "echo x >paths && chown 4711 paths", "not permitted", false },
	{ "an entry of no use", "echo '{\"schema\": 1, \"paths\": [7]}' >paths",
	  "1 unusable entry", false },
};

static void test_what_is_there(void **state)
{
	struct path_memory_clock now = path_memory_now();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct path_memory memory = { .count = 7 };
		char damaged[PATH_MAX + 16];
		size_t lines;

		run("rm -rf ./*");
		run(cases[i].make);
		listen_to_log();
		path_memory_load(file, &now, &memory);
		lines = lines_of_log();
		snprintf(damaged, sizeof(damaged), "%s.damaged", file);
		if (memory.count != 0 || lines != (cases[i].said != NULL) ||
		    (cases[i].said && !strstr(log_lines.text, cases[i].said)) ||
		    (access(damaged, F_OK) == 0) != cases[i].aside)
			fail_msg("%s: %s", cases[i].name, log_lines.text);
	}
}

/* Each kind of failure once, and its end. */
static void test_failures_are_said_once(void **state)
{
	struct path_memory_clock now = path_memory_now();
	struct path_memory_said said = { 0 };
	const struct path_measure *measures;
	uint64_t failed_ns;
	size_t count;

	(void)state;
	measures = some(&count);
	listen_to_log();
	run("rm -rf ./* && mkdir paths");
	assert_int_equal(said.since_ns, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(save(measures, count, &now, &said), -EISDIR);
	failed_ns = said.since_ns;
	run("rmdir paths && ln -s y paths");
	for (int i = 0; i < 3; i++)
		assert_int_equal(save(measures, count, &now, &said), -ELOOP);
	assert_int_equal(said.since_ns, failed_ns);
	run("rm paths");
	for (int i = 0; i < 3; i++)
		assert_int_equal(save(measures, count, &now, &said), 0);
	assert_in_range(said.since_ns, failed_ns + 1, clock_boottime_ns());
	assert_int_equal(lines_of_log(), 3);
	assert_non_null(strstr(log_lines.text, "cannot be kept over a restart: Is a directory; "
					       "to mend it: mv -T "));
	assert_non_null(strstr(log_lines.text, "Too many levels of symbolic links"));
	assert_non_null(strstr(log_lines.text, "is kept again"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_saved_and_loaded),
		cmocka_unit_test(test_what_is_there),
		cmocka_unit_test(test_failures_are_said_once),
	};

	return cmocka_run_group_tests_name("path_memory", tests, make_folder, remove_folder);
}
