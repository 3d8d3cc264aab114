/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/top/top_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "ctl/client/client_absent.h"
#include "ctl/screen/output.h"
#include "ctl/top/top_act.h"
#include "ctl/top/top_keys.h"
#include "ctl/top/top_terminal.h"

/* A daemon that does not answer shall not make the keys wait for long. */
#define ANSWER_NS (2 * NS_PER_SECOND)

struct run {
	struct top *top;
	struct top_terminal terminal;
	int other_fd;     /* signals that do not end it */
	uint64_t next_ns; /* when to look again: CLOCK_BOOTTIME */
	uint64_t ahead_ns; /* when to have peers counted for that, UINT64_MAX: not (any more) */
	bool over;
};

static int catch(const int *numbers, size_t count)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < count; i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void measure(struct run *run)
{
	top_terminal_size(&run->top->ctl.width, &run->top->lines);
	top_act_keep_in_view(run->top);
}

/* Ctrl-Z: the terminal is the shell's meanwhile. */
static void stand_still(struct run *run)
{
	top_terminal_give_back(&run->terminal);
	raise(SIGSTOP);
	top_terminal_take(&run->terminal);
}

static void on_signal(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->other_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTSTP)
			stand_still(run);
		else if (info.ssi_signo == SIGCONT)
			top_terminal_retake(&run->terminal);
		measure(run);
	}
}

static void on_keys(struct run *run)
{
	char bytes[256];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
	enum top_key key;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return; /* somebody else read it */
	if (n <= 0) { /* nobody types any more */
		run->terminal.has_keys = false;
		return;
	}
	for (size_t at = 0; at < (size_t)n && !run->over;) {
		at += top_keys_read(bytes + at, (size_t)n - at, &key);
		if (key == TOP_KEY_NOW && run->top->page != TOP_HELP)
			run->next_ns = 0;
		else if (key == TOP_KEY_QUIT || !top_act(run->top, key))
			run->over = true;
	}
}

static int draw(struct run *run)
{
	char *frame = NULL;
	size_t len;
	FILE *out = open_memstream(&frame, &len);

	if (!out)
		return output_finish(CTL_FAILED);
	top_print(run->top, out, true);
	fclose(out);
	top_terminal_draw(frame, run->top->lines);
	free(frame);
	return output_finish(CTL_OK);
}

/* Until it is time to look again, or something came. */
static void wait_for_more(struct run *run)
{
	struct pollfd fds[] = {
		{ .fd = run->top->ctl.interrupt_fd, .events = POLLIN },
		{ .fd = run->other_fd, .events = POLLIN },
		{ .fd = run->terminal.has_keys ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = STDOUT_FILENO }, /* a terminal that is gone */
	};
	uint64_t now_ns = clock_boottime_ns();
	uint64_t until_ns = run->ahead_ns < run->next_ns ? run->ahead_ns : run->next_ns;
	int wait_ms = 0;

	if (until_ns > now_ns)
		wait_ms = (int)((until_ns - now_ns) / NS_PER_MS + 1);
	if (poll(fds, 4, wait_ms) <= 0)
		return;
	if (fds[0].revents || fds[3].revents & (POLLERR | POLLHUP))
		run->over = true;
	if (fds[1].revents)
		on_signal(run);
	if (fds[2].revents && !run->over)
		on_keys(run);
}

static int look(struct run *run)
{
	struct client_error error = { .code = CTL_FAILED };
	int code = top_look(run->top, &error);

	client_error_done(&error);
	top_act_keep_in_view(run->top);
	return code;
}

static void begin_turn(struct run *run, uint64_t turn_ns)
{
	run->next_ns = clock_boottime_ns() + turn_ns;
	run->ahead_ns = top_ahead_ns(run->top, run->next_ns);
}

static int take_turns(struct run *run, uint64_t frames, uint64_t turn_ns)
{
	uint64_t drawn = 0;
	int code = CTL_OK;

	while (!run->over && code == CTL_OK) {
		if (clock_boottime_ns() >= run->next_ns) {
			if (frames && drawn == frames)
				break;
			if (look(run) == -EINTR)
				break;
			begin_turn(run, turn_ns);
			drawn++;
		}
		if (clock_boottime_ns() >= run->ahead_ns) {
			top_count_ahead(run->top);
			run->ahead_ns = UINT64_MAX;
		}
		code = draw(run);
		if (code == CTL_OK)
			wait_for_more(run);
	}
	return code;
}

/* Who cannot be asked at all is told so as by any command; one that goes later may come back. */
static int first_look(struct run *run)
{
	struct client_error error = { .code = CTL_FAILED };
	int code = top_look(run->top, &error);

	if (code == CTL_NOT_RUNNING)
		client_explain_absence(&run->top->ctl, &error);
	if (code > CTL_OK)
		output_fail(&run->top->ctl, (enum ctl_exit)code, error.hint, "%s",
			    client_error_text(&error));
	client_error_done(&error);
	return code;
}

int top_run(struct top *top, uint64_t frames, uint64_t turn_ns)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	static const int others[] = { SIGWINCH, SIGTSTP, SIGCONT };
	struct run run = { .top = top };
	int code, r;

	top->ctl.interrupt_fd = catch(ends, COUNT(ends));
	run.other_fd = catch(others, COUNT(others));
	if (top->ctl.interrupt_fd < 0 || run.other_fd < 0)
		return output_fail(&top->ctl, CTL_FAILED, NULL, "cannot watch for signals: %s",
				   strerror(errno));
	measure(&run);
	code = first_look(&run);
	if (code != CTL_OK)
		return code == -EINTR ? CTL_OK : code;
	if (top->ctl.timeout_ns > ANSWER_NS)
		top->ctl.timeout_ns = ANSWER_NS;
	r = top_terminal_take(&run.terminal);
	if (r < 0)
		return output_fail(&top->ctl, CTL_FAILED, NULL, "top: cannot use the terminal: %s",
				   strerror(-r));
	begin_turn(&run, turn_ns);
	if (frames != 1)
		draw(&run);
	code = take_turns(&run, frames, turn_ns);
	top_terminal_give_back(&run.terminal);
	return code;
}
