/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top: tunnels and peers with what passes, drawn anew each second; or printed, frame by frame. */
#include "ctl/top/top.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/client/client_absent.h"
#include "ctl/commands.h"
#include "ctl/screen/output.h"
#include "ctl/top/top_run.h"

#define HINT "mssclampctl help top tells more."
#define COUNTED_NS (3 * NS_PER_SECOND)  /* a second of SYNs, and who is late */
#define GLANCE_NS (100 * NS_PER_MS)

/* Waits; false where a signal ends it. */
static bool pause_until(const struct top *top, uint64_t until_ns)
{
	struct pollfd fds[] = {
		{ .fd = top->ctl.interrupt_fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO }, /* a reader that leaves */
	};
	uint64_t now_ns;

	while ((now_ns = clock_boottime_ns()) < until_ns) {
		if (poll(fds, 2, (int)((until_ns - now_ns) / NS_PER_MS + 1)) > 0)
			return false;
	}
	return true;
}

static bool pause_until_look(const struct top *top, uint64_t look_ns)
{
	uint64_t ahead_ns = top_ahead_ns(top, look_ns);

	if (ahead_ns < look_ns) {
		if (!pause_until(top, ahead_ns))
			return false;
		top_count_ahead(top);
	}
	return pause_until(top, look_ns);
}

static int print_frame(struct top *top, bool first)
{
	json_t *object;

	if (!top->ctl.json) {
		fputs(first ? "" : "\n", stdout);
		top_print(top, stdout, false);
		return output_finish(CTL_OK);
	}
	object = top_to_json(top);
	if (!object)
		return output_fail(&top->ctl, CTL_FAILED, NULL, "top: out of memory");
	output_json(&top->ctl, object);
	json_decref(object);
	return output_finish(CTL_OK);
}

static int look_or_fail(struct top *top)
{
	struct client_error error = { .code = CTL_FAILED };
	int code = top_look(top, &error);

	if (code == CTL_NOT_RUNNING)
		client_explain_absence(&top->ctl, &error);
	if (code > CTL_OK)
		output_fail(&top->ctl, (enum ctl_exit)code, error.hint, "%s",
			    client_error_text(&error));
	client_error_done(&error);
	return code;
}

/* Peers are counted from the first look on, and have no rates until a second is over: that may be
 * just behind the look of a frame. Returns false where a signal ends it. */
static bool await_rates(struct top *top)
{
	uint64_t end_ns = clock_boottime_ns() + COUNTED_NS;

	while (json_is_array(json_object_get(top->peers, "rates")) &&
	       json_is_null(json_object_get(top->peers, "uncounted_per_second")) &&
	       clock_boottime_ns() < end_ns) {
		if (!pause_until(top, clock_boottime_ns() + GLANCE_NS) || !top_look_peers(top))
			return false;
	}
	return true;
}

/* The first look is for the rates of the first frame alone. */
static int run_batch(struct top *top, uint64_t frames, uint64_t turn_ns)
{
	uint64_t next_ns = clock_boottime_ns();
	int code = look_or_fail(top);

	for (uint64_t frame = 0; code == CTL_OK && (!frames || frame < frames); frame++) {
		next_ns += turn_ns;
		if (next_ns < clock_boottime_ns()) /* late: no burst to catch up */
			next_ns = clock_boottime_ns();
		if (!pause_until_look(top, next_ns))
			break;
		code = look_or_fail(top);
		if (code == CTL_OK && !await_rates(top))
			break;
		if (code == CTL_OK)
			code = print_frame(top, frame == 0);
	}
	return code == -EINTR ? CTL_OK : code;
}

static int read_options(struct top *top, char *const *argv, uint64_t *ret_frames)
{
	const char *count = options_value(argv, "--count");
	const char *sort = options_value(argv, "--sort");
	const char *tunnel = options_value(argv, "--tunnel");

	*ret_frames = 0;
	if (count && text_parse_u64(count, 1, UINT32_MAX, ret_frames) < 0)
		return output_fail(&top->ctl, CTL_USAGE, HINT,
				   "top: -n %s: must be a number of frames", count);
	if (sort && top_sort_parse(sort, &top->sort) < 0)
		return output_fail(&top->ctl, CTL_USAGE, HINT, "top: --sort %s: must be syn, "
				   "clamped, name, path, mss or peers", sort);
	if (!tunnel)
		return CTL_OK;
	top->page = TOP_PEERS;
	top->tunnel = strdup(tunnel);
	if (!top->tunnel)
		return output_fail(&top->ctl, CTL_FAILED, NULL, "top: out of memory");
	return CTL_OK;
}

int command_top(const struct ctl *ctl, int argc, char **argv)
{
	struct top top = { .ctl = *ctl };
	uint64_t turn_ns = ctl->every_ns ? ctl->every_ns : NS_PER_SECOND, frames;
	const char *terminal = getenv("TERM");
	int code;

	(void)argc;
	top.turn_ns = turn_ns;
	top.ctl.json_lines = ctl->json; /* what has no end is read line by line */
	code = read_options(&top, argv, &frames);
	if (code == CTL_OK) {
		if (ctl->json || options_value(argv, "--batch"))
			code = run_batch(&top, frames, turn_ns);
		else if (!ctl->terminal || !terminal || !*terminal || strcmp(terminal, "dumb") == 0)
			code = output_fail(ctl, CTL_USAGE,
					   "Use --batch for a pipe, a log or a plain terminal.",
					   "top: standard output is no terminal that can be drawn "
					   "on");
		else
			code = top_run(&top, frames, turn_ns);
	}
	top_done(&top);
	return code;
}
