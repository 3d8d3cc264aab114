/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture: each SYN as it passes, on the screen or into a file, until enough was seen. */
#include "ctl/capture/capture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/text.h"
#include "ctl/capture/capture_end.h"
#include "ctl/capture/capture_file.h"
#include "ctl/capture/capture_words.h"
#include "ctl/capture/captured.h"
#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/screen/output.h"

#define HINT "mssclampctl help capture tells more."
#define COUNT_DEFAULT 20
#define COUNT_FILE_DEFAULT 10000 /* SYNs in a file: some 5 MB */
#define COUNT_JSON_MAX 10000 /* SYNs in the one object of --json: some 30 MB until the end */
#define SECONDS_DEFAULT 60
#define READER_SECONDS 5 /* that who reads the output has to take the rest behind a signal */

/* Returns an enum ctl_exit, said. Bounds that are given stand alone. */
static int read_bounds(const struct ctl *ctl, char *const *argv, struct capture_bounds *bounds)
{
	const char *count = options_value(argv, "--count");
	const char *seconds = options_value(argv, "--seconds");
	uint64_t ns;

	bounds->count = bounds->to_file ? COUNT_FILE_DEFAULT : COUNT_DEFAULT;
	bounds->seconds = SECONDS_DEFAULT;
	if (!count && !seconds)
		return CTL_OK;
	bounds->count = 0;
	bounds->seconds = 0;
	if (count && text_parse_u64(count, 0, UINT32_MAX, &bounds->count) < 0)
		return output_fail(ctl, CTL_USAGE, HINT,
				   "capture: -n %s: must be a number of SYNs, 0 for no such end",
				   count);
	if (seconds && strcmp(seconds, "0") != 0) {
		if (options_parse_seconds(seconds, &ns) < 0)
			return output_fail(ctl, CTL_USAGE, HINT, "capture: --seconds %s: must be "
					   "seconds such as 10 or 0.5, at most a day; 0 for no "
					   "such end", seconds);
		bounds->seconds = clock_seconds(ns);
	}
	if (!bounds->count && bounds->seconds == 0 && ctl->json && !ctl->json_lines)
		return output_fail(ctl, CTL_USAGE, "Use --json-lines, or give an end.",
				   "capture: --json is one object, and without an end it would "
				   "never come");
	return CTL_OK;
}

/* Of --json without a file, which holds the SYNs that are too many for the object. Returns an enum
 * ctl_exit, said. */
static int bound_json(const struct ctl *ctl, struct capture_bounds *bounds)
{
	if (!ctl->json || ctl->json_lines || bounds->to_file)
		return CTL_OK;
	if (bounds->count > COUNT_JSON_MAX)
		return output_fail(ctl, CTL_USAGE, "Use --json-lines, or -w FILE.",
				   "capture: --json is one object that is kept until the end, of "
				   "%d SYNs at most", COUNT_JSON_MAX);
	if (bounds->count == 0)
		bounds->count = COUNT_JSON_MAX;
	return CTL_OK;
}

/* Returns owned, or NULL with the error said. */
static json_t *make_parameters(const struct ctl *ctl, const struct capture_bounds *bounds,
			       const char *filter)
{
	json_t *text = json_string(filter);

	if (!text) {
		output_fail(ctl, CTL_USAGE, NULL, "capture: the filter is no UTF-8 text");
		return NULL;
	}
	return json_pack("{s:o, s:I, s:f, s:b}", "filter", text, "count",
			 (json_int_t)bounds->count, "seconds", bounds->seconds, "packets",
			 bounds->to_file);
}

/* One CapturedSyn to wherever it is wanted. */
static void show(const struct ctl *ctl, struct capturing *capturing, const json_t *syn)
{
	if (capturing->file.out)
		capture_file_add(&capturing->file, syn);
	if (ctl->json_lines && !capturing->to_stdout) {
		json_t *line = json_pack("{s:i}", "schema", CTL_SCHEMA);

		if (line && json_object_update(line, (json_t *)syn) == 0)
			output_json(ctl, line);
		json_decref(line);
	} else if (ctl->json && !capturing->to_stdout) {
		if (json_array_size(capturing->syns) < COUNT_JSON_MAX)
			json_array_append(capturing->syns, (json_t *)syn);
	} else if (!capturing->bounds.to_file) {
		captured_print(ctl, syn);
	}
}

/* CTL_FOUND: the last reply came. */
static int on_reply(const struct ctl *ctl, const json_t *reply, void *userdata)
{
	struct capturing *capturing = userdata;
	const json_t *syns = json_object_get(reply, "syns");
	int code = CTL_OK;

	if (!capturing->begun) {
		capturing->begun = true;
		capture_end_greet(ctl, capturing, reply);
		if (capturing->bounds.to_file)
			code = capture_file_open(ctl, &capturing->file);
	}
	for (size_t i = 0; code == CTL_OK && i < json_array_size(syns); i++)
		show(ctl, capturing, json_array_get(syns, i));
	capture_end_note(capturing, reply);
	if (code == CTL_OK && capturing->file.out)
		code = capture_file_flush(ctl, &capturing->file);
	if (code == CTL_OK)
		code = output_finish(CTL_OK);
	if (code != CTL_OK)
		return code;
	return json_is_true(json_object_get(reply, "finished")) ? CTL_FOUND : CTL_OK;
}

static volatile sig_atomic_t interrupt_fd = -1, first_signal;

static void on_signal(int number)
{
	static const uint64_t one = 1;
	int before = errno;
	ssize_t n;

	if (!first_signal) {
		first_signal = number;
		alarm(READER_SECONDS);
	}
	n = write(interrupt_fd, &one, sizeof(one));
	(void)n; /* it cannot fail but where it is readable already */
	errno = before;
}

/* A write still waits for its reader: this ends as any program does by that signal. */
static void on_alarm(int number)
{
	(void)number;
	signal((int)first_signal, SIG_DFL);
	raise((int)first_signal);
}

/* What ends a program in good order ends a capture, too: with what it has, and where its output is
 * taken. Calls that wait for a reader go on meanwhile. */
static int catch_signals(const struct ctl *ctl, struct ctl *ret_ctl)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESTART };
	sigset_t set;

	sigemptyset(&set);
	*ret_ctl = *ctl;
	if (interrupt_fd < 0) /* one for the program: a handler may come late */
		interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (interrupt_fd < 0)
		return output_fail(ctl, CTL_FAILED, NULL, "cannot watch for signals: %s",
				   strerror(errno));
	ret_ctl->interrupt_fd = (int)interrupt_fd;
	for (size_t i = 0; i < COUNT(numbers); i++)
		if (sigaction(numbers[i], &action, NULL) == 0)
			sigaddset(&set, numbers[i]);
	action.sa_handler = on_alarm;
	if (sigaction(SIGALRM, &action, NULL) == 0)
		sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* SIGINT is for streams; any may be inherited so */
	return CTL_OK;
}

static int watch(const struct ctl *ctl, struct capturing *capturing, json_t *parameters)
{
	const struct client_listener listener = {
		.on_reply = on_reply,
		.userdata = capturing,
		.silence_ns = UINT64_MAX,
		.mute_hang_up = true,
	};
	struct ctl ours;
	int code = catch_signals(ctl, &ours);

	if (code != CTL_OK) {
		json_decref(parameters);
		return code;
	}
	/* Signals are watched for until the program ends, which may be writing till then. */
	return client_stream(&ours, "Capture", parameters, &listener);
}

static int run(const struct ctl *ctl, struct capturing *capturing, const char *filter)
{
	json_t *parameters = make_parameters(ctl, &capturing->bounds, filter);
	int code, closed;

	if (!parameters)
		return CTL_USAGE;
	code = watch(ctl, capturing, parameters);
	closed = capture_file_close(ctl, &capturing->file);
	if (code == CTL_OK || code == CTL_FOUND || (code == CTL_NOT_RUNNING && capturing->begun))
		code = capture_end_tell(ctl, capturing, code);
	return code == CTL_OK ? closed : code;
}

int command_capture(const struct ctl *ctl, int argc, char **argv)
{
	const char *path = options_value(argv, "--write");
	struct capturing capturing = { .file.path = path, .bounds.to_file = path != NULL };
	char *filter;
	int code;

	(void)argc;
	capturing.to_stdout = path && strcmp(path, "-") == 0;
	if (capturing.to_stdout && ctl->terminal)
		return output_fail(ctl, CTL_USAGE, "Write -w FILE, or: mssclampctl capture -w - | "
				   "wireshark -k -i -", "capture: -w - writes a binary file, "
				   "and standard output is a terminal");
	if (path && !*path)
		return output_fail(ctl, CTL_USAGE, HINT, "capture: -w: the name is empty");
	code = read_bounds(ctl, argv, &capturing.bounds);
	if (code == CTL_OK)
		code = bound_json(ctl, &capturing.bounds);
	if (code != CTL_OK)
		return code;
	filter = capture_words_join(options_words(argv, NULL));
	capturing.syns = json_array();
	if (filter && capturing.syns)
		code = run(ctl, &capturing, filter);
	else
		code = output_fail(ctl, CTL_FAILED, NULL, "capture: out of memory");
	json_decref(capturing.syns);
	free(filter);
	return code;
}
